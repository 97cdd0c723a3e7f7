"""How much mixbot holds, and whether it grows: `python -m benchmarks soak [--quick]`.

The bot has a core of its own; Discord, its people and Mixcloud share the others. Interactions of
all kinds come when they come, whether or not those before are answered.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, cycle
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.bot import IN_FLIGHT, KEPT, PEOPLE, SERVERS, Crowd, Subject, mixbot_subjects, spread
from benchmarks.ours import run_mixbot, run_mixcloud
from benchmarks.processes import Process, spawned
from mixbot.sandbox import DiscordServer

P99_SECONDS = 1.0  # what is asked for
FORGET_AFTER = 2_000  # interactions, so that the Discord here does not keep them all
SAMPLES = 10
PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    first_rate: int  # interactions a second
    step: int
    seconds: int  # of each rate
    warming: int  # interactions
    minutes: float  # of the soak


FULL = Size(first_rate=50, step=50, seconds=15, warming=20_000, minutes=60.0)
QUICK = Size(first_rate=100, step=50, seconds=6, warming=6_000, minutes=4.0)


def main() -> None:
    size = QUICK if "--quick" in sys.argv else FULL
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(size, Path(folder)))


def on_a_core_of_its_own(pipe: Connection, target: Callable[..., None], *arguments: object) -> None:
    """`target` on the last core, which the others leave to it if there is another."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    target(pipe, *arguments)


def leave_a_core() -> None:
    """Keep this process, and those it starts from now on, off the last core."""
    cores = os.sched_getaffinity(0)
    if len(cores) > 1:
        os.sched_setaffinity(0, cores - {max(cores)})


async def measure(size: Size, folder: Path) -> None:
    async with DiscordServer() as server:
        crowd = Crowd(server)
        cores = os.sched_getaffinity(0)
        leave_a_core()
        async with spawned(run_mixcloud, SERVERS * PEOPLE) as (_, served):
            os.sched_setaffinity(0, cores)  # which the bot inherits, and chooses from
            settings = crowd.settings(served, folder / "soak.db")
            bot = (run_mixbot, settings, crowd.linked(served), KEPT)
            async with spawned(on_a_core_of_its_own, *bot) as (mixbot, _):
                leave_a_core()
                mixed = Mixed(mixbot_subjects(mixbot, crowd, served), crowd)
                await mixed.for_a_while(size.warming)
                await held(size, mixbot, mixed)
                await soaked(size, mixbot, mixed)


class Mixed:
    """Interactions of all kinds, in turn, by people who each wait for their own answer only."""

    def __init__(self, subjects: Sequence[Subject], crowd: Crowd) -> None:
        self._turns: Iterator[Subject] = cycle(subjects)
        self._numbers = count()
        self.crowd = crowd
        self.lost = 0

    async def use(self) -> float:
        """One of them; seconds until it was acknowledged."""
        subject, number = next(self._turns), next(self._numbers)
        user, channel = self.crowd.seats[number % len(self.crowd.seats)]
        interaction = await user.slash(channel, subject.command, **subject.options(number))
        reply = await interaction.reply(PATIENCE)
        if not subject.is_right(reply) or interaction.acknowledged_after is None:
            raise RuntimeError(f"{subject.name} was answered with {reply!r}")
        return interaction.acknowledged_after

    async def for_a_while(self, interactions: int) -> None:
        """Use so many, IN_FLIGHT at a time."""
        for _ in range(-(-interactions // FORGET_AFTER)):
            left = iter(range(min(FORGET_AFTER, interactions)))

            async def one_after_another(left: Iterator[int] = left) -> None:
                for _ in left:
                    try:
                        await self.use()
                    except Exception:
                        self.lost += 1

            async with asyncio.TaskGroup() as group:
                for _ in range(IN_FLIGHT):
                    group.create_task(one_after_another())
            self.crowd.forget()


async def held(size: Size, mixbot: Process, mixed: Mixed) -> None:
    """Come more and more often, until one is lost or p99 is too late."""
    print(f"Interactions of all kinds, each rate for {size.seconds} s, the bot on one core\n")
    print("| a second | sent | lost | acknowledged, median ms | p99, ms | of its core |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: |")
    rate = size.first_rate
    while True:
        before, began = mixbot.cpu_seconds(), time.perf_counter()
        outcomes = await spread(mixed.use, rate, rate * size.seconds)
        share = (mixbot.cpu_seconds() - before) / (time.perf_counter() - began)
        mixed.crowd.forget()
        seconds = sorted(one for one in outcomes if isinstance(one, float))
        lost = len(outcomes) - len(seconds)
        p99 = seconds[len(seconds) * 99 // 100] if seconds else PATIENCE
        median = seconds[len(seconds) // 2] if seconds else PATIENCE
        print(
            f"| {rate} | {len(outcomes)} | {lost} | {median * 1e3:.0f} | {p99 * 1e3:.0f} "
            f"| {share:.0%} |",
            flush=True,
        )
        if lost or p99 > P99_SECONDS:
            return
        rate += size.step


async def soaked(size: Size, mixbot: Process, mixed: Mixed) -> None:
    """Go on as fast as it goes, and look at what the bot holds."""
    mixed.lost = 0
    print(f"\nThen {size.minutes:.0f} minutes without a pause ({IN_FLIGHT} in flight)\n")
    print("| minutes | interactions | lost | memory, MB | tasks | descriptors | threads |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    began, done = time.perf_counter(), 0
    for number in range(SAMPLES + 1):
        until = began + number / SAMPLES * size.minutes * 60
        while time.perf_counter() < until:
            await mixed.for_a_while(FORGET_AFTER)
            done += FORGET_AFTER
        await asyncio.sleep(0.5)  # what follows an answer is done
        print(
            f"| {(time.perf_counter() - began) / 60:.1f} | {done} | {mixed.lost} "
            f"| {mixbot.resident_bytes() / 1e6:.1f} | {mixbot.count('tasks')} "
            f"| {mixbot.count('descriptors')} | {mixbot.count('threads')} |",
            flush=True,
        )
