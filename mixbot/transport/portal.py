"""Awaiting without `await`: a thread in which an event loop lives, and ways to wait for it."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any, TypeVar

import aiohttp

T = TypeVar("T")


class Portal:
    """A thread with an event loop in which one client lives. It starts when it is needed."""

    def __init__(self, name: str) -> None:
        self._name = name  # of the thread
        self.session: aiohttp.ClientSession | None = None  # to be closed with it
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def is_here(self) -> bool:
        """Whether this is the portal's own thread."""
        return threading.current_thread() is self._thread

    def wait_for(self, awaitable: Awaitable[T]) -> T:
        """What `awaitable` comes to in the portal's loop. Who is interrupted here cancels it."""
        future = asyncio.run_coroutine_threadsafe(_awaited(awaitable), self._open())
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def _open(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                # A daemon, so that a client nobody closed does not keep the program from ending.
                self._thread = threading.Thread(
                    target=_run, args=(self._loop,), name=self._name, daemon=True
                )
                self._thread.start()
            return self._loop

    def close(self) -> None:
        """End the thread and all that goes on in it; it starts again if it is needed again."""
        with self._lock:
            loop, thread, session = self._loop, self._thread, self.session
            self._loop = self._thread = self.session = None
        if loop is None or thread is None:
            return
        loop.call_soon_threadsafe(lambda: loop.create_task(_end(loop, session)))
        if threading.current_thread() is not thread:
            thread.join()


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    loop.run_forever()
    loop.close()


async def _end(loop: asyncio.AbstractEventLoop, session: aiohttp.ClientSession | None) -> None:
    """Cancel what still runs in the loop, close what is open, and stop it."""
    tasks = asyncio.all_tasks(loop) - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    if session is not None:
        await session.close()
    await loop.shutdown_asyncgens()
    await loop.shutdown_default_executor()
    loop.stop()


async def _awaited(awaitable: Awaitable[T]) -> T:
    return await awaitable


END: Any = object()


class _Items(Iterator[T]):
    """An asynchronous iterator, waited for item by item."""

    def __init__(self, portal: Portal, items: AsyncIterator[T]) -> None:
        self._portal = portal
        self._items = items

    def __next__(self) -> T:
        item = self._portal.wait_for(self._next())
        if item is END:
            raise StopIteration
        return item

    async def _next(self) -> T:
        # Asked for in the loop, which thereby learns of what it has to close in the end.
        return await anext(self._items, END)


class _Block(AbstractContextManager[T]):
    """An asynchronous context manager, entered and left by waiting."""

    def __init__(self, portal: Portal, block: AbstractAsyncContextManager[T]) -> None:
        self._portal = portal
        self._block = block

    def __enter__(self) -> T:
        return self._portal.wait_for(self._block.__aenter__())

    def __exit__(self, *exc_info: Any) -> bool | None:
        return self._portal.wait_for(self._block.__aexit__(*exc_info))


def waited(portal: Portal, result: Any) -> Any:
    """What `result` comes to, or gives bit by bit, in the portal's loop; there, as it is."""
    if portal.is_here:
        return result
    if inspect.isawaitable(result):
        return portal.wait_for(result)
    if isinstance(result, AsyncIterator):
        return _Items(portal, result)
    if isinstance(result, AbstractAsyncContextManager):
        return _Block(portal, result)
    return result
