"""An empty database of each kind for the tests that ask for one."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator
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
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'mixbot.db'}"
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
