"""Large files on their way through the bot: whole, and without filling its memory."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mixbot.sandbox.demo import samples
from mixbot.sandbox.discord import File, Message, User
from tests.bot.test_publishing import filled_in
from tests.conftest import Scene, staged

START = samples.silent_mp3()[:20_000]
WARM_UP = 5_000_000  # bytes
MOST_MORE = 10_000_000  # bytes of memory, of the bot and of the whole sandbox beside it


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with staged(tmp_path) as scene:
        scene.discord.size_limit = 500_000_000
        yield scene


async def drafts(scene: Scene, files: list[File]) -> list[tuple[User, Message]]:
    """A preview for each of `files`, each of another person."""
    previews = []
    for number, file in enumerate(files):
        user = scene.discord.user(f"host-{file.size}-{number}")
        scene.guild.join(user)
        await scene.link(user, f"host.{file.size}.{number}")
        previews.append((user, await filled_in(scene, user=user, options={"file": file})))
    return previews


async def most_resident(previews: list[tuple[User, Message]]) -> int:
    """Send all of them at once; how much more memory that took at its worst, in bytes."""
    gc.collect()
    before, most = resident(), 0
    for user, preview in previews:
        await user.click(preview, "Publish")
    sent = asyncio.gather(*(preview.until(_is_there, 120) for _, preview in previews))
    while not sent.done():
        await asyncio.wait([sent], timeout=0.02)
        most = max(most, resident() - before)
    await sent
    return most


def _is_there(message: Message) -> bool:
    return "Show to all" in message.text


def resident() -> int:
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize(("count", "size"), [(1, 200_000_000), (5, 40_000_000)])
async def test_they_arrive_byte_by_byte_and_memory_stays_flat(
    scene: Scene, count: int, size: int
) -> None:
    warm_up = [File.sparse("warm.mp3", WARM_UP, start=START) for _ in range(count)]
    await most_resident(await drafts(scene, warm_up))
    file = File.sparse("large.mp3", size, start=START)
    more = await most_resident(await drafts(scene, [file] * count))
    received = [upload.form.files["mp3"] for upload in scene.mixcloud.uploads[-count:]]
    assert {one.sha256 for one in received} == {file.sha256()}
    assert more <= MOST_MORE, f"{more:,} bytes"
