"""What an upload costs, in CPU and in memory, against bare aiohttp's form and aiomixcloud."""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from benchmarks import peers
from benchmarks.processes import in_a_process
from mixbot.mixcloud import Mixcloud

MEGABYTE = 1_000_000
ANSWER = b'{"result": {"success": true, "message": "Uploaded", "key": "/bench/measured/"}}'

Upload = Callable[[str], Awaitable[object]]
Ask = Callable[[str], dict[str, Any]]


def main(*, quick: bool) -> None:
    sizes = (64, 256) if quick else (64, 256, 1000)
    print("\n| upload | CPU s/GB | against bare | " + _titles(sizes))
    print("| --- | ---: | ---: |" + " ---: |" * len(sizes))
    with ExitStack() as stack:
        address = stack.enter_context(in_a_process(count)).recv()
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        files = [_sparse(folder / f"{size}.mp3", size) for size in sizes]
        small = _sparse(folder / "1.mp3", 1)
        contestants: dict[str, Ask] = {
            "bare aiohttp form": stack.enter_context(_uploader(bare, address)),
            "mixbot.mixcloud": stack.enter_context(_uploader(ours, address)),
        }
        try:
            peer = stack.enter_context(peers.aiomixcloud(address, "token"))
            contestants["aiomixcloud 1.0.6"] = lambda path: peer.ask("upload", 1, path)
        except peers.Unavailable as error:
            print(f"| aiomixcloud: {error} | | |" + " |" * len(sizes))
        _measure(contestants, small, files, sizes, rounds=2 if quick else 5)


def _titles(sizes: tuple[int, ...]) -> str:
    return " | ".join(f"more memory at {size} MB" for size in sizes) + " |"


def _measure(
    contestants: dict[str, Ask], small: str, files: list[str], sizes: tuple[int, ...], rounds: int
) -> None:
    grown: dict[str, list[float]] = {}
    for name, ask in contestants.items():
        before = ask(small)["memory"]
        grown[name] = [(ask(file)["memory"] - before) / MEGABYTE for file in files]
    cpu: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, ask in contestants.items():
            cpu[name].append(ask(files[-1])["cpu"] * 1000 / sizes[-1])
    bare_cpu = statistics.median(cpu["bare aiohttp form"])
    for name in contestants:
        median = statistics.median(cpu[name])
        memory = " | ".join(f"{more:.1f} MB" for more in grown[name])
        print(f"| {name} | {median:.2f} | {median / bare_cpu:.2f} | {memory} |")


def _sparse(path: Path, megabytes: int) -> str:
    path.touch()
    os.truncate(path, megabytes * MEGABYTE)
    return str(path)


# The server, which only counts


def count(pipe: Connection) -> None:
    """Take whatever is sent, and answer as Mixcloud does."""

    async def take(request: web.BaseRequest) -> web.Response:
        async for _ in request.content.iter_any():
            pass
        return web.Response(body=ANSWER, content_type="text/javascript")

    async def run() -> None:
        runner = web.ServerRunner(web.Server(take))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0]
        pipe.send(f"http://{host}:{port}")
        await asyncio.to_thread(pipe.poll, None)
        await runner.cleanup()

    asyncio.run(run())


def most_memory() -> int:
    """The most bytes that were resident; `ru_maxrss` would begin with those of the parent."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


# Who uploads, each in a process of its own


@contextmanager
def _uploader(target: Callable[[Connection, str], None], address: str) -> Iterator[Ask]:
    with in_a_process(target, address) as pipe:

        def ask(path: str) -> dict[str, Any]:
            pipe.send(path)
            answer: dict[str, Any] = pipe.recv()
            return answer

        yield ask


def ours(pipe: Connection, address: str) -> None:
    async def run() -> None:
        async with Mixcloud(address, access_token="token") as mixcloud:
            await _answer(pipe, lambda path: mixcloud.upload(path, "Measured"))

    asyncio.run(run())


def bare(pipe: Connection, address: str) -> None:
    async def run() -> None:
        async with aiohttp.ClientSession() as session:

            async def upload(path: str) -> None:
                form = aiohttp.FormData()
                form.add_field("name", "Measured")
                with open(path, "rb") as file:  # noqa: ASYNC230 - as aiomixcloud does
                    form.add_field("mp3", file)
                    async with session.post(f"{address}/upload/", data=form) as response:
                        await response.read()

            await _answer(pipe, upload)

    asyncio.run(run())


async def _answer(pipe: Connection, upload: Upload) -> None:
    while True:
        try:
            path = await asyncio.to_thread(pipe.recv)
        except EOFError:
            return
        started = time.process_time()
        await upload(path)
        cpu = time.process_time() - started
        memory = most_memory()
        pipe.send({"cpu": cpu, "memory": memory})
