"""A TokenStore in an SQLite file, and a process that uses it, as an application has several."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

from mixbot.soundcloud import SoundCloud, Tokens, tokens

LEASE = 30.0  # seconds; longer than a call takes


class Shelf:
    """The tokens of one account in the file at `path`."""

    def __init__(self, path: Path | str) -> None:
        self.path = path

    def put(self, tokens: Tokens | None) -> None:
        """Begin with `tokens`."""
        with self._open() as file:
            file.execute("CREATE TABLE IF NOT EXISTS kept (access TEXT, refresh TEXT)")
            file.execute("CREATE TABLE IF NOT EXISTS lease (one INTEGER PRIMARY KEY, until REAL)")
            file.execute("DELETE FROM kept")
            if tokens:
                file.execute(
                    "INSERT INTO kept VALUES (?, ?)", (tokens.access_token, tokens.refresh_token)
                )

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=10)) as file, file:
            yield file

    async def load(self) -> Tokens | None:
        with self._open() as file:
            row = file.execute("SELECT access, refresh FROM kept").fetchone()
        return Tokens(*row) if row else None

    async def save(self, tokens: Tokens, *, instead_of: Tokens | None) -> bool:
        assert instead_of
        with self._open() as file:
            done = file.execute(
                "UPDATE kept SET access = ?, refresh = ? WHERE access = ? AND refresh = ?",
                (
                    tokens.access_token,
                    tokens.refresh_token,
                    instead_of.access_token,
                    instead_of.refresh_token,
                ),
            )
        return done.rowcount == 1

    @asynccontextmanager
    async def refreshing(self) -> AsyncIterator[None]:
        while not self._lease():  # noqa: ASYNC110 - another process holds it, and wakes nobody
            await asyncio.sleep(0.02)
        try:
            yield
        finally:
            with self._open() as file:
                file.execute("DELETE FROM lease")

    def _lease(self) -> bool:
        now = time.time()
        with self._open() as file:
            done = file.execute(
                "INSERT INTO lease VALUES (1, ?) ON CONFLICT (one) DO UPDATE "
                "SET until = excluded.until WHERE until < ?",
                (now + LEASE, now),
            )
        return done.rowcount == 1


async def main(path: str, api_url: str, calls: int) -> None:
    """Act for the account on the shelf, once a line comes in; says whose account it was."""
    tokens.YOUNG = 0.0  # nobody waits for an hour here
    async with SoundCloud(
        api_url,
        auth_root=api_url,
        client_id="client",
        client_secret="secret",
        tokens=Shelf(path),
    ) as soundcloud:
        print("ready", flush=True)  # noqa: T201
        while await asyncio.to_thread(sys.stdin.readline):
            found = await asyncio.gather(*(soundcloud.me() for _ in range(calls)))
            print(*(me.username for me in found), flush=True)  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
