"""Programs of Python that start at once: as `python …` would, with mixbot imported already.

Importing what a bot needs takes the better part of a second of work, and the tests start more than
a hundred processes. So one process, which is nothing but imports, makes copies of itself.
"""

from __future__ import annotations

import asyncio
import atexit
import gc
import os
import runpy
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

import orjson

IMPORTED = (
    "asyncpg",
    "mixbot.app",
    "mixbot.checks",
    "mixbot.registration",
    "mixbot.store.migrations",
    "mixbot.terminal",
    "mixbot.upkeep",
    "sqlalchemy.ext.asyncio",
)
ROOT = Path(__file__).parent.parent
MOST_BYTES = 1 << 20  # of an order: a script and an environment


@dataclass(frozen=True)
class Order:
    """What a copy is to do."""

    arguments: Sequence[str]
    folder: str
    environment: dict[str, str]

    def carry_out(self) -> None:
        os.chdir(self.folder)
        os.environ.clear()
        os.environ.update(self.environment)
        time.tzset()
        flag, program, *rest = self.arguments
        sys.argv = [flag, *rest]
        if flag == "-m":
            runpy.run_module(program, run_name="__main__", alter_sys=True)
        else:
            exec(program, {"__name__": "__main__"})


class Pipe(asyncio.StreamReaderProtocol):
    """What a program writes, and when that is all."""

    def __init__(self) -> None:
        self.reader = asyncio.StreamReader()
        self.closed = asyncio.Event()
        super().__init__(self.reader)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self.closed.set()


@dataclass(frozen=True)
class Result:
    """What a program that has ended leaves."""

    code: int
    out: str
    err: str


class Program:
    """A process that runs, after `asyncio.subprocess.Process`."""

    def __init__(self, pid: int, out: Pipe, err: Pipe, end: Pipe) -> None:
        self.pid = pid
        self.stdout = out.reader
        self.stderr = err.reader
        self.returncode: int | None = None
        self._ended = asyncio.create_task(self._wait_for(out, err, end))

    async def _wait_for(self, *pipes: Pipe) -> int:
        for pipe in pipes:
            await pipe.closed.wait()
        self.returncode = int(await pipes[-1].reader.read())
        return self.returncode

    async def wait(self) -> int:
        return await asyncio.shield(self._ended)

    async def finish(self) -> Result:
        """Wait until it ends; what it wrote, as far as nobody has read it yet."""
        out, err = await asyncio.gather(self.stdout.read(), self.stderr.read())
        return Result(await self.wait(), out.decode(), err.decode())

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


async def run(*arguments: str, cwd: Path | None = None, env: Mapping[str, str]) -> Result:
    """Start what `python *arguments` would, as `start` does, and wait until it ends."""
    program = await start(*arguments, cwd=cwd, env=env)
    return await program.finish()


async def start(*arguments: str, cwd: Path | None = None, env: Mapping[str, str]) -> Program:
    """Start what `python *arguments` would: `-m MODULE …` or `-c SCRIPT …`; nobody types to it."""
    pipes = [os.pipe() for _ in range(3)]
    order = Order(arguments, str(cwd or ROOT), dict(env))
    try:
        copier().order(order, [written for _, written in pipes])
    finally:
        for _, written in pipes:
            os.close(written)
    out, err, end = [await _connected(read) for read, _ in pipes]
    return Program(int(await end.reader.readline()), out, err, end)


async def _connected(descriptor: int) -> Pipe:
    pipe = os.fdopen(descriptor, "rb", 0)
    _, protocol = await asyncio.get_running_loop().connect_read_pipe(Pipe, pipe)
    return protocol


class Copier:
    """The process that is copied, until nobody can give it orders any more."""

    def __init__(self) -> None:
        self._orders, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
        self._orders.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MOST_BYTES)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.forked"], stdin=theirs.fileno(), cwd=ROOT
            )

    def order(self, order: Order, descriptors: list[int]) -> None:
        """Have a copy do this; it writes to the descriptors: output, errors, its id and its end."""
        socket.send_fds(self._orders, [orjson.dumps(order)], descriptors)

    def close(self) -> None:
        self._orders.close()
        self._process.wait()


@cache
def copier() -> Copier:
    made = Copier()
    atexit.register(made.close)
    return made


# What runs in the process that is copied


def copied(orders: socket.socket) -> Order | None:
    """Wait for orders, and make a copy for each, in which this returns its order.

    It returns None where nobody gives orders any more.
    """
    while True:
        message, descriptors, _, _ = socket.recv_fds(orders, MOST_BYTES, 3)
        if not message:
            return None
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            out, err, end = descriptors
            if pid := os.fork():
                os.write(end, b"%d\n" % pid)
                _, status = os.waitpid(pid, 0)
                os.write(end, b"%d\n" % os.waitstatus_to_exitcode(status))
                os._exit(0)
            os.dup2(out, 1)
            os.dup2(err, 2)
            for descriptor in descriptors:
                os.close(descriptor)
            return Order(**orjson.loads(message))
        for descriptor in descriptors:
            os.close(descriptor)


def main() -> None:
    for module in IMPORTED:
        import_module(module)
    gc.freeze()  # copies share what nobody counts
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(fileno=sys.stdin.fileno()) as orders:
        order = copied(orders)
    sys.stdin = open(os.devnull)  # noqa: SIM115  # for as long as the program runs
    if order:
        order.carry_out()


if __name__ == "__main__":
    main()
