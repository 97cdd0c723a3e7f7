"""The two databases, behind one question: run this function with a connection.

What is asked is written as plain functions of a SQLAlchemy connection, so both databases run the
same ones. How they are run differs, and for a reason: everything a driver like aiosqlite does is
handed to a thread and back, several times a query, which costs eight times the CPU of the query.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    NullPool,
    StaticPool,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import create_async_engine

from mixbot.errors import UserError

T = TypeVar("T")

BUSY_SECONDS = 5.0  # how long a writer waits for another process's
CONNECT_SECONDS = 10.0


class StoreError(UserError):
    """The database cannot be used; the sentence says why, and never holds its password."""


class Database(Protocol):
    """Somewhere to run questions. `name` is what SQLAlchemy calls the kind of database."""

    name: str

    async def read(self, question: Callable[[Connection], T]) -> T:
        """Answer a single statement that changes nothing."""
        ...

    async def write(self, change: Callable[[Connection], T]) -> T:
        """Run `change` in one transaction."""
        ...

    async def close(self) -> None: ...


class Sqlite:
    """A file, or memory.

    Reading the page or two that an answer needs waits for no writer (WAL) and takes some 30
    microseconds, less than handing it to a thread does: it happens in place. Writing may wait for
    another process or for the disk: it happens in one thread, so this process never waits for
    itself. Memory knows no waiting, and one connection.
    """

    name = "sqlite"

    def __init__(self, url: URL) -> None:
        in_memory = url.database in (None, "", ":memory:")
        self._thread = None if in_memory else ThreadPoolExecutor(1, thread_name_prefix="store")
        self._writer = _sqlite(url, poolclass=StaticPool)
        event.listen(self._writer, "connect", _begin_when_told)
        event.listen(self._writer, "begin", _begin_as_writer)
        self._reader = _sqlite(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        self._reading: Connection | None = None

    async def read(self, question: Callable[[Connection], T]) -> T:
        if self._thread is None:
            return self._write(question)
        if self._reading is None:
            self._reading = self._reader.connect()
        return question(self._reading)

    async def write(self, change: Callable[[Connection], T]) -> T:
        if self._thread is None:
            return self._write(change)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._write, change)

    def _write(self, change: Callable[[Connection], T]) -> T:
        with self._writer.begin() as connection:
            return change(connection)

    async def close(self) -> None:
        if self._reading is not None:
            self._reading.close()
        if self._thread is not None:
            self._thread.shutdown()
        self._writer.dispose()


def _sqlite(url: URL, **options: Any) -> Engine:
    arguments = {"timeout": BUSY_SECONDS, "check_same_thread": False}
    engine = create_engine(url, connect_args=arguments, hide_parameters=True, **options)
    event.listen(engine, "connect", _prepare)
    return engine


def _prepare(connection: DBAPIConnection, _: Any) -> None:
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


class Postgres:
    """A server, asked through asyncpg."""

    name = "postgresql"

    def __init__(self, url: URL) -> None:
        try:
            self._engine = create_async_engine(
                url.set(drivername="postgresql+asyncpg"),
                pool_pre_ping=True,  # the server may have been restarted
                connect_args={"timeout": CONNECT_SECONDS},
                hide_parameters=True,
            )
        except ModuleNotFoundError:
            raise StoreError(
                "PostgreSQL needs asyncpg: install mixbot with its extra, mixbot[postgres]."
            ) from None
        self._reading = self._engine.execution_options(isolation_level="AUTOCOMMIT")

    async def read(self, question: Callable[[Connection], T]) -> T:
        async with self._reading.connect() as connection:
            return await connection.run_sync(question)

    async def write(self, change: Callable[[Connection], T]) -> T:
        async with self._engine.begin() as connection:
            return await connection.run_sync(change)

    async def close(self) -> None:
        await self._engine.dispose()


def database_at(address: str) -> Database:
    """The database at `address`, not connected to yet."""
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise StoreError(_WRONG_ADDRESS) from None
    match url.get_backend_name():
        case "sqlite":
            return Sqlite(url.set(drivername="sqlite"))
        case "postgresql" | "postgres":
            return Postgres(url)
    raise StoreError(_WRONG_ADDRESS)


_WRONG_ADDRESS = (
    "The database's address must look like sqlite:///mixbot.db or "
    "postgresql://user:password@host/database."
)
