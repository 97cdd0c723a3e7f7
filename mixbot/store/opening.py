"""Opening the store: connect, and bring the tables to what this program knows."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from sqlalchemy import Connection, insert, inspect, select, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from .engines import Database, DatabaseUnreachable, StoreError, database_at
from .queries import Store
from .schema import HEAD, alembic_version, metadata

_UPGRADE_LOCK = 0x6D6978626F74  # "mixbot"


@asynccontextmanager
async def open_store(
    address: str, *, timed: Callable[[Database], Database] = lambda database: database
) -> AsyncIterator[Store]:
    """The store at `sqlite:///mixbot.db` or `postgresql://…`, with its tables up to date.

    `timed` may put something around the database that measures it.
    """
    database = timed(database_at(address))
    try:
        await _bring_up_to_date(database)
        store = Store(database)
        try:
            yield store
        finally:
            await store.close()
    finally:
        await database.close()


async def _bring_up_to_date(database: Database) -> None:
    try:
        await database.write(upgrade)
    except StoreError:
        raise
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        reason = error.orig if isinstance(error, DBAPIError) else error
        away = isinstance(error, OSError | TimeoutError) or "CannotConnectNow" in str(reason)
        problem = DatabaseUnreachable if away else StoreError
        raise problem(f"The database cannot be opened: {_in_short(reason)}.") from None


def _in_short(reason: object) -> str:
    """The first line of a driver's complaint. Drivers name the server, never the password."""
    lines = str(reason).strip().splitlines() or [type(reason).__name__]
    return re.sub(r"^(<class .*>: )?(\[Errno -?\d+\] )?", "", lines[0]).rstrip(".")


def upgrade(connection: Connection) -> None:
    """Bring the tables to `HEAD`; several processes may try at once, and one does it.

    SQLite's transaction is itself the lock. Alembic takes a while to load, so it is not asked
    when there is nothing to change, nor for a new database: that gets the tables as they are now.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _UPGRADE_LOCK})
    tables = inspect(connection).get_table_names()
    if alembic_version.name in tables:
        if connection.scalar(select(alembic_version.c.version_num)) != HEAD:
            _migrate(connection)
    elif metadata.tables.keys() & set(tables):
        raise StoreError("The database holds tables that are not mixbot's; give it one of its own.")
    else:
        metadata.create_all(connection, checkfirst=False)
        alembic_version.create(connection)
        connection.execute(insert(alembic_version).values(version_num=HEAD))


def _migrate(connection: Connection) -> None:
    from . import migrations  # brings Alembic with it

    try:
        migrations.run(connection)
    except migrations.UnknownRevision:
        raise StoreError(
            "The database was made by a newer mixbot; upgrade mixbot, or use another database."
        ) from None
