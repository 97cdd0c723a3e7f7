"""Ways to do the same thing, taking turns, and the CPU they cost."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from benchmarks import peers

Work = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Row:
    """Two ways to do the same thing, `times` times in a round."""

    name: str
    times: int
    floor: Work
    subject: Work
    peer: str = ""  # what the other library's side calls it


@dataclass(frozen=True, slots=True)
class Result:
    """Medians over all rounds: CPU seconds of the floor and of the subject, and their ratio."""

    name: str
    floor: float
    subject: float
    ratio: float
    peer: float | None


async def compare(row: Row, peer: peers.Peer | None, count: int) -> Result:
    """Both sides of `row` in turns, each going first in every other turn, and then the peer.

    The turns are as short as can be, so that whatever else the machine does weighs on both alike.
    """
    await row.floor(), await row.subject()  # connections are opened, caches filled
    rounds, others = [], []
    for _ in range(count):
        rounds.append(await turns(row))
        if peer and row.peer:
            others.append(peer.cpu(row.peer, max(1, row.times // 10)))
    return Result(
        row.name,
        statistics.median(floor for floor, _ in rounds),
        statistics.median(subject for _, subject in rounds),
        statistics.median(subject / floor for floor, subject in rounds),
        statistics.median(others) if others else None,
    )


async def turns(row: Row) -> tuple[float, float]:
    """CPU seconds of one floor and one subject, averaged over `times` turns."""
    gc.collect()
    floor = subject = 0.0
    for number in range(row.times):
        if number % 2:
            subject += await cpu(row.subject)
            floor += await cpu(row.floor)
        else:
            floor += await cpu(row.floor)
            subject += await cpu(row.subject)
    return floor / row.times, subject / row.times


async def cpu(work: Work) -> float:
    started = time.process_time()
    await work()
    return time.process_time() - started
