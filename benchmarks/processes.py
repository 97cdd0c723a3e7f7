"""Processes of their own for what is measured, and a pipe to ask them what they have used."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any


class Process:
    """A process that is asked what it has used, or seen, so far."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def cpu_seconds(self) -> float:
        """CPU time of all its threads."""
        return float(self._ask("cpu"))

    def resident_bytes(self) -> int:
        """The memory it holds now, garbage aside."""
        return int(self._ask("memory"))

    def count(self, what: str) -> int:
        """How many `tasks`, `descriptors` or `threads` it has now."""
        return int(self._ask(what))

    def answer_seconds(self) -> list[float]:
        """How long Mixcloud took for each answer since it was asked this."""
        return list(self._ask("answers"))

    def _ask(self, question: str) -> Any:
        self._pipe.send(question)
        return self._pipe.recv()


@contextmanager
def in_a_process(target: Callable[..., None], *arguments: object) -> Iterator[Connection]:
    """`target` in a fresh process, which is to end when this end of the pipe is closed."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=target, args=(there, *arguments), daemon=True)
    process.start()
    there.close()
    try:
        yield here
    finally:
        here.close()
        process.join()


@asynccontextmanager
async def spawned(
    target: Callable[..., None], *arguments: object
) -> AsyncIterator[tuple[Process, Any]]:
    """`target` in a fresh process, and the first thing that it said."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=target, args=(there, *arguments), daemon=True)
    process.start()
    there.close()
    try:
        yield Process(here), await asyncio.to_thread(here.recv)
    finally:
        here.close()
        await asyncio.to_thread(process.join)


def last_in_line(pipe: Connection, target: Callable[..., None], *arguments: object) -> None:
    """`target`, running only when nobody else on its core has anything to do."""
    os.nice(19)
    target(pipe, *arguments)


async def answering(pipe: Connection, answers: Mapping[str, Callable[[], object]]) -> None:
    """Answer what is asked through `pipe`, until its other end is closed."""
    loop = asyncio.get_running_loop()
    closed = loop.create_future()

    def answer() -> None:
        try:
            pipe.send(answers[pipe.recv()]())
        except (EOFError, OSError):
            loop.remove_reader(pipe)
            closed.set_result(None)

    loop.add_reader(pipe, answer)
    await closed


def resident_bytes(process_id: int) -> int:
    """The memory that a process holds now."""
    pages = Path(f"/proc/{process_id}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def file_bytes(process_id: int) -> int:
    """What of that is in files, libraries mostly: other processes share it."""
    pages = Path(f"/proc/{process_id}/statm").read_text().split()[2]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def descriptors() -> int:
    """Open files and sockets."""
    return len(os.listdir("/proc/self/fd"))


def _without_garbage() -> int:
    gc.collect()
    return resident_bytes(os.getpid())


USED: Mapping[str, Callable[[], object]] = {
    "cpu": time.process_time,
    "memory": _without_garbage,
    "tasks": lambda: len(asyncio.all_tasks()),
    "descriptors": descriptors,
    "threads": threading.active_count,
}
