"""A database that is locked, full, read-only, gone or silent: people are told; it comes back."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from mixbot import pulse
from mixbot.sandbox.discord import Message
from mixbot.store import engines
from tests.bot.test_acting import favorites
from tests.conftest import Scene, staged
from tests.databases import POSTGRES, WITHOUT_POSTGRES, new_postgres_database
from tests.faults.cable import Cable
from tests.test_lifecycle import get

CODE = "Something went wrong on my side"


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is waited for is waited for less long, and looked at each time."""
    monkeypatch.setattr(engines, "BUSY_SECONDS", 0.3)
    monkeypatch.setattr(engines, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(engines, "CONNECT_SECONDS", 0.5)
    monkeypatch.setattr(pulse, "WRITABLE_SECONDS", 0.0)


async def answered(scene: Scene, command: str, **options: Any) -> Message:
    """The answer to Ada, who was acknowledged within Discord's three seconds."""
    asked = await scene.ada.slash(scene.channel, command, **options)
    await asked.acknowledged()  # fails after three seconds, as in Discord
    return await asked.reply(timeout=15)


async def in_trouble(scene: Scene) -> None:
    """People are told something, the process lives, and it is not ready."""
    assert (await get(scene, "/healthz"))[0] == 200
    assert (await get(scene, "/readyz"))[0] == 503
    prompt = await answered(scene, "mixcloud link")
    assert prompt.ephemeral
    assert CODE in prompt.text
    card = await answered(scene, "mixcloud search", query="jazz")  # which needs no database
    assert "1 of 20+" in card.text
    assert (await get(scene, "/healthz"))[0] == 200


async def ready(scene: Scene) -> None:
    """It says that it is."""
    async with asyncio.timeout(30):
        while (await get(scene, "/readyz"))[0] != 200:  # noqa: ASYNC110  # nobody tells of it
            await asyncio.sleep(0.05)


async def recovered(scene: Scene) -> None:
    """All works again, by itself."""
    await ready(scene)
    await scene.link(scene.ada, "ada.plays")
    answer = await answered(scene, "favorite", mix=scene.jazz)
    assert answer.content.startswith("Added")
    assert favorites(scene) == [scene.jazz]


def database_file(scene: Scene) -> Path:
    return Path(scene.settings.database_url.removeprefix("sqlite:///"))


async def test_locked_by_another_process(scene: Scene) -> None:
    with closing(sqlite3.connect(database_file(scene), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await in_trouble(scene)
        other.execute("ROLLBACK")
    await recovered(scene)


async def test_a_full_disk(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    with small_disk(disk):
        async with staged(disk) as scene:
            filling = disk / "filling"
            with filling.open("wb", buffering=0) as file, suppress(OSError):
                while True:
                    file.write(bytes(4096))
            with closing(sqlite3.connect(database_file(scene))) as other, suppress(sqlite3.Error):
                for _ in range(200):  # what room is left in the log is used up
                    other.execute("UPDATE gates SET closed_until = closed_until || ' '")
                    other.execute("INSERT INTO long_keys VALUES (hex(randomblob(11)), 'x')")
                    other.commit()
            await in_trouble(scene)
            filling.unlink()
            await recovered(scene)


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A disk of a megabyte, mounted in `folder`."""
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(command, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_a_file_that_may_only_be_read(scene: Scene) -> None:
    await allow_writing(scene, allowed=False)
    await in_trouble(scene)
    await allow_writing(scene, allowed=True)
    await recovered(scene)


async def allow_writing(scene: Scene, *, allowed: bool) -> None:
    """Root, who may run these tests, may write to any file."""
    database: Any = scene.parts.store._database
    writer = database._database._writer

    def decide() -> None:
        writer.engine.raw_connection().execute(f"PRAGMA query_only = {not allowed}")

    await writer._hand_over(decide)


async def test_a_file_that_was_deleted_is_noticed(scene: Scene) -> None:
    """What is written to a deleted file is gone with the process."""
    kept = database_file(scene).rename(database_file(scene).with_suffix(".away"))
    await in_trouble(scene)
    kept.rename(database_file(scene))
    await recovered(scene)


@pytest_asyncio.fixture
async def wire() -> AsyncIterator[Cable]:
    """A cable to PostgreSQL."""
    if not POSTGRES:
        pytest.skip(WITHOUT_POSTGRES)
    server = urlsplit(POSTGRES)
    async with Cable(server.hostname or "", server.port or 5432) as cable:
        yield cable


@pytest_asyncio.fixture
async def postgres_scene(wire: Cable, tmp_path: Path) -> AsyncIterator[Scene]:
    async with new_postgres_database() as url:
        at = urlsplit(url)
        user = at.netloc.rpartition("@")[0]
        through = at._replace(netloc=f"{user}@{wire.address}").geturl()
        async with staged(tmp_path, database_url=through) as scene:
            try:
                yield scene
            finally:
                wire.mend()


async def test_postgresql_gone_and_back(wire: Cable, postgres_scene: Scene) -> None:
    wire.cut()
    await in_trouble(postgres_scene)
    wire.mend()
    await recovered(postgres_scene)


async def test_postgresql_silent_and_back(wire: Cable, postgres_scene: Scene) -> None:
    await ready(postgres_scene)
    wire.swallow()
    await in_trouble(postgres_scene)
    wire.mend()
    await recovered(postgres_scene)


async def test_postgresql_restarted_is_not_even_noticed(wire: Cable, postgres_scene: Scene) -> None:
    await recovered(postgres_scene)
    wire.reset()
    answer = await answered(postgres_scene, "unfavorite", mix=postgres_scene.jazz)
    assert answer.content.startswith("Removed")
