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
from sqlalchemy import make_url, text
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
    if not POSTGRES:
        pytest.skip(WITHOUT_POSTGRES)
    async with new_postgres_database(POSTGRES) as url:
        yield url


@asynccontextmanager
async def new_postgres_database(server_url: str) -> AsyncIterator[str]:
    """The address of a new database on a server, which is dropped at the end."""
    name = f"mixbot_test_{secrets.token_hex(6)}"
    # An engine without our limits: a busy server takes its time to make a database.
    url = make_url(server_url).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as server:
            await server.execute(text(f"CREATE DATABASE {name}"))
        try:
            yield urlsplit(server_url)._replace(path=f"/{name}").geturl()
        finally:
            async with engine.connect() as server:
                await server.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    finally:
        await engine.dispose()


@pytest_asyncio.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with open_store(database_url) as store:
        yield store
