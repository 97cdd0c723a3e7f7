from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.databases import database_url, store
from tests.linking import mixcloud_server, sign_in_stage, stage
from tests.web.browser import Browser, browser

__all__ = ["database_url", "mixcloud_server", "sign_in_stage", "stage", "store"]


@pytest_asyncio.fixture
async def ada() -> AsyncIterator[Browser]:
    """Ada's browser."""
    async with browser() as mine:
        yield mine


@pytest_asyncio.fixture
async def bob() -> AsyncIterator[Browser]:
    """Bob's browser."""
    async with browser() as mine:
        yield mine
