"""What the Mixcloud client costs, against the least that any client could do, and another client.

The floor is bare `aiohttp`, as it comes, and `orjson` into dicts. Both run in this process, take
turns within each round, and are measured by the CPU time of the process; the server has a process
of its own, and so has aiomixcloud, which takes its turn after each round.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import aiohttp
import orjson

from benchmarks import footprint, peers, soundcloud_client, uploads
from benchmarks.processes import in_a_process
from benchmarks.turns import Result, Row, compare
from mixbot.mixcloud import Cloudcast, Mixcloud
from mixbot.sandbox import MixcloudServer

ROUNDS, QUICK_ROUNDS = 25, 5
AT_ONCE = 50
PAGE = 100
PAGES = 20


@dataclass(frozen=True, slots=True)
class Served:
    """What a client needs to know of the server."""

    api_url: str
    keys: list[str]
    token: str


def main() -> None:
    quick = "--quick" in sys.argv
    with serving() as served, ExitStack() as stack:
        peer, reason = None, ""
        try:
            keys = served.keys[:AT_ONCE]
            peer = stack.enter_context(peers.aiomixcloud(served.api_url, served.token, keys))
        except peers.Unavailable as error:
            reason = f"aiomixcloud cannot be installed here: {error}"
        results = asyncio.run(measure(served, peer, QUICK_ROUNDS if quick else ROUNDS))
    print("| | floor, ms of CPU | client, ms | ratio | aiomixcloud, ms | times the client |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for row in results:
        ours = f"{row.floor * 1e3:.2f} | {row.subject * 1e3:.2f} | {row.ratio:.2f}"
        others = f"{row.peer * 1e3:.1f} | {row.peer / row.subject:.0f}" if row.peer else " | "
        print(f"| {row.name} | {ours} | {others} |")
    print(f"\n{reason}\n{peers.python_mixcloud()}".rstrip())
    soundcloud_client.main(QUICK_ROUNDS if quick else ROUNDS)
    uploads.main(quick=quick)
    footprint.main(quick=quick)


# The server


@contextmanager
def serving() -> Iterator[Served]:
    """A MixcloudServer in a process of its own."""
    with in_a_process(serve) as pipe:
        yield pipe.recv()


def serve(pipe: Connection) -> None:
    """Serve until the other end of `pipe` is closed."""

    async def run() -> None:
        async with MixcloudServer() as server:
            host = server.catalogue.add_user("bench")
            for number in range(PAGES * 20 + 1):
                server.catalogue.add_show(host, f"Measured {number}", tags=("Jazz", "Broken beat"))
            keys = [show.key for show in server.catalogue.popular()]
            pipe.send(Served(server.api_url, keys, server.token_for("bench")))
            await asyncio.to_thread(pipe.poll, None)

    asyncio.run(run())


# The two clients


async def measure(served: Served, peer: peers.Peer | None, rounds: int) -> list[Result]:
    async with (
        aiohttp.ClientSession() as session,
        Mixcloud(served.api_url, access_token=None) as mixcloud,
    ):
        found = rows(served, session, mixcloud)
        return [await compare(row, peer, rounds) async for row in found]


async def rows(
    served: Served, session: aiohttp.ClientSession, mixcloud: Mixcloud
) -> AsyncIterator[Row]:
    api, key = served.api_url, served.keys[0]
    acting = mixcloud.with_token(served.token)

    async def fetch(address: str) -> Any:
        async with session.get(address) as response:
            return orjson.loads(await response.read())

    async def walk_floor() -> None:
        page = await fetch(f"{api}/new/?metadata=1&limit=20")
        for _ in range(PAGES - 1):
            page = await fetch(page["paging"]["next"])

    async def walk() -> None:
        page = await mixcloud.new(limit=20)
        for _ in range(PAGES - 1):
            following = await page.next()
            assert following is not None
            page = following

    async def page_floor(read: Callable[[dict[str, Any]], object]) -> None:
        page = await fetch(f"{api}/popular/?metadata=1&limit={PAGE}")
        for show in page["data"]:
            read(show)

    async def page(read: Callable[[Cloudcast], object]) -> None:
        for show in await mixcloud.popular(limit=PAGE):
            assert isinstance(show, Cloudcast)
            read(show)

    async def favorite_floor() -> None:
        address = f"{api}{key}favorite/?access_token={served.token}"
        async with session.post(address) as response:
            assert orjson.loads(await response.read())["result"]["success"]

    def at_once(get: Callable[[str], Awaitable[Any]], keys: Sequence[str]) -> Awaitable[object]:
        return asyncio.gather(*map(get, keys))

    some = served.keys[:AT_ONCE]
    addresses = [f"{api}{key}?metadata=1" for key in some]
    yield Row("a detail", 40, lambda: fetch(addresses[0]), lambda: mixcloud.get(key), "detail")
    yield Row(
        f"{AT_ONCE} details at once",
        4,
        lambda: at_once(fetch, addresses),
        lambda: at_once(mixcloud.get, some),
        "at_once",
    )
    yield Row(
        f"a page of {PAGE}, every field read",
        10,
        lambda: page_floor(read_dict),
        lambda: page(read_fields),
        "page",
    )
    yield Row(
        "the same, and all that hosts and tags have",
        10,
        lambda: page_floor(read_dicts),
        lambda: page(read_all),
    )
    yield Row(f"{PAGES} pages walked", 4, walk_floor, walk, "walk")
    yield Row("a favorite", 40, favorite_floor, lambda: acting.favorite(key), "favorite")


def read_dict(show: dict[str, Any]) -> list[Any]:
    """Every field of a show in a list, as Mixcloud sent it."""
    return [
        *(show["user"], show["tags"], show["pictures"]),
        *(show["key"], show["url"], show["name"], show["slug"], show["type"]),
        *(show["created_time"], show["updated_time"]),
        *(show["play_count"], show["favorite_count"]),
        *(show["listener_count"], show["repost_count"], show["comment_count"]),
        *(show.get("audio_length"), show.get("hidden_stats")),
    ]


def read_fields(show: Cloudcast) -> list[Any]:
    """The same as attributes: dates are datetimes, the host is a User, tags are Tags."""
    return [
        *(show.user, show.tags, show.pictures),
        *(show.key, show.url, show.name, show.slug, show.type),
        *(show.created_time, show.updated_time),
        *(show.play_count, show.favorite_count),
        *(show.listener_count, show.repost_count, show.comment_count),
        *(show.audio_length, show.hidden_stats),
    ]


def read_dicts(show: dict[str, Any]) -> list[Any]:
    """Every field of a show, and of what is in it."""
    read = read_dict(show)
    user, tags, pictures, *_ = read
    read += (user["key"], user["url"], user["name"], user["username"], user["type"])
    read += (*pictures.values(), *user["pictures"].values())
    for tag in tags:
        read += (tag["key"], tag["url"], tag["name"], tag["type"])
    return read


def read_all(show: Cloudcast) -> list[Any]:
    """The same as attributes."""
    read = read_fields(show)
    user, tags, pictures, *_ = read
    read += (user.key, user.url, user.name, user.username, user.type)
    read += (*pictures.values(), *user.pictures.values())
    for tag in tags:
        read += (tag.key, tag.url, tag.name, tag.type)
    return read
