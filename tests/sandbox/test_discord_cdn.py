"""Attached files: large ones, their signed links, and what goes wrong on the way."""

from __future__ import annotations

import hashlib
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from mixbot.sandbox import DiscordServer
from mixbot.sandbox.discord import Channel, ClientRefused, File, Message, User

MEGABYTE = 1024 * 1024


class Place:
    """Ada in a channel, and a stranger who fetches what she posts there."""

    def __init__(self, server: DiscordServer, session: aiohttp.ClientSession) -> None:
        self.server = server
        self.session = session
        guild = server.guild("Crate diggers")
        self.channel: Channel = guild.channel("general")
        self.ada: User = server.user("ada")
        guild.join(self.ada)

    async def post(self, file: File) -> Message:
        return await self.ada.say(self.channel, files=[file])

    async def url(self, file: File) -> str:
        return str((await self.post(file)).attachments[0]["url"])

    async def fetch(self, url: str) -> tuple[int, int, str]:
        """Status, size and digest of what is found at `url`."""
        size, digest = 0, hashlib.sha256()
        async with self.session.get(url) as response:
            async for piece in response.content.iter_any():
                size += len(piece)
                digest.update(piece)
            return response.status, size, digest.hexdigest()


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with DiscordServer() as server, aiohttp.ClientSession() as session:
        yield Place(server, session)


async def test_a_file_of_two_hundred_megabytes_never_is_in_memory(place: Place) -> None:
    place.server.size_limit = 200 * MEGABYTE
    mix = File.sparse("mix.mp3", 200 * MEGABYTE, start=b"ID3")
    tracemalloc.start()
    try:
        assert await place.fetch(await place.url(mix)) == (200, mix.size, mix.sha256())
        assert tracemalloc.get_traced_memory()[1] < 10 * MEGABYTE
    finally:
        tracemalloc.stop()
    assert place.server.downloads[0].whole


def test_made_up_bytes_begin_as_told_and_stay_the_same() -> None:
    mix = File.sparse("mix.mp3", MEGABYTE + 1, start=b"ID3\x03")
    pieces = list(mix.pieces())
    assert [len(piece) for piece in pieces] == [262_144] * 4 + [1]
    assert mix.data.startswith(b"ID3\x03")
    assert b"".join(pieces) == mix.data
    assert len(set(pieces)) == 5
    assert File.sparse("short.mp3", 2, start=b"ID3").data == b"ID"


async def test_a_file_is_read_from_where_it_is(place: Place, tmp_path: Path) -> None:
    path = tmp_path / "set.wav"
    path.write_bytes(b"wave" * MEGABYTE)
    set_ = File.at(path)
    assert (set_.filename, set_.size, File.at(path, "b.wav").filename) == (
        "set.wav",
        4 * MEGABYTE,
        "b.wav",
    )
    found = await place.fetch(await place.url(set_))
    assert found == (200, 4 * MEGABYTE, hashlib.sha256(path.read_bytes()).hexdigest())


async def test_what_is_too_large_is_not_even_tried(place: Place) -> None:
    with pytest.raises(ClientRefused, match=r"mix\.mp3: .* \(over 10 MB\)"):
        await place.post(File.sparse("mix.mp3", 10 * MEGABYTE + 1))
    place.server.size_limit = 25 * MEGABYTE
    await place.post(File.sparse("mix.mp3", 10 * MEGABYTE + 1))
    with pytest.raises(ClientRefused, match="over 25 MB"):
        await place.post(File.sparse("mix.mp3", 25 * MEGABYTE + 1))


async def test_a_link_needs_its_signature(place: Place) -> None:
    url = await place.url(File("a.txt", b"text"))
    other = await place.url(File("b.txt", b"other"))
    bare, query = url.split("?")
    assert (await place.fetch(url))[0] == 200
    for refused in (bare, f"{bare}?{other.split('?')[1]}", f"{bare}?x{query}", f"{url[:-4]}000&"):
        assert (await place.fetch(refused))[0] == 404


async def test_a_link_expires_after_a_day(place: Place) -> None:
    url = await place.url(File("a.txt", b"text"))
    place.server.pass_time(24 * 3600 - 60)
    assert (await place.fetch(url))[0] == 200
    place.server.pass_time(120)
    assert (await place.fetch(url))[0] == 404
    assert (await place.fetch(await place.url(File("a.txt", b"text"))))[0] == 200


async def test_an_expired_link_can_be_pretended(place: Place) -> None:
    url = await place.url(File("a.txt", b"text"))
    place.server.cdn_fault("*.txt", status=404, times=1)
    assert (await place.fetch(url))[0] == 404
    assert (await place.fetch(url))[0] == 200


async def test_the_connection_breaks_in_the_middle(place: Place) -> None:
    url = await place.url(File.sparse("mix.mp3", MEGABYTE))
    place.server.cdn_fault(cut_after=300_000)
    with pytest.raises(aiohttp.ClientPayloadError):
        await place.fetch(url)
    download = await place.server.download()
    await download.ended()
    assert (download.sent, download.whole) == (300_000, False)
    place.server.clear_faults()
    assert (await place.fetch(url))[1] == MEGABYTE


async def test_a_false_length(place: Place) -> None:
    url = await place.url(File.sparse("mix.mp3", MEGABYTE))
    place.server.cdn_fault(length=2 * MEGABYTE, times=1)
    with pytest.raises(aiohttp.ClientPayloadError):
        await place.fetch(url)
    place.server.cdn_fault(length=1000, times=1)
    assert (await place.fetch(url))[:2] == (200, 1000)


async def test_a_slow_download_can_be_watched(place: Place) -> None:
    url = await place.url(File.sparse("mix.mp3", 10 * MEGABYTE))
    place.server.cdn_fault(bytes_per_second=MEGABYTE)
    async with place.session.get(url) as response:
        download = await place.server.download()
        await download.reaches(100_000)
        assert not download.over
        assert download.sent < MEGABYTE
        response.close()
    await download.ended()
    assert not download.whole


async def test_a_download_can_be_held(place: Place) -> None:
    url = await place.url(File.sparse("mix.mp3", 10 * MEGABYTE))
    place.server.cdn_fault(hold_after=MEGABYTE, times=1)
    async with place.session.get(url) as response:
        await response.content.readexactly(MEGABYTE)
        download = await place.server.download()
        await download.reaches(MEGABYTE)
        assert (download.sent, download.over) == (MEGABYTE, False)
        download.release()
        assert len(await response.content.read()) == 9 * MEGABYTE
    await download.ended()
    assert download.whole


async def test_a_reader_who_stops_makes_the_server_wait(place: Place) -> None:
    place.server.size_limit = 200 * MEGABYTE
    url = await place.url(File.sparse("mix.mp3", 200 * MEGABYTE))
    async with place.session.get(url) as response:
        await response.content.readexactly(100_000)
        assert (await place.server.download()).sent < 50 * MEGABYTE
        response.close()


async def test_a_look_at_the_headers_sends_nothing(place: Place) -> None:
    url = await place.url(File.sparse("mix.mp3", MEGABYTE))
    async with place.session.head(url) as response:
        assert response.headers["Content-Length"] == str(MEGABYTE)
        assert response.headers["Content-Disposition"] == "attachment"
    assert place.server.downloads[0].sent == 0
