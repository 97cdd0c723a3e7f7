"""Opening a database: a new one, an old one, another's, and none."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text, update
from sqlalchemy.exc import OperationalError

from mixbot.store import StoreError, migrations, open_store
from mixbot.store.engines import Database, database_at
from mixbot.store.schema import HEAD, alembic_version, metadata


async def shape(database: Database) -> Any:
    """Everything a database says about its tables."""

    def look(connection: Connection) -> Any:
        found = inspect(connection)
        return {
            table: (
                [(c["name"], repr(c["type"]), c["nullable"]) for c in found.get_columns(table)],
                found.get_pk_constraint(table),
                sorted(found.get_indexes(table), key=lambda index: str(index["name"])),
                sorted(found.get_unique_constraints(table), key=lambda unique: str(unique["name"])),
            )
            for table in found.get_table_names()
        }

    return await database.write(look)


async def test_migrating_leads_to_the_tables_as_they_are_described(database_url: str) -> None:
    database = database_at(database_url)

    def differences(connection: Connection) -> Any:
        migrations.run(connection)
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return compare_metadata(context, metadata)

    try:
        assert await database.write(differences) == []
        migrated = await shape(database)
        await database.write(metadata.drop_all)
        await database.write(alembic_version.drop)
    finally:
        await database.close()
    async with open_store(database_url):
        created = database_at(database_url)
        try:
            assert await shape(created) == migrated
        finally:
            await created.close()


def test_the_newest_revision_is_the_one_the_program_knows() -> None:
    assert ScriptDirectory.from_config(migrations.config()).get_current_head() == HEAD


def test_the_next_revision_can_be_written(tmp_path: Path) -> None:
    assert migrations.__file__
    copy = shutil.copytree(Path(migrations.__file__).parent, tmp_path / "migrations")
    migrations.write("Change nothing yet", place=str(copy))
    written = (copy / "versions" / f"{int(HEAD) + 1:04}_change_nothing_yet.py").read_text()
    compile(written, "revision", "exec")
    assert f"down_revision = '{HEAD}'" in written
    assert "def upgrade() -> None:\n    # ###" in written
    assert "op." not in written  # the tables are as the revisions leave them


async def test_an_old_database_is_brought_up_to_date(database_url: str) -> None:
    """One that Alembic has just begun with: at no revision yet."""
    database = database_at(database_url)
    await database.write(alembic_version.create)
    await database.close()
    async with open_store(database_url) as store:
        assert await store.account(1, "mixcloud") is None


async def test_a_newer_database_is_left_alone(database_url: str) -> None:
    async with open_store(database_url):
        pass
    database = database_at(database_url)
    try:
        await database.write(lambda c: c.execute(update(alembic_version).values(version_num="9")))
        with pytest.raises(StoreError, match="made by a newer mixbot"):
            async with open_store(database_url):
                pass
        kept = await database.write(
            lambda c: c.scalar(text("SELECT version_num FROM alembic_version"))
        )
        assert kept == "9"
    finally:
        await database.close()


async def test_tables_of_another_program_are_left_alone(database_url: str) -> None:
    database = database_at(database_url)
    await database.write(lambda c: c.execute(text("CREATE TABLE accounts (id INTEGER)")))
    await database.close()
    with pytest.raises(StoreError, match="not mixbot's"):
        async with open_store(database_url):
            pass


OPEN = """
import asyncio, sys
from mixbot.store import open_store
async def main():
    async with open_store(sys.argv[1]) as store:
        print(await store.gate("mixcloud"))
asyncio.run(main())
"""


async def test_processes_open_a_new_database_at_once(database_url: str) -> None:
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", OPEN, database_url, stdout=-1, stderr=-1
        )
        for _ in range(4)
    ]
    for process in processes:
        output, errors = await process.communicate()
        assert (output, errors) == (b"None\n", b"")


def test_a_database_that_is_up_to_date_opens_without_alembic(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'mixbot.db'}"
    script = f"{OPEN}\nassert 'alembic' not in sys.modules"
    for _ in ("new", "known"):
        subprocess.run([sys.executable, "-c", script, address], check=True, stdout=-1)


async def test_sqlite_lets_readers_read_while_one_writes(tmp_path: Path) -> None:
    async with open_store(f"sqlite:///{tmp_path / 'mixbot.db'}") as store:
        other = sqlite3.connect(tmp_path / "mixbot.db", isolation_level=None)
        try:
            assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
            other.execute("BEGIN EXCLUSIVE")
            assert await store.gate("mixcloud") is None
        finally:
            other.close()


async def test_what_is_asked_at_once_has_an_answer_each(tmp_path: Path) -> None:
    """SQLite is asked together; who gives up, or asks nonsense, takes no answer from others."""
    database = database_at(f"sqlite:///{tmp_path / 'mixbot.db'}")

    def ask(question: str) -> asyncio.Task[Any]:
        return asyncio.create_task(
            database.read(lambda connection: connection.execute(text(question)).scalar())
        )

    first = ask("SELECT 1")
    await asyncio.sleep(0)  # it is on its way; those after it wait for it
    second, given_up, nonsense, last = map(ask, ("SELECT 2", "SELECT 3", "SELECT", "SELECT 4"))
    await asyncio.sleep(0)
    given_up.cancel()
    assert [await first, await second, await last] == [1, 2, 4]
    with pytest.raises(OperationalError):
        await nonsense
    assert given_up.cancelled()
    late = ask("SELECT 5")
    await asyncio.sleep(0)
    await database.close()
    assert late.done()
    assert await late == 5


async def test_memory_is_a_database_too() -> None:
    async with open_store("sqlite:///:memory:") as store:
        short = await store.short_id("/a/b/")
        assert await store.long_key(short) == "/a/b/"


@pytest.mark.parametrize(
    "address",
    [
        "mysql://ada:s3cret@localhost/mixbot",
        "s3cret",
        "",
        "postgresql+nonsense",
        "postgresql://ada:s3cret@localhost:port/mixbot",
    ],
)
async def test_a_wrong_address_is_explained_without_its_password(address: str) -> None:
    with pytest.raises(StoreError, match="must look like") as caught:
        async with open_store(address):
            pass
    assert "s3cret" not in str(caught.value)


async def test_a_file_that_cannot_be_opened_is_explained(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("This is a diary, and not a database. " * 100)
    for path in (tmp_path / "missing" / "mixbot.db", tmp_path, tmp_path / "text.db"):
        with pytest.raises(StoreError, match=r"^The database cannot be opened: .+\.$") as caught:
            async with open_store(f"sqlite:///{path}"):
                pass
        assert "\n" not in str(caught.value)


async def test_a_server_that_cannot_be_reached_is_explained_without_its_password() -> None:
    with pytest.raises(StoreError, match=r"^The database cannot be opened: ") as caught:
        async with open_store("postgresql://ada:s3cret@127.0.0.1:1/mixbot"):
            pass
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_without_its_driver_postgresql_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    with pytest.raises(StoreError, match=r"mixbot\[postgres\]"):
        async with open_store("postgresql://ada:s3cret@localhost/mixbot"):
            pass


@pytest.mark.skipif("MIXBOT_TEST_POSTGRES" not in os.environ, reason="needs a PostgreSQL server")
async def test_a_database_that_is_not_there_is_explained() -> None:
    address = os.environ["MIXBOT_TEST_POSTGRES"].rpartition("/")[0] + "/mixbot_not_there"
    with pytest.raises(StoreError, match="mixbot_not_there"):
        async with open_store(address):
            pass
