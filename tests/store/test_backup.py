"""Backups: all of it comes back, on either database, or nothing changes."""

from __future__ import annotations

import asyncio
import itertools
import random
import sqlite3
import stat
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Integer,
    LargeBinary,
    String,
    Table,
    insert,
    select,
    text,
)

from mixbot.store import Store, StoreError, backups, migrations, open_store
from mixbot.store.backups import Contents, NotEmpty, Told, back_up, contents, restore
from mixbot.store.engines import database_at
from mixbot.store.schema import HEAD, UtcDateTime, alembic_version, metadata
from tests.databases import new_database
from tests.killing import calls_of, killed

NOW = datetime(2026, 11, 27, 12, 30, 15, 123456, tzinfo=UTC)
ROWS = 5  # of each table


@pytest.fixture(params=["sqlite", "postgresql"])
async def another_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The address of a second database."""
    async with new_database(request.param, tmp_path / "another.db") as address:
        yield address


def value(column: Column[Any], number: int) -> Any:
    """Something that a column may hold, another for each number; nothing where it may be left out.

    Names are awkward and ids as long as Discord's.
    """
    if column.nullable and number == ROWS - 1:
        return None
    match column.type:
        case UtcDateTime():
            return NOW + timedelta(hours=number, microseconds=number)
        case Boolean():
            return number % 2 == 0
        case LargeBinary():
            return bytes([0, 255, 39, number]) * 16
        case Integer() | BigInteger():
            return 2**62 + number if isinstance(column.type, BigInteger) else number
        case String(length=length):
            return f"{number} naïve 🎧 'quoted' {{x}}"[:length]
    raise AssertionError(f"{column} has a type that these tests do not know")


def rows_for(table: Table) -> list[dict[str, Any]]:
    return [{c.name: value(c, number) for c in table.c} for number in range(ROWS)]


async def fill(address: str) -> None:
    """Some rows in every table there is."""
    async with open_store(address):
        pass

    def write(connection: Connection) -> None:
        for table in metadata.sorted_tables:
            connection.execute(insert(table), rows_for(table))

    await at(address, write)


async def at(address: str, question: Any) -> Any:
    database = database_at(address)
    try:
        return await database.write(question)
    finally:
        await database.close()


async def everything(address: str) -> dict[str, list[tuple[Any, ...]]]:
    def read(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
        return {
            table.name: [
                tuple(row)
                for row in connection.execute(select(table).order_by(*table.primary_key.columns))
            ]
            for table in metadata.sorted_tables
        }

    found: dict[str, list[tuple[Any, ...]]] = await at(address, read)
    return found


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_everything_comes_back_on_either_database(
    database_url: str, another_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    await fill(database_url)
    written = await back_up(database_url, file)
    assert written == Contents(HEAD, dict.fromkeys(sorted(metadata.tables), ROWS))
    assert contents(file) == written
    restored = await restore(another_url, file)
    assert restored == written
    assert await everything(another_url) == await everything(database_url)


async def test_new_rows_are_numbered_after_those_that_were_restored(
    database_url: str, another_url: str, tmp_path: Path
) -> None:
    async with open_store(database_url) as store:
        for number in range(3):
            await store.record_share(1, f"/a/{number}/", shared_at=NOW)
    await back_up(database_url, tmp_path / "backup")
    await restore(another_url, tmp_path / "backup")
    async with open_store(another_url) as store:
        await store.record_share(1, "/a/new/", shared_at=NOW)
        last = await store.last_share(1)
        assert last
        assert last.key == "/a/new/"


async def test_a_backup_is_one_file_that_only_its_owner_can_read(
    database_url: str, tmp_path: Path
) -> None:
    await fill(database_url)
    folder = tmp_path / "backups"
    folder.mkdir()
    await back_up(database_url, folder / "backup")
    assert names_in(folder) == ["backup"]
    assert stat.S_IMODE((folder / "backup").stat().st_mode) == 0o600
    contents(folder / "backup")
    assert names_in(folder) == ["backup"]  # reading it leaves no trace


async def test_a_file_that_is_there_is_overwritten_only_if_that_is_wanted(
    database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    file.write_text("precious")
    async with open_store(database_url):
        pass
    with pytest.raises(StoreError, match=r"is there already\. --force"):
        await back_up(database_url, file)
    assert file.read_text() == "precious"
    await back_up(database_url, file, overwrite=True)
    assert contents(file).revision == HEAD


async def test_a_file_that_appears_meanwhile_is_not_overwritten(
    database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    await fill(database_url)

    def somebody_writes(done: int, total: int) -> None:
        file.write_text("precious")

    with pytest.raises(StoreError, match="is there already"):
        await back_up(database_url, file, told=somebody_writes)
    assert file.read_text() == "precious"
    assert not [name for name in names_in(tmp_path) if name.endswith(".part")]


async def test_the_database_itself_is_no_place_for_a_backup(tmp_path: Path) -> None:
    address, file = f"sqlite:///{tmp_path / 'mixbot.db'}", tmp_path / "mixbot.db"
    await fill(address)
    before = await everything(address)
    with pytest.raises(StoreError, match="is the database itself"):
        await back_up(address, file, overwrite=True)
    with pytest.raises(StoreError, match="is the database itself"):
        await restore(address, file, replace=True)
    assert await everything(address) == before


async def test_what_is_written_meanwhile_is_in_it_whole_or_not_at_all(
    database_url: str, tmp_path: Path
) -> None:
    """A writer moves two rows together, again and again, while backups are made."""
    await fill(database_url)
    database = database_at(database_url)
    steps = itertools.count()

    async def step() -> None:
        number = {"number": str(next(steps))}

        def move(connection: Connection) -> None:
            for table in ("people", "servers"):
                connection.execute(text(f"UPDATE {table} SET language = :number"), number)

        await database.write(move)

    async def write() -> None:
        while True:
            await step()

    await step()
    writing = asyncio.create_task(write())
    try:
        for number in range(5):
            file = tmp_path / str(number)
            await back_up(database_url, file)
            with closing(sqlite3.connect(file)) as copy:
                moved = copy.execute(
                    "SELECT language FROM people UNION SELECT language FROM servers"
                ).fetchall()
            assert len(moved) == 1
            assert not writing.done()
        assert next(steps) > 5
    finally:
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        await database.close()


async def test_a_database_with_rows_is_left_alone(
    database_url: str, another_url: str, tmp_path: Path
) -> None:
    await fill(database_url)
    await back_up(database_url, tmp_path / "backup")
    async with open_store(another_url) as store:
        await store.short_id("/a/b/")
    before = await everything(another_url)
    with pytest.raises(NotEmpty, match=r"not empty \(long_keys: 1\)\. --force"):
        await restore(another_url, tmp_path / "backup")
    assert await everything(another_url) == before
    await restore(another_url, tmp_path / "backup", replace=True)
    assert await everything(another_url) == await everything(database_url)


async def make_old(address: str, revision: str = "0001") -> None:
    def make(connection: Connection) -> None:
        migrations.run(connection, revision)
        connection.execute(text("INSERT INTO long_keys (id, key) VALUES ('x', '/a/b/')"))

    await at(address, make)


async def revision_at(address: str) -> Any:
    return await at(address, lambda c: c.scalar(select(alembic_version.c.version_num)))


@pytest.mark.parametrize("revision", ["0001", "0002"])
async def test_an_older_database_is_backed_up_as_it_is_and_restored_as_the_newest(
    database_url: str, another_url: str, tmp_path: Path, revision: str
) -> None:
    file = tmp_path / "backup"
    await make_old(database_url, revision)
    assert (await back_up(database_url, file)).revision == revision
    assert await revision_at(database_url) == revision
    before = file.read_bytes()
    assert (await restore(another_url, file)).revision == revision
    assert await revision_at(another_url) == HEAD
    assert (await everything(another_url))["long_keys"] == [("x", "/a/b/")]
    assert file.read_bytes() == before


async def test_an_older_database_is_brought_up_to_date_to_restore_into_it(
    database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    source = f"sqlite:///{tmp_path / 'source.db'}"
    await fill(source)
    await back_up(source, file)
    await make_old(database_url)
    with pytest.raises(NotEmpty):
        await restore(database_url, file)
    assert await revision_at(database_url) == "0001"
    await restore(database_url, file, replace=True)
    assert await everything(database_url) == await everything(source)


async def test_what_is_no_backup_is_refused_before_anything_is_touched(
    database_url: str, tmp_path: Path
) -> None:
    await fill(database_url)
    before = await everything(database_url)
    whole, newer, empty = tmp_path / "whole", tmp_path / "newer", tmp_path / "empty.db"
    await back_up(database_url, whole)
    damaged = tmp_path / "damaged"
    pages = bytearray(whole.read_bytes())
    pages[len(pages) // 2 : len(pages) // 2 + 5000] = b"\x7f" * 5000
    damaged.write_bytes(pages)
    cut = tmp_path / "cut"
    cut.write_bytes(whole.read_bytes()[:-10000])
    diary = tmp_path / "diary"
    diary.write_text("This is a diary, and not a database. " * 100)
    empty.touch()
    newer.write_bytes(whole.read_bytes())
    with closing(sqlite3.connect(newer)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    for file in (damaged, cut, diary, empty):
        with pytest.raises(StoreError, match="is no backup of mixbot, or it is damaged"):
            await restore(database_url, file, replace=True)
    with pytest.raises(StoreError, match="made by a newer mixbot"):
        await restore(database_url, newer, replace=True)
    for missing in (tmp_path / "missing", tmp_path):
        with pytest.raises(StoreError, match="There is no file"):
            await restore(database_url, missing, replace=True)
    assert await everything(database_url) == before


async def test_a_backup_that_a_database_refuses_changes_nothing(
    database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    await fill(database_url)
    before = await everything(database_url)
    await back_up(database_url, file)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DROP TABLE uploads")
        connection.execute(
            f"CREATE TABLE uploads ({', '.join(metadata.tables['uploads'].c.keys())})"
        )
        connection.execute("INSERT INTO uploads (id, in_channel) VALUES ('x', 1)")
    with pytest.raises(StoreError, match=r"^The backup cannot be restored: [^\n]+$"):
        await restore(database_url, file, replace=True)
    assert await everything(database_url) == before


async def test_there_is_nothing_to_back_up_where_there_is_nothing(
    database_url: str, tmp_path: Path
) -> None:
    with pytest.raises(StoreError, match=r"There is no database at|nothing to back up"):
        await back_up(database_url, tmp_path / "backup")
    assert names_in(tmp_path) == []
    await at(database_url, lambda connection: None)
    with pytest.raises(StoreError, match="nothing to back up"):
        await back_up(database_url, tmp_path / "backup")
    with pytest.raises(StoreError, match="in memory"):
        await back_up("sqlite:///:memory:", tmp_path / "backup")
    assert not (tmp_path / "backup").exists()


async def test_a_place_that_cannot_be_written_is_explained(
    database_url: str, tmp_path: Path
) -> None:
    await fill(database_url)
    with pytest.raises(StoreError, match=r"^The backup cannot be made: No such file"):
        await back_up(database_url, tmp_path / "missing" / "backup")


async def stopped_halfway(work: Callable[[Told], Coroutine[Any, Any, Contents]]) -> None:
    """Do half of `work` and stop it there, as Ctrl-C does."""
    loop = asyncio.get_running_loop()

    async def stop() -> None:
        task.cancel()
        await asyncio.sleep(0)

    def told(done: int, total: int) -> None:
        if done != total // 2:
            return
        if threading.current_thread() is threading.main_thread():
            task.cancel()
        else:
            asyncio.run_coroutine_threadsafe(stop(), loop).result()

    task = asyncio.create_task(work(told))
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_to_stop_it_changes_nothing(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backups, "PAGES_AT_ONCE", 1)
    monkeypatch.setattr(backups, "ROWS_AT_ONCE", 1)
    await fill(database_url)
    before = await everything(database_url)
    folder, whole = tmp_path / "backups", tmp_path / "whole"
    folder.mkdir()
    await back_up(database_url, whole)
    await stopped_halfway(lambda told: back_up(database_url, folder / "backup", told=told))
    await stopped_halfway(lambda told: restore(database_url, whole, replace=True, told=told))
    assert await everything(database_url) == before
    assert names_in(folder) == []


BACK_UP = """
from pathlib import Path
from mixbot.store import backups
async def main(address, file):
    await backups.back_up(address, Path(file))
"""
RESTORE = """
from pathlib import Path
from mixbot.store import backups
async def main(address, file):
    await backups.restore(address, Path(file), replace=True)
"""


async def test_a_backup_that_is_killed_leaves_a_whole_file_or_none(
    database_url: str, tmp_path: Path
) -> None:
    await fill(database_url)
    calls = await calls_of(BACK_UP, database_url, str(tmp_path / "0"))
    expected = contents(tmp_path / "0")
    deaths = 0
    for number in range(1, 9):
        file = tmp_path / str(number)
        died = await killed(BACK_UP, database_url, str(file), at=random.randint(1, calls))
        deaths += died
        assert file.exists() or died
        if file.exists():
            assert contents(file) == expected
    assert deaths
    await back_up(database_url, tmp_path / "after")


async def test_a_restore_that_is_killed_has_changed_all_or_nothing(
    database_url: str, tmp_path: Path
) -> None:
    source, file = f"sqlite:///{tmp_path / 'source.db'}", tmp_path / "backup"
    await fill(source)
    await back_up(source, file)
    wanted = await everything(source)
    calls = await calls_of(RESTORE, database_url, str(file))

    async def empty(store: Store) -> None:
        for user_id in range(2**62, 2**62 + ROWS):
            await store.forget(user_id)
        await store.record_share(1, "/a/b/", shared_at=NOW)

    deaths = 0
    for _ in range(8):
        async with open_store(database_url) as store:
            await empty(store)
        before = await everything(database_url)
        assert before != wanted
        died = await killed(RESTORE, database_url, str(file), at=random.randint(1, calls))
        deaths += died
        after = await everything(database_url)
        assert after == wanted or (died and after == before)
    assert deaths
