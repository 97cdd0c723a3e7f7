"""Copies of all that is remembered, and the way back.

A backup is an SQLite file with mixbot's tables, whichever database it was made of: so it is also
how everything moves from SQLite to PostgreSQL, or back. What is encrypted stays so.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import (
    Connection,
    DateTime,
    Engine,
    MetaData,
    NullPool,
    Table,
    create_engine,
    delete,
    event,
    func,
    insert,
    select,
    text,
)

from .engines import BUSY_SECONDS, Database, Postgres, Sqlite, StoreError, database_at
from .opening import BEFORE_THE_FIRST, explained, migrate, revision_of, upgrade
from .records import APPLICATION
from .schema import HEAD, UtcDateTime, accounts, alembic_version, gates, metadata

T = TypeVar("T")
Told: TypeAlias = Callable[[int, int], None]  # how much is done, of how much

PAGES_AT_ONCE = 1000  # four megabytes
ROWS_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Contents:
    """What a database or a backup holds: the revision of its tables, and how many rows of each."""

    revision: str
    rows: Mapping[str, int]


class NotEmpty(StoreError):
    """Somewhere to restore to has rows already; `filled` says how many of what."""

    def __init__(self, filled: Mapping[str, int]) -> None:
        held = ", ".join(f"{table}: {count}" for table, count in filled.items())
        super().__init__(f"The database is not empty ({held}). --force replaces all that it holds.")
        self.filled = filled


class NothingThere(StoreError):
    def __init__(self) -> None:
        super().__init__("The database has no tables of mixbot: there is nothing to back up.")


class Stopped(Exception):
    """Nobody waits for this work any more."""


async def back_up(
    address: str, file: Path, *, overwrite: bool = False, told: Told = lambda done, total: None
) -> Contents:
    """Write all that the database at `address` holds into `file`, while others go on using it.

    The file is there when it is whole and was read back, and before that not at all. Raises
    StoreError when that cannot be, and if there is such a file already, unless to `overwrite` it.
    """
    database = database_at(address)
    try:
        _refuse(database, file, overwrite=overwrite)
        with explained("The backup cannot be made"), _new_file(file, overwrite=overwrite) as part:
            watch = _Watch(told)
            match database:
                case Sqlite(path=Path() as path):
                    written = await watch.over(asyncio.to_thread(_copy_pages, path, part, watch))
                case Postgres():
                    written = await watch.over(
                        database.snapshot(lambda connection: _dump(connection, part, watch))
                    )
                case _:
                    raise StoreError("A database in memory cannot be backed up.")
            if await asyncio.to_thread(_read_back, part) != written:
                raise StoreError("The backup is not what was written: the disk may be damaged.")
            return written
    finally:
        await database.close()


async def restore(
    address: str, file: Path, *, replace: bool = False, told: Told = lambda done, total: None
) -> Contents:
    """Put what a backup holds into the database at `address`: all of it, or nothing.

    Tables are made where there are none; those of an older revision are brought up to date, in the
    backup's copy too. Raises NotEmpty if there are rows already, unless to `replace` them, and
    StoreError with any other reason.
    """
    database = database_at(address)
    try:
        if _is_at(database, file):
            raise StoreError(f"{file} is the database itself.")
        found = await asyncio.to_thread(contents, file)
        watch = _Watch(told)
        with explained("The backup cannot be restored"), _at_head(file, found, database) as ready:
            rows = await watch.over(
                database.write(
                    lambda connection: _replace(connection, ready, watch, anyway=replace),
                    patient=True,
                )
            )
        return Contents(found.revision, rows)
    finally:
        await database.close()


def contents(file: Path) -> Contents:
    """What a backup holds; raises StoreError if it is none, damaged, or of a newer mixbot."""
    if not file.is_file():
        raise StoreError(f"There is no file {file}.")
    found = _read_back(file)
    if found is None:
        raise StoreError(f"{file} is no backup of mixbot, or it is damaged.")
    if found.revision > HEAD:  # a revision's name is its number
        raise StoreError(f"{file} was made by a newer mixbot: upgrade mixbot first.")
    return found


def _read_back(file: Path) -> Contents | None:
    """What a file holds; None if it is not whole, or none of ours."""
    try:
        with closing(_reading(file)) as connection:
            if connection.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
                return None
            return _contents(connection)
    except sqlite3.DatabaseError:
        return None


class _Watch:
    """Tells how far work is, and stops it when nobody waits for it any more."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._stopped = threading.Event()

    def __call__(self, done: int, total: int) -> None:
        if self._stopped.is_set():
            raise Stopped
        self._told(done, total)

    async def over(self, work: Awaitable[T]) -> T:
        """What `work` comes to. To be cancelled is to stop it, unless it is done by then."""
        task = asyncio.ensure_future(work)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            self._stopped.set()
            await asyncio.wait([task])
            if task.exception() is None:
                return task.result()
            raise


# The file


def _refuse(database: Database, file: Path, *, overwrite: bool) -> None:
    if isinstance(database, Sqlite) and database.path and not database.path.exists():
        raise StoreError(f"There is no database at {database.path}.")
    if _is_at(database, file):
        raise StoreError(f"{file} is the database itself.")
    if file.exists() and not overwrite:
        raise _AlreadyThere(file)


class _AlreadyThere(StoreError):
    def __init__(self, file: Path) -> None:
        super().__init__(f"{file} is there already. --force overwrites it.")


def _is_at(database: Database, file: Path) -> bool:
    path = database.path if isinstance(database, Sqlite) else None
    return bool(path and path.exists() and file.exists() and path.samefile(file))


@contextmanager
def _new_file(file: Path, *, overwrite: bool) -> Iterator[Path]:
    """A path to write to; what is there after the block becomes `file`, at once and for good."""
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", suffix=".part", dir=file.parent)
    part = Path(name)  # its owner's alone, and stays so
    try:
        yield part
        os.fsync(handle)
        _name(part, file, overwrite=overwrite)
    finally:
        os.close(handle)
        for left in (part, Path(f"{part}-journal")):
            left.unlink(missing_ok=True)
    _settle(file.parent)


def _name(part: Path, file: Path, *, overwrite: bool) -> None:
    if overwrite:
        part.replace(file)
        return
    try:
        os.link(part, file)  # unlike a rename, it never replaces what somebody put there meanwhile
    except FileExistsError:
        raise _AlreadyThere(file) from None
    except OSError:  # no links on this disk
        if file.exists():
            raise _AlreadyThere(file) from None
        part.rename(file)


def _settle(folder: Path) -> None:
    """Have the disk know the file's new name."""
    with suppress(OSError):  # some disks do not let folders be opened
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _reading(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS)


def _contents(connection: sqlite3.Connection) -> Contents:
    """What there is; raises sqlite3.DatabaseError if that is nothing of ours."""
    revision = connection.execute("SELECT max(version_num) FROM alembic_version").fetchone()[0]
    if revision is None:
        raise sqlite3.DatabaseError("no revision")
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' "
        "ESCAPE '\\' AND name != 'alembic_version' ORDER BY name"
    ).fetchall()
    rows = {name: _count(connection, name) for (name,) in names}
    return Contents(revision, rows)


def _count(connection: sqlite3.Connection, table: str) -> int:
    quoted = table.replace('"', '""')
    [count] = connection.execute(f'SELECT count(*) FROM "{quoted}"').fetchone()  # noqa: S608
    return int(count)


# SQLite's own copy


def _copy_pages(source: Path, target: Path, told: Told) -> Contents:
    """Copy a database page by page, as it was when the copy began."""
    address = f"{source.absolute().as_uri()}?mode=rw"  # which does not make one
    with closing(
        sqlite3.connect(address, uri=True, isolation_level=None, timeout=BUSY_SECONDS)
    ) as reading:
        reading.execute("BEGIN")
        if not reading.execute(
            "SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'"
        ).fetchone()[0]:
            raise NothingThere
        held = _contents(reading)  # since it began to read, this connection sees no change
        with closing(sqlite3.connect(target)) as writing:
            reading.backup(
                writing,
                pages=PAGES_AT_ONCE,
                progress=lambda _status, left, total: told(total - left, total),
            )
            writing.execute("PRAGMA journal_mode=DELETE")  # one file, with nothing beside it
        return held


# Row by row


def _dump(connection: Connection, file: Path, told: Told) -> Contents:
    """Copy the tables into a file that is made at the very revision they are at."""
    revision = revision_of(connection)
    if revision in (None, BEFORE_THE_FIRST):
        raise NothingThere
    engine = _engine(file)
    with engine.begin() as writing:
        migrate(writing, revision)
        tables = _tables_in(writing)
        rows = _copy(connection, writing, tables, told)
    return Contents(revision, rows)


def _replace(target: Connection, file: Path, told: Told, *, anyway: bool) -> Mapping[str, int]:
    """Put the rows of a backup in place of all there are."""
    upgrade(target)
    tables = metadata.sorted_tables
    if target.dialect.name == "postgresql":  # SQLite has one writer, and that is us
        names = ", ".join(table.name for table in tables)
        target.execute(text(f"LOCK TABLE {names} IN EXCLUSIVE MODE"))
    if not anyway and (filled := _filled(target)):
        raise NotEmpty(filled)
    for table in reversed(tables):
        target.execute(delete(table))
    with _engine(file, read_only=True).connect() as source:
        rows = _copy(source, target, tables, told)
    if target.dialect.name == "postgresql":
        for table in tables:
            _continue_numbers(target, table)
    return rows


def _copy(
    source: Connection, target: Connection, tables: Iterable[Table], told: Told
) -> dict[str, int]:
    """Copy all rows of `tables`; how many of each. Raises StoreError if they are not all there."""
    counts = _counts(source, tables)
    total, done = sum(counts.values()), 0
    for table in tables:
        question = select(table).execution_options(yield_per=ROWS_AT_ONCE)
        for rows in source.execute(question).partitions():
            target.execute(insert(table), [dict(row._mapping) for row in rows])
            done += len(rows)
            told(done, total)
    if _counts(target, tables) != counts:
        raise StoreError("Not all rows arrived; nothing was kept.")
    return dict(sorted(counts.items()))


def _counts(connection: Connection, tables: Iterable[Table]) -> dict[str, int]:
    return {
        table.name: connection.scalar(select(func.count()).select_from(table)) or 0
        for table in tables
    }


def _filled(connection: Connection) -> dict[str, int]:
    """How many rows there are of what has any, but for those of a bot that nobody has used yet."""
    counts = _counts(connection, [table for table in metadata.sorted_tables if table is not gates])
    own = select(func.count()).where(accounts.c.user_id == APPLICATION)
    counts[accounts.name] -= connection.scalar(own) or 0
    return {name: count for name, count in counts.items() if count}


def _continue_numbers(target: Connection, table: Table) -> None:
    """Have PostgreSQL number new rows after those that were copied with their numbers."""
    column = table.autoincrement_column
    if column is not None:
        sequence = func.pg_get_serial_sequence(table.name, column.name)
        following = func.coalesce(func.max(column), 0) + 1
        target.execute(select(func.setval(sequence, following, False)))


def _tables_in(connection: Connection) -> list[Table]:
    """The tables of a file as they are there, which may be otherwise than they are now."""
    found = MetaData()
    event.listen(found, "column_reflect", _know_moments)
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != alembic_version.name]


def _know_moments(_inspector: Any, _table: Table, column: Any) -> None:
    if isinstance(column["type"], DateTime):
        column["type"] = UtcDateTime()


@contextmanager
def _at_head(file: Path, found: Contents, database: Database) -> Iterator[Path]:
    """A backup with its tables up to date: itself, or a copy beside the database."""
    if found.revision == HEAD:
        yield file
        return
    near = database.path.parent if isinstance(database, Sqlite) and database.path else None
    with tempfile.TemporaryDirectory(prefix=".mixbot-", dir=near) as folder:
        copy = Path(folder) / "backup.db"
        with closing(_reading(file)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        with _engine(copy).begin() as connection:
            migrate(connection)
        yield copy


def _engine(file: Path, *, read_only: bool = False) -> Engine:
    if read_only:
        return create_engine("sqlite://", creator=lambda: _reading(file), poolclass=NullPool)
    return create_engine(f"sqlite:///{file}", poolclass=NullPool)
