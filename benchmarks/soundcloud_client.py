"""What the SoundCloud client costs, against bare `aiohttp` and against soundcloud-python 0.5.0.

It is part of `benchmarks.client`. soundcloud-python sends its token in the query, which SoundCloud
has not taken since 2021; the pretended one lets it pass here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import aiohttp
import orjson

from benchmarks import peers
from benchmarks.processes import in_a_process
from benchmarks.turns import Result, Row, compare
from mixbot.sandbox import SoundCloudServer
from mixbot.sandbox.soundcloud import Catalogue
from mixbot.soundcloud import SoundCloud, Track

PAGE, PAGES = 100, 20
URL = "https://soundcloud.com/bench/measured-1"


@dataclass(frozen=True, slots=True)
class Served:
    """What a client needs to know of the server."""

    api_url: str
    track: str
    token: str


def main(rounds: int) -> None:
    with in_a_process(serve) as pipe, ExitStack() as stack:
        served: Served = pipe.recv()
        peer, reason = None, ""
        try:
            peer = stack.enter_context(peers.soundcloud(served.api_url, served.token, served.track))
        except peers.Unavailable as error:
            reason = f"soundcloud-python cannot be installed here: {error}"
        results = asyncio.run(measure(served, peer, rounds))
    print("\n| SoundCloud | floor, ms of CPU | client, ms | ratio | peer, ms | times the client |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for row in results:
        ours = f"{row.floor * 1e3:.2f} | {row.subject * 1e3:.2f} | {row.ratio:.2f}"
        others = f"{row.peer * 1e3:.1f} | {row.peer / row.subject:.1f}" if row.peer else " | "
        print(f"| {row.name} | {ours} | {others} |")
    if reason:
        print(reason)


def serve(pipe: Connection) -> None:
    """Serve until the other end of `pipe` is closed."""

    async def run() -> None:
        catalogue = Catalogue()
        tracks = [
            catalogue.add_track("bench", f"Measured {number}", tag_list='Jazz "Broken beat"')
            for number in range(PAGES * 20 + 1)
        ]
        async with SoundCloudServer(catalogue) as server:
            server.manners.query_tokens = True
            pipe.send(Served(server.api_url, str(tracks[0].id), server.token_for("bench")))
            await asyncio.to_thread(pipe.poll, None)

    asyncio.run(run())


async def measure(served: Served, peer: peers.Peer | None, rounds: int) -> list[Result]:
    headers = {"Authorization": f"OAuth {served.token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        SoundCloud(served.api_url, access_token=served.token) as soundcloud,
    ):
        found = rows(served, session, soundcloud)
        return [await compare(row, peer, rounds) async for row in found]


async def rows(
    served: Served, session: aiohttp.ClientSession, soundcloud: SoundCloud
) -> AsyncIterator[Row]:
    api, track = served.api_url, int(served.track)
    listed = f"{api}/tracks?q=measured&linked_partitioning=true&limit="

    async def fetch(address: str) -> Any:
        async with session.get(address) as response:
            return orjson.loads(await response.read())

    async def page_floor() -> None:
        for found in (await fetch(f"{listed}{PAGE}"))["collection"]:
            read_dict(found)

    async def page() -> None:
        for found in await soundcloud.search("measured", limit=PAGE):
            read_fields(found)

    async def walk_floor() -> None:
        page = await fetch(f"{listed}20")
        for _ in range(PAGES - 1):
            page = await fetch(page["next_href"])

    async def walk() -> None:
        page = await soundcloud.search("measured", limit=20)
        for _ in range(PAGES - 1):
            following = await page.next()
            assert following is not None
            page = following

    async def like_floor() -> None:
        async with session.post(f"{api}/likes/tracks/{track}") as response:
            assert orjson.loads(await response.read())["status"]

    yield Row(
        "a track",
        40,
        lambda: fetch(f"{api}/tracks/{track}"),
        lambda: soundcloud.track(track),
        "detail",
    )
    yield Row(
        "a link resolved",
        40,
        lambda: fetch(f"{api}/resolve?url={URL}"),
        lambda: soundcloud.resolve(URL),
        "resolve",
    )
    yield Row(f"a page of {PAGE}, every field read", 10, page_floor, page, "page")
    yield Row(f"{PAGES} pages walked", 4, walk_floor, walk, "walk")
    yield Row("a like", 40, like_floor, lambda: soundcloud.like(track), "like")


def read_dict(track: dict[str, Any]) -> list[Any]:
    """The fields of a track in a list, as SoundCloud sent them."""
    return [
        *(track["user"], track["title"], track["urn"], track["duration"], track["created_at"]),
        *(track["genre"], track["tag_list"], track["permalink_url"], track["artwork_url"]),
        *(track["access"], track["sharing"], track["playback_count"]),
        *(track["favoritings_count"], track["reposts_count"], track["comment_count"]),
    ]


def read_fields(track: Track) -> list[Any]:
    """The same as attributes: the date is a datetime, whose it is a User."""
    return [
        *(track.user, track.title, track.urn, track.duration, track.created_at),
        *(track.genre, track.tag_list, track.permalink_url, track.artwork_url),
        *(track.access, track.sharing, track.playback_count),
        *(track.favoritings_count, track.reposts_count, track.comment_count),
    ]
