"""Mixcloud and SoundCloud as fixtures, for the tests of whoever talks to them.

# conftest.py
pytest_plugins = ["mixbot.sandbox.fixtures"]

# test_mine.py
def test_my_program_finds_shows(mixcloud_server):
    mixcloud_server.catalogue.add_show("ada", "Rain, Recorded")
    ...  # point it at mixcloud_server.api_url
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager

import pytest

from mixbot.sandbox import soundcloud
from mixbot.sandbox.loopback import Loopback
from mixbot.sandbox.mixcloud import Catalogue, MixcloudServer
from mixbot.sandbox.soundcloud import SoundCloudServer


@pytest.fixture
def mixcloud_server() -> Iterator[MixcloudServer]:
    """A Mixcloud for one test, with an empty catalogue.

    It runs in a thread of its own, so it serves tests that block as well as those that await; what
    awaits on the server itself, such as `requested`, is not for other threads.
    """
    server = MixcloudServer(Catalogue())
    with _served(server):
        yield server


@pytest.fixture
def soundcloud_server() -> Iterator[SoundCloudServer]:
    """A SoundCloud for one test, with an empty catalogue, in a thread of its own as well."""
    server = SoundCloudServer(soundcloud.Catalogue())
    with _served(server):
        yield server


@contextmanager
def _served(server: Loopback) -> Iterator[None]:
    started: Future[Callable[[], object]] = Future()
    thread = threading.Thread(target=asyncio.run, args=(_serve(server, started),))
    thread.start()
    stop = started.result()
    try:
        yield
    finally:
        stop()
        thread.join()


async def _serve(server: Loopback, started: Future[Callable[[], object]]) -> None:
    """Serve until what `started` is given is called, from any thread."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    async with server:
        started.set_result(lambda: loop.call_soon_threadsafe(stopped.set))
        await stopped.wait()
