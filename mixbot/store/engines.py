"""The two databases, behind one question: run this function with a connection.

What is asked is written as plain functions of a SQLAlchemy connection, so SQLite (aiosqlite) and
PostgreSQL (asyncpg) run the same ones.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import URL, AsyncAdaptedQueuePool, Connection, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from mixbot.errors import UserError

T = TypeVar("T")

BUSY_SECONDS = 5.0  # how long a writer waits for another process's
CONNECT_SECONDS = 10.0


class StoreError(UserError):
    """The database cannot be used; the sentence says why, and never holds its password."""


@dataclass
class Database:
    """Somewhere to run questions. `reader` commits by itself; `writer` holds transactions.

    Taking a connection from a pool and giving it back costs as much as a question to SQLite, so
    there one is kept for all of them (`keeps_reading`), and they take turns.
    """

    reader: AsyncEngine
    writer: AsyncEngine
    keeps_reading: bool = False
    _reading: AsyncConnection | None = None
    _turns: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def name(self) -> str:
        """What SQLAlchemy calls the kind of database."""
        return self.writer.dialect.name

    async def read(self, question: Callable[[Connection], T]) -> T:
        """Answer a single statement that changes nothing."""
        if not self.keeps_reading:
            async with self.reader.connect() as connection:
                return await connection.run_sync(question)
        async with self._turns:
            if self._reading is None:
                self._reading = await self.reader.connect()
            return await self._reading.run_sync(question)

    async def write(self, change: Callable[[Connection], T]) -> T:
        """Run `change` in one transaction."""
        async with self.writer.begin() as connection:
            return await connection.run_sync(change)

    async def close(self) -> None:
        if self._reading is not None:
            await self._reading.close()
        await self.reader.dispose()
        await self.writer.dispose()


def _sqlite(url: URL) -> Database:
    """A file, or memory.

    There is one writer at a time, which waits for those of other processes; readers wait for
    nobody (WAL). Memory is one connection, which all share by turns.
    """
    options: dict[str, Any] = {
        "connect_args": {"timeout": BUSY_SECONDS},
        "hide_parameters": True,
        "poolclass": AsyncAdaptedQueuePool,
        "max_overflow": 0,  # waiting costs less than a connection, which is a thread
    }
    writer = create_async_engine(url, pool_size=1, **options)
    event.listen(writer.sync_engine, "connect", _prepare)
    event.listen(writer.sync_engine, "connect", _begin_when_told)
    event.listen(writer.sync_engine, "begin", _begin_as_writer)
    if url.database in (None, "", ":memory:"):
        return Database(writer, writer)
    reader = create_async_engine(url, isolation_level="AUTOCOMMIT", **options)
    event.listen(reader.sync_engine, "connect", _prepare)
    return Database(reader, writer, keeps_reading=True)


def _prepare(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_when_told(connection: Any, _: Any) -> None:
    """sqlite3 begins transactions by itself: late, and never before DDL."""
    connection.isolation_level = None


def _begin_as_writer(connection: Connection) -> None:
    """A reader that becomes a writer is refused at once, however long it would wait."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _postgres(url: URL) -> Database:
    try:
        engine = create_async_engine(
            url,
            pool_pre_ping=True,  # the server may have been restarted
            connect_args={"timeout": CONNECT_SECONDS},
            hide_parameters=True,
        )
    except ModuleNotFoundError:
        raise StoreError(
            "PostgreSQL needs asyncpg: install mixbot with its extra, mixbot[postgres]."
        ) from None
    return Database(engine.execution_options(isolation_level="AUTOCOMMIT"), engine)


def database_at(address: str) -> Database:
    """The database at `address`, not connected to yet."""
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise StoreError(_WRONG_ADDRESS) from None
    match url.get_backend_name():
        case "sqlite":
            return _sqlite(url.set(drivername="sqlite+aiosqlite"))
        case "postgresql" | "postgres":
            return _postgres(url.set(drivername="postgresql+asyncpg"))
    raise StoreError(_WRONG_ADDRESS)


_WRONG_ADDRESS = (
    "The database's address must look like sqlite:///mixbot.db or "
    "postgresql://user:password@host/database."
)
