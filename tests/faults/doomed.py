"""`mixbot run` as a process that dies: `python -m tests.faults.doomed PLAN`.

From when SIGUSR1 comes it counts the steps that its tasks take, of which one ends at every await
that really waits, and kills itself (SIGKILL) at the one that it was given.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine, Generator
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial, wraps
from types import coroutine
from typing import Any

import orjson

from mixbot import app, logs
from mixbot.settings import Settings


@dataclass(frozen=True, slots=True)
class Plan:
    """How it runs: what no setting is for, and at which step it dies, counted from 1."""

    sign_in_url: str
    short_url: str
    dies_at: int | None = None
    lease: float = 1.0  # seconds

    def as_argument(self) -> str:
        return orjson.dumps(asdict(self)).decode()


class Steps:
    """Counts steps, from when it is told to."""

    def __init__(self, last: int | None) -> None:
        self._last = last
        self._taken = 0
        self._counting = False
        signal.signal(signal.SIGUSR1, lambda *_: self.begin())

    def begin(self) -> None:
        self._counting = True

    def take(self) -> None:
        if self._counting:
            self._taken += 1
            if self._taken == self._last:
                os.kill(os.getpid(), signal.SIGKILL)

    @coroutine
    def of(self, work: Coroutine[Any, Any, Any]) -> Generator[Any, Any, Any]:
        """Do `work`, and count its steps."""
        proceed, given = work.send, None
        while True:
            self.take()
            try:
                awaited = proceed(given)
            except StopIteration as done:
                return done.value
            try:
                proceed, given = work.send, (yield awaited)
            except GeneratorExit:
                work.close()
                raise
            except BaseException as error:
                proceed, given = work.throw, error

    def task(
        self, loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any], **options: Any
    ) -> asyncio.Task[Any]:
        async def counted() -> Any:
            return await self.of(work)

        return asyncio.Task(counted(), loop=loop, **options)


def main() -> None:
    plan = Plan(**orjson.loads(sys.argv[1]))
    steps = Steps(plan.dies_at)
    settings = Settings.read()
    logs.configure(settings)
    app.assembled = partial(
        app.assembled,
        sign_in_url=plan.sign_in_url,
        short_url=plan.short_url,
        guild_ready_timeout=0.03,
    )
    lease = timedelta(seconds=plan.lease)
    app.Publishing = partial(app.Publishing, lease=lease)  # type: ignore[assignment, attr-defined]
    app.Accounts = partial(app.Accounts, lease=lease)  # type: ignore[assignment, attr-defined]

    @wraps(app.run)
    async def counted() -> None:
        asyncio.get_running_loop().set_task_factory(steps.task)  # type: ignore[arg-type]
        await app.run(settings)

    asyncio.run(counted())


if __name__ == "__main__":
    main()
