"""An empty database of each kind for the tests that ask for one."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from sqlalchemy import NullPool, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from mixbot.store import Store, open_store

POSTGRES = os.environ.get("MIXBOT_TEST_POSTGRES")
WITHOUT_POSTGRES = "MIXBOT_TEST_POSTGRES names no PostgreSQL server to test on"


@pytest_asyncio.fixture(params=["sqlite", "postgresql"])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The address of a new database, of this test alone."""
    async with new_database(request.param, tmp_path / "mixbot.db") as address:
        yield address


@asynccontextmanager
async def new_database(kind: str, path: Path) -> AsyncIterator[str]:
    """The address of an empty database; at `path`, if it is a file."""
    if kind == "sqlite":
        yield f"sqlite:///{path}"
        return
    async with new_postgres_database() as url:
        yield url


# On POSTGRES, empty: to make and to drop one takes a server ten times as long as to empty one.
_at_hand: list[str] = []


@asynccontextmanager
async def new_postgres_database() -> AsyncIterator[str]:
    """The address of an empty database on POSTGRES; the next test may get it, empty again."""
    if not POSTGRES:
        pytest.skip(WITHOUT_POSTGRES)
    if _at_hand:
        name = _at_hand.pop()
    else:
        name = f"mixbot_test_{secrets.token_hex(6)}"
        # No test is about a server that falls over, so nobody waits for its disk.
        await _told(
            POSTGRES,
            f"CREATE DATABASE {name}",
            f"ALTER DATABASE {name} SET synchronous_commit = off",
        )
    url = urlsplit(POSTGRES)._replace(path=f"/{name}").geturl()
    try:
        yield url
    finally:
        await _told(
            url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
            "DROP SCHEMA public CASCADE",
            "CREATE SCHEMA public",
        )
        _at_hand.append(name)


async def drop_databases() -> None:
    """Drop what tests have left for others."""
    if POSTGRES and _at_hand:
        await _told(POSTGRES, *(f"DROP DATABASE {name} WITH (FORCE)" for name in _at_hand))
    _at_hand.clear()


async def _told(url: str, *statements: str) -> None:
    """Have PostgreSQL run these, each for itself."""
    # An engine without our limits: a busy server takes its time to make a database.
    address = make_url(url).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(address, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    async with engine.connect() as connection:
        for statement in statements:
            await connection.execute(text(statement))


@pytest_asyncio.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with open_store(database_url) as store:
        yield store
