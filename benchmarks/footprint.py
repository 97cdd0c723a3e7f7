"""What importing the library costs, and what shows take that are held."""

from __future__ import annotations

import asyncio
import gc
import os
import statistics
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from typing import Any

import aiohttp
import orjson

from benchmarks.processes import in_a_process
from mixbot.mixcloud import Mixcloud
from mixbot.sandbox import MixcloudServer
from mixbot.sandbox.mixcloud import Catalogue

SHOWS, HOSTS, TAGS, PAGE = 2000, 60, 80, 100
IMPORT = """
import time
started = time.perf_counter()
import {what}
seconds = time.perf_counter() - started
print(seconds, open("/proc/self/status").read().partition("VmHWM:")[2].split()[0])
"""


def main(*, quick: bool) -> None:
    _imports(5 if quick else 25)
    _held()


# Importing


def _imports(rounds: int) -> None:
    measured: dict[str, list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory() as cache:  # compiled once, as an installed package is
        for number in range(rounds + 1):
            for what in ("aiohttp", "aiohttp, mixbot.mixcloud"):
                found = _import(what, cache)
                if number:
                    measured.setdefault(what, []).append(found)
    print("\n| | ms | MB |")
    print("| --- | ---: | ---: |")
    rows = {
        what: [statistics.median(one) for one in zip(*found, strict=True)]
        for what, found in measured.items()
    }
    for what, (ms, mb) in rows.items():
        print(f"| `import {what}` | {ms:.1f} | {mb:.1f} |")
    (ms, mb), (more_ms, more_mb) = rows.values()
    print(f"| `mixbot.mixcloud` alone | {more_ms - ms:.1f} | {more_mb - mb:.1f} |")


def _import(what: str, cache: str) -> tuple[float, float]:
    environment = {name: value for name, value in os.environ.items() if name[:6] != "PYTHON"}
    command = [sys.executable, "-X", f"pycache_prefix={cache}", "-c", IMPORT.format(what=what)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    seconds, kilobytes = map(float, done.stdout.split())
    return seconds * 1000, kilobytes / 1024


# Holding shows


def _held() -> None:
    ways: dict[str, Callable[[str], Awaitable[Any]]] = {
        "dictionaries of `orjson.loads`": dictionaries,
        "pages, one after the other": pages,
        "shows, by `page.all()`": walked,
    }
    print(f"\n| {SHOWS} shows held as | bytes a show |")
    print("| --- | ---: |")
    for name, way in ways.items():
        with in_a_process(hold, way) as pipe:
            print(f"| {name} | {pipe.recv():,.0f} |")


def hold(pipe: Connection, way: Callable[[str], Awaitable[Any]]) -> None:
    """Say how many bytes each show takes that is held the given `way`."""

    async def run() -> float:
        async with MixcloudServer(catalogue()) as server:
            await way(server.api_url)  # what is made once and kept is made
            gc.collect()
            tracemalloc.start()
            before, _ = tracemalloc.get_traced_memory()
            held = await way(server.api_url)
            gc.collect()
            after, _ = tracemalloc.get_traced_memory()
            assert held
            return (after - before) / SHOWS

    pipe.send(asyncio.run(run()))


def catalogue() -> Catalogue:
    made = Catalogue()
    start = datetime(2020, 1, 1, tzinfo=UTC)
    hosts = [made.add_user(f"station-{number}", city="London") for number in range(HOSTS)]
    for number in range(SHOWS):
        made.add_show(
            hosts[number % HOSTS],
            f"A show of usual length, number {number}",
            created=start + timedelta(hours=number),
            tags=tuple(f"Style {(number * step) % TAGS}" for step in (1, 3, 7, 11)),
            audio_length=3600,
            plays=1000 + number,
        )
    return made


async def dictionaries(api_url: str) -> Any:
    held = []
    async with aiohttp.ClientSession() as session:
        for offset in range(0, SHOWS, PAGE):
            address = f"{api_url}/popular/?metadata=1&limit={PAGE}&offset={offset}"
            async with session.get(address) as response:
                held.append(orjson.loads(await response.read()))
    return held


async def pages(api_url: str) -> Any:
    held = []
    async with Mixcloud(api_url, access_token=None) as mixcloud:
        for offset in range(0, SHOWS, PAGE):
            held.append(await mixcloud.popular(limit=PAGE, offset=offset))
    return held


async def walked(api_url: str) -> Any:
    async with Mixcloud(api_url, access_token=None) as mixcloud:
        page = await mixcloud.popular(limit=PAGE, offset=0)
        return [show async for show in page.all()]
