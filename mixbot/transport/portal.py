"""Awaiting without `await`: a thread in which an event loop lives, and ways to wait for it."""

from __future__ import annotations

import asyncio
import functools
import inspect
import threading
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

import aiohttp

T = TypeVar("T")

if TYPE_CHECKING:  # whatever client comes after it among the bases of a class
    Client: Any
else:
    Client = object


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


def _waited(portal: Portal, result: Any) -> Any:
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


def blocking(method: Callable[..., Any]) -> Callable[..., Any]:
    """`method` of a client in a portal, which waits for what it would have to be awaited for."""

    @functools.wraps(method)
    def call(self: InPortal, *args: Any, **options: Any) -> Any:
        return _waited(self._portal, method(self, *args, **options))

    return call


class InPortal(Client):  # type: ignore[misc]
    """Makes a client live in a portal: comes before it among the bases of a class."""

    _thread: ClassVar[str]  # what its thread is called

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._portal = Portal(self._thread)
        self._origin: InPortal | None = None  # whose portal it is, if it is not its own
        weakref.finalize(self, self._portal.close)

    def __enter__(self) -> Self:
        self._portal.wait_for(self.__aenter__())
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the session, unless it was given, and end the thread."""
        if self._origin is None:
            self._portal.wait_for(super().close())
            self._portal.close()

    def _lent(self, copied: Callable[..., Any], *args: Any) -> Self:
        """What `copied` makes of this, in the same portal, which it does not end."""

        async def made() -> Any:
            return copied(*args)

        other: Self = self._portal.wait_for(made())
        other._origin = self
        return other

    def _open(self) -> aiohttp.ClientSession:
        session: aiohttp.ClientSession = super()._open()
        if self._owns_session:
            self._portal.session = session
        return session


def waited_by(client: object, asked: Awaitable[T], thread: str) -> T:
    """What `asked` comes to, in the portal of `client`; if it has none, in one of its own, whose
    thread is called `thread`.
    """
    if isinstance(client, InPortal):
        return client._portal.wait_for(asked)
    portal = Portal(thread)
    try:
        return portal.wait_for(asked)
    finally:
        portal.close()
