"""Opening the store: connect, and bring the tables to what this program knows."""

from __future__ import annotations

import errno
import os
import re
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, insert, inspect, select, text
from sqlalchemy.exc import DBAPIError

from .engines import AWAY, Database, DatabaseUnreachable, Sqlite, StoreError, database_at
from .queries import Store
from .schema import HEAD, alembic_version, metadata

CANNOT_BE_OPENED = "The database cannot be opened"
BEFORE_THE_FIRST = "base"  # how Alembic calls what it has only begun with
_UPGRADE_LOCK = 0x6D6978626F74  # "mixbot"


class NewerDatabase(StoreError):
    def __init__(self) -> None:
        super().__init__(
            "The database was made by a newer mixbot; upgrade mixbot, or use another database."
        )


@asynccontextmanager
async def open_store(
    address: str, *, timed: Callable[[Database], Database] = lambda database: database
) -> AsyncIterator[Store]:
    """The store at `sqlite:///mixbot.db` or `postgresql://…`, with its tables up to date.

    `timed` may put something around the database that measures it.
    """
    database = timed(database_at(address))
    try:
        with explained(CANNOT_BE_OPENED):
            await database.write(upgrade, patient=True)
        store = Store(database)
        try:
            yield store
        finally:
            await store.close()
    finally:
        await database.close()


async def bring_up_to_date(address: str) -> str | None:
    """Bring the tables at `address` to `HEAD`; the revision they were at, None if there were none.

    Raises StoreError if they are a newer mixbot's, or another program's.
    """
    database = database_at(address)
    try:
        with explained(CANNOT_BE_OPENED):
            return await database.write(upgrade, patient=True)
    finally:
        await database.close()


async def examined(address: str, *, write: bool = True) -> str | None:
    """The revision of the tables at `address`, None if there are none; nothing is changed.

    Raises StoreError if the bot could not use them, or, with `write`, could not write to them.
    """
    database = database_at(address)
    try:
        with explained(CANNOT_BE_OPENED):
            if isinstance(database, Sqlite) and database.path and not database.path.exists():
                _can_be_made(database.path)
                return None
            before = await database.read(revision_of)
            if before is None:
                await database.read(_refuse_strangers)
            elif before != BEFORE_THE_FIRST and before > HEAD:
                raise NewerDatabase
            if write:
                with suppress(_Undo):
                    await database.write(_try_to_write)
            return before
    finally:
        await database.close()


class _Undo(Exception):
    """Ends a transaction that is to leave nothing behind."""


def _try_to_write(connection: Connection) -> None:
    connection.execute(text("CREATE TABLE mixbot_check (number INTEGER)"))
    connection.execute(text("INSERT INTO mixbot_check VALUES (1)"))
    raise _Undo


def _can_be_made(path: Path) -> None:
    if not os.access(path.parent, os.W_OK | os.X_OK):
        reason = errno.EACCES if path.parent.exists() else errno.ENOENT
        raise OSError(reason, os.strerror(reason), str(path.parent))


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Raise StoreError, `what` and the reason, for all that goes wrong with databases and files."""
    try:
        yield
    except (*AWAY, sqlite3.Error) as error:
        reason = error.orig if isinstance(error, DBAPIError) else error
        away = isinstance(error, OSError | TimeoutError) or "CannotConnectNow" in str(reason)
        problem = DatabaseUnreachable if away else StoreError
        raise problem(f"{what}: {_in_short(reason)}.") from None


def _in_short(reason: object) -> str:
    """The first line of a driver's complaint. Drivers name the server, never the password."""
    lines = str(reason).strip().splitlines() or [type(reason).__name__]
    return re.sub(r"^(<class .*>: )?(\[Errno -?\d+\] )?", "", lines[0]).rstrip(".")


def revision_of(connection: Connection) -> str | None:
    """Which revision the tables are at; None where there are none, of mixbot or of another."""
    if not inspect(connection).has_table(alembic_version.name):
        return None
    return connection.scalar(select(alembic_version.c.version_num)) or BEFORE_THE_FIRST


def upgrade(connection: Connection) -> str | None:
    """Bring the tables to `HEAD`; several processes may try at once, and one does it.

    The revision they were at comes back, or None if there were no tables.

    SQLite's transaction is itself the lock. Alembic takes a while to load, so it is not asked
    when there is nothing to change, nor for a new database: that gets the tables as they are now.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _UPGRADE_LOCK})
    before = revision_of(connection)
    if before is not None:
        if before != HEAD:
            migrate(connection)
    else:
        _refuse_strangers(connection)
        metadata.create_all(connection, checkfirst=False)
        alembic_version.create(connection)
        connection.execute(insert(alembic_version).values(version_num=HEAD))
    return before


def _refuse_strangers(connection: Connection) -> None:
    if metadata.tables.keys() & set(inspect(connection).get_table_names()):
        raise StoreError("The database holds tables that are not mixbot's; give it one of its own.")


def migrate(connection: Connection, revision: str = "head") -> None:
    """Let Alembic bring the tables to `revision`, all of which this program knows."""
    from . import migrations  # brings Alembic with it

    try:
        migrations.run(connection, revision)
    except migrations.UnknownRevision:
        raise NewerDatabase from None
