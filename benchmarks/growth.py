"""Whether a mixbot that is used and used grows: `python -m benchmarks bot growth`."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path

from benchmarks.bot import (
    IN_FLIGHT,
    PEOPLE,
    SERVERS,
    Crowd,
    Subject,
    Turning,
    extra_subjects,
    mixbot_subjects,
)
from benchmarks.ours import run_mixbot, run_mixcloud
from benchmarks.processes import Process, spawned
from mixbot.sandbox import DiscordServer
from mixbot.sandbox.discord import InteractionFailed

INTERACTIONS, WARMING = 500_000, 50_000
QUICK_INTERACTIONS, QUICK_WARMING = 20_000, 20_000
SAMPLES = 10
FORGET_AFTER = 2_000  # interactions, so that the Discord here does not keep half a million
KEPT = 64  # pages and shows: the caches fill, and something is dropped, from the beginning


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure_growth(Path(folder), quick="--quick" in sys.argv))


async def measure_growth(folder: Path, *, quick: bool) -> None:
    """Print what is resident after so many interactions of all kinds, and how much that grew."""
    interactions = QUICK_INTERACTIONS if quick else INTERACTIONS
    async with (
        spawned(run_mixcloud, SERVERS * PEOPLE) as (_, served),
        DiscordServer() as server,
    ):
        crowd = Crowd(server)
        settings = crowd.settings(served, folder / "growth.db")
        async with spawned(run_mixbot, settings, crowd.linked(served), KEPT) as (mixbot, _):
            subjects = [
                *mixbot_subjects(mixbot, crowd, served),
                *extra_subjects(mixbot, crowd, served),
                Turning(mixbot, crowd, served),
            ]
            await use_all(subjects, QUICK_WARMING if quick else WARMING)
            await sampled(mixbot, subjects, interactions)


async def sampled(mixbot: Process, subjects: Sequence[Subject], interactions: int) -> None:
    print(f"Resident memory, {len(subjects)} kinds of interactions by turns, warmed up\n")
    print("| interactions | MB | grown, MB | a second | not answered |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    first, all_missed = mixbot.resident_bytes(), Counter[str]()
    print(f"| 0 | {first / 1e6:.1f} | | | |")
    for number in range(1, SAMPLES + 1):
        began = time.perf_counter()
        missed = await use_all(subjects, interactions // SAMPLES)
        each_second = interactions / SAMPLES / (time.perf_counter() - began)
        now = mixbot.resident_bytes()
        done = number * interactions // SAMPLES
        grown = (now - first) / 1e6
        speed = f"{each_second:.0f}"
        row = f"| {done} | {now / 1e6:.1f} | {grown:+.2f} | {speed} | {missed.total()} |"
        print(row, flush=True)
        all_missed += missed
    for name, times in all_missed.most_common():
        print(f"\nNot answered: {name}, {times} times")


async def use_all(subjects: Sequence[Subject], interactions: int) -> Counter[str]:
    """Use each of `subjects` in turn, IN_FLIGHT at a time; which were not answered rightly.

    A machine that does other things meanwhile lets a suggestion come too late now and then.
    """
    turns, missed = cycle(subjects), Counter[str]()
    for _ in range(-(-interactions // FORGET_AFTER)):
        missed += await _use_some(turns, min(FORGET_AFTER, interactions))
        subjects[0].crowd.forget()
    return missed


async def _use_some(turns: Iterator[Subject], interactions: int) -> Counter[str]:
    left, missed = iter(range(interactions)), Counter[str]()

    async def one_after_another() -> None:
        for _ in left:
            subject = next(turns)
            try:
                await subject.use()
            except (RuntimeError, TimeoutError, InteractionFailed):
                missed[subject.name] += 1

    async with asyncio.TaskGroup() as group:
        for _ in range(IN_FLIGHT):
            group.create_task(one_after_another())
    return missed
