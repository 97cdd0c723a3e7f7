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
from sqlalchemy import text

from mixbot.store import Store, open_store
from mixbot.store.engines import database_at

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
    name = f"mixbot_test_{secrets.token_hex(6)}"
    server = database_at(POSTGRES)
    try:
        # `read` begins no transaction, in which databases cannot be made.
        await server.read(lambda c: c.execute(text(f"CREATE DATABASE {name}")))
        try:
            yield urlsplit(POSTGRES)._replace(path=f"/{name}").geturl()
        finally:
            await server.read(lambda c: c.execute(text(f"DROP DATABASE {name} WITH (FORCE)")))
    finally:
        await server.close()


@pytest_asyncio.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with open_store(database_url) as store:
        yield store
