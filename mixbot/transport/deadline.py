"""Bounded time for many calls at once."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import ClassVar


class TimeLimit:
    """`with limit:` ends what takes longer than `seconds`, with `error`.

    It does what `asyncio.timeout` does, but with one timer for all calls: all have the same time,
    so the oldest ends first. A timer for each would make a call a tenth dearer.
    """

    error: ClassVar[type[Exception]] = TimeoutError

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._calls: dict[asyncio.Task[object], tuple[float, int]] = {}  # the oldest first
        self._ended: dict[asyncio.Task[object], tuple[int, str]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def close(self) -> None:
        """Stop the timer, and end what is still under way."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        for task in list(self._calls):
            self._end(task, "The client was closed")

    def __enter__(self) -> None:
        task = _this_task()
        loop = task.get_loop()
        # Whoever has cancelled this task before wants it cancelled, whatever happens here.
        self._calls[task] = loop.time() + self.seconds, task.cancelling()
        if self._timer is None:
            self._timer = loop.call_later(self.seconds, self._end_the_late, loop)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        task = _this_task()
        if task in self._calls:
            del self._calls[task]
            return
        cancelling, reason = self._ended.pop(task)
        if task.uncancel() <= cancelling and kind is asyncio.CancelledError:
            raise type(self).error(reason) from None

    def _end_the_late(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        for task, (ends_at, _) in list(self._calls.items()):
            if ends_at > loop.time():
                self._timer = loop.call_at(ends_at, self._end_the_late, loop)
                break
            self._end(task, f"No answer in {self.seconds:g} seconds")

    def _end(self, task: asyncio.Task[object], reason: str) -> None:
        _, cancelling = self._calls.pop(task)
        self._ended[task] = cancelling, reason
        task.cancel()


def _this_task() -> asyncio.Task[object]:
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("a call needs a task to run in")
    return task
