"""Answers that are kept for a while, and questions that are asked only once at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from cachetools import TTLCache

from mixbot.transport.exchange import Answer


@dataclass(slots=True)
class Flight:
    """A question that is being asked, and how many wait for its answer."""

    task: asyncio.Task[Answer]
    waiting: int = 0


class ResponseCache:
    """Keeps answers to public reads for `seconds`, and of at most `size` bytes together.

    Who asks what is being asked already waits for the same answer, so a hundred who ask at once
    cost Mixcloud one request. Several clients of one event loop may share it. Reads with an access
    token never come here: their answers are one person's.
    """

    def __init__(
        self,
        *,
        seconds: float = 60.0,
        size: int = 32 * 1024 * 1024,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._answers: TTLCache[str, Answer] = TTLCache(size, seconds, clock, _size)
        self._flights: dict[str, Flight] = {}

    def clear(self) -> None:
        """Forget all answers."""
        self._answers.clear()

    async def answer(self, address: str, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """What `address` answers: kept, or on its way, or asked for now with `ask`.

        Only success is kept. Who is cancelled leaves the others waiting; the last one ends it.
        """
        kept: Answer | None = self._answers.get(address)
        if kept is not None:
            return kept
        flight = self._flights.get(address) or self._start(address, ask)
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                self._land(address, flight)
                flight.task.cancel()
                await asyncio.wait([flight.task])

    def _start(self, address: str, ask: Callable[[], Awaitable[Answer]]) -> Flight:
        async def fly() -> Answer:
            try:
                answer = await ask()
            finally:
                self._land(address, flight)
            if answer[0] == 200 and _size(answer) <= self._answers.maxsize:
                self._answers[address] = answer
            return answer

        flight = self._flights[address] = Flight(asyncio.create_task(fly()))
        return flight

    def _land(self, address: str, flight: Flight) -> None:
        if self._flights.get(address) is flight:
            del self._flights[address]


def _size(answer: Answer) -> int:
    return len(answer[2])
