"""The two databases, behind one question: run this function with a connection.

What is asked is written as plain functions of a SQLAlchemy connection, so SQLite and PostgreSQL
(asyncpg) run the same ones.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sqlalchemy import URL, Connection, Engine, StaticPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from mixbot.errors import UserError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

T = TypeVar("T")

BUSY_SECONDS = 5.0  # how long a writer waits for another process's
CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 5.0  # for each statement, after which a server is taken for dead
# What a driver raises when there is no database to ask.
AWAY = (SQLAlchemyError, OSError, TimeoutError)


class StoreError(UserError):
    """The database cannot be used; the sentence says why, and never holds its password."""


class DatabaseUnreachable(StoreError):
    """Nobody answers at its address, or not yet."""


class Database(Protocol):
    """Somewhere to run questions. `name` is what SQLAlchemy calls this kind of database."""

    name: str

    async def read(self, question: Callable[[Connection], T]) -> T:
        """Answer a single statement that changes nothing."""
        ...

    async def write(self, change: Callable[[Connection], T], *, patient: bool = False) -> T:
        """Run `change` in one transaction; `patient`, however long each statement takes."""
        ...

    async def close(self) -> None: ...


class Sqlite:
    """A file, or memory.

    A question is handed to a thread as a whole, so a disk that hangs holds up nobody else, at a
    fifth of the CPU that aiosqlite takes, which hands over its every step. There is one writer at
    a time, which waits for those of other processes; the reader waits for nobody (WAL). Memory is
    one connection, which both share by turns.
    """

    name = "sqlite"

    def __init__(self, url: URL) -> None:
        self._writer = _Thread(url)
        event.listen(self._writer.engine, "connect", _begin_when_told)
        event.listen(self._writer.engine, "begin", _begin_as_writer)
        in_memory = url.database in (None, "", ":memory:")
        self.path = Path(url.database) if url.database and not in_memory else None
        self._reader = None if in_memory else _Reader(url)

    async def read(self, question: Callable[[Connection], T]) -> T:
        if self._reader is None:
            return await self.write(question)
        return await self._reader.run(question)

    async def write(self, change: Callable[[Connection], T], *, patient: bool = False) -> T:
        return await self._writer.run(change)

    async def close(self) -> None:
        for thread in (self._reader, self._writer):
            if thread is not None:
                await thread.close()


class _Thread:
    """A thread with a connection of its own."""

    def __init__(self, url: URL, **options: Any) -> None:
        self.engine: Engine = create_engine(
            url,
            connect_args={"timeout": BUSY_SECONDS},
            hide_parameters=True,
            poolclass=StaticPool,
            **options,
        )
        event.listen(self.engine, "do_connect", _keep_private)
        event.listen(self.engine, "connect", _prepare)
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="store")

    async def run(self, question: Callable[[Connection], T]) -> T:
        return await self._hand_over(self._ask, question)

    def _ask(self, question: Callable[[Connection], T]) -> T:
        with self.engine.begin() as connection:
            return question(connection)

    async def close(self) -> None:
        await self._hand_over(self.engine.dispose)
        self._executor.shutdown()

    async def _hand_over(self, work: Callable[..., T], *arguments: Any) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, work, *arguments)


class _Reader(_Thread):
    """A thread that answers single statements.

    Its connection is always the same, and never in a transaction: to get one and to begin took as
    long as most answers do. So did waking the thread; what is asked while it is busy is therefore
    handed over together.
    """

    def __init__(self, url: URL) -> None:
        super().__init__(url, isolation_level="AUTOCOMMIT")
        self._connection: Connection | None = None
        self._asked: list[_Asked] = []  # and not handed over yet
        self._working: asyncio.Task[None] | None = None

    async def run(self, question: Callable[[Connection], T]) -> T:
        asked = _Asked(question, asyncio.get_running_loop().create_future())
        self._asked.append(asked)
        if self._working is None:
            self._working = asyncio.create_task(self._work())
        answer: T = await asked.future
        return answer

    async def close(self) -> None:
        if self._working:
            await self._working
        await self._hand_over(self._disconnect)
        await super().close()

    async def _work(self) -> None:
        while self._asked:
            together, self._asked = self._asked, []
            try:
                outcomes = await self._hand_over(self._answer, together)
            except Exception as problem:  # the thread is gone
                outcomes = [(None, problem)] * len(together)
            for asked, (answer, error) in zip(together, outcomes, strict=True):
                if asked.future.done():
                    continue  # who asked was cancelled
                if error:
                    asked.future.set_exception(error)
                else:
                    asked.future.set_result(answer)
        self._working = None

    def _answer(self, together: list[_Asked]) -> list[tuple[Any, BaseException | None]]:
        outcomes: list[tuple[Any, BaseException | None]] = []
        for asked in together:
            try:
                outcomes.append((self._ask(asked.question), None))
            except Exception as error:
                outcomes.append((None, error))
        return outcomes

    def _ask(self, question: Callable[[Connection], T]) -> T:
        if self._connection is None:
            self._connection = self.engine.connect()
        try:
            return question(self._connection)
        except Exception:
            self._disconnect()  # whatever it is, the next one begins anew
            raise

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question, and where its answer is waited for."""

    question: Callable[[Connection], Any]
    future: asyncio.Future[Any]


def _keep_private(_dialect: Any, _record: Any, arguments: list[Any], _options: Any) -> None:
    """A new file is its owner's alone, and so is what SQLite puts beside it."""
    path = arguments[0]
    if path != ":memory:" and not path.startswith("file:") and not os.path.exists(path):
        with suppress(OSError):  # why it cannot be made, SQLite says in a moment
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _prepare(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_when_told(connection: Any, _: Any) -> None:
    """sqlite3 begins transactions by itself: late, and never before DDL."""
    connection.isolation_level = None


def _begin_as_writer(connection: Connection) -> None:
    """A reader that becomes a writer is refused at once, however long it would wait.

    What is written to a file that was deleted is gone with the process, so nothing is.
    """
    path = connection.engine.url.database or ":memory:"
    if not path.startswith((":memory:", "file:")) and not os.path.exists(path):
        raise FileNotFoundError(errno.ENOENT, "The database's file is gone")
    connection.exec_driver_sql("BEGIN IMMEDIATE")


class Postgres:
    """A server, asked through asyncpg."""

    name = "postgresql"

    def __init__(self, url: URL) -> None:
        self._url = url
        self._writer = self._engine(command_timeout=ANSWER_SECONDS)
        self._reader = self._writer.execution_options(isolation_level="AUTOCOMMIT")

    async def read(self, question: Callable[[Connection], T]) -> T:
        async with self._reader.connect() as connection:
            return await connection.run_sync(question)

    async def write(self, change: Callable[[Connection], T], *, patient: bool = False) -> T:
        engine = self._engine() if patient else self._writer
        try:
            async with engine.begin() as connection:
                return await connection.run_sync(change)
        finally:
            if patient:
                await engine.dispose()

    async def snapshot(self, questions: Callable[[Connection], T]) -> T:
        """Answer `questions` from one state of the database, which others may change meanwhile."""
        engine = self._engine().execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        try:
            async with engine.connect() as connection, connection.begin():
                return await connection.run_sync(questions)
        finally:
            await engine.dispose()

    async def close(self) -> None:
        await self._writer.dispose()

    def _engine(self, **options: Any) -> AsyncEngine:
        # Who has SQLite is spared the seven megabytes of it.
        from sqlalchemy.ext.asyncio import create_async_engine

        try:
            return create_async_engine(
                self._url,
                pool_pre_ping=True,  # the server may have been restarted
                connect_args={"timeout": CONNECT_SECONDS, **options},
                hide_parameters=True,
            )
        except ModuleNotFoundError:
            raise StoreError(
                "PostgreSQL needs asyncpg: install mixbot with its extra, mixbot[postgres]."
            ) from None


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
            return Postgres(url.set(drivername="postgresql+asyncpg"))
    raise StoreError(_WRONG_ADDRESS)


_WRONG_ADDRESS = (
    "The database's address must look like sqlite:///mixbot.db or "
    "postgresql://user:password@host/database."
)
