"""`mixbot run` itself, as people start it: a program with its settings in the environment."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from pydantic import SecretStr

from benchmarks.processes import file_bytes, resident_bytes
from mixbot.settings import Settings


class Program:
    """A mixbot that was started at `started`, by this process's clock (`time.perf_counter`)."""

    def __init__(self, process_id: int, port: int, started: float) -> None:
        self._process_id = process_id
        self._port = port
        self.started = started

    async def ready(self) -> None:
        """Wait until `/readyz` says so."""
        async with aiohttp.ClientSession() as session:
            while not await _is_ready(session, self._port):  # noqa: ASYNC110 - of another process
                await asyncio.sleep(0.01)

    def cpu_seconds(self) -> float:
        """CPU time of all its threads."""
        fields = Path(f"/proc/{self._process_id}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_bytes(self) -> int:
        """The memory it holds now, garbage included."""
        return resident_bytes(self._process_id)

    def file_bytes(self) -> int:
        """What of that is in files: other processes share it."""
        return file_bytes(self._process_id)


@asynccontextmanager
async def program(settings: Settings) -> AsyncIterator[Program]:
    """A fresh `mixbot run`, whose commands are registered already; it may not be ready yet."""
    settings = settings.model_copy(update={"http_port": _free_port()})
    await _finished("sync", "--yes", settings=settings)
    started = time.perf_counter()
    process = await _started("run", settings=settings)
    try:
        yield Program(process.pid, settings.http_port, started)
    finally:
        process.terminate()
        await process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


async def _is_ready(session: aiohttp.ClientSession, port: int) -> bool:
    try:
        async with session.get(f"http://127.0.0.1:{port}/readyz") as answer:
            return answer.status == 200
    except aiohttp.ClientConnectionError:
        return False


async def _finished(*arguments: str, settings: Settings) -> None:
    process = await _started(*arguments, settings=settings)
    if await process.wait():
        raise RuntimeError(f"mixbot {' '.join(arguments)} failed")


async def _started(*arguments: str, settings: Settings) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "mixbot", *arguments),
        # Compiled by the first that runs, as it is where it is installed.
        env={**os.environ, **environment(settings), "PYTHONDONTWRITEBYTECODE": ""},
        cwd=Path(__file__).parent.parent,
        stdout=asyncio.subprocess.DEVNULL,
    )


def environment(settings: Settings) -> dict[str, str]:
    """`settings` as variables of the environment."""
    written = {}
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            value = value.get_secret_value()
        if value is not None:
            written[str(field.validation_alias)] = str(value)
    return written
