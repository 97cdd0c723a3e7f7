"""Uploads on their way in: how much has arrived, and how fast it is read."""

import asyncio
from contextlib import suppress

from mixbot.sandbox.waiting import Watched

PIECE = 256 * 1024
SMALLEST_PIECE = 256  # more than the border between two parts of a form
STEPS = 20  # a second, of a slow reader


class Cut(ConnectionError):
    """The server has had enough, and hangs up."""


class Arrival(Watched):
    """A form sent to `/upload/`, from its first byte on.

    `bytes` counts what has been read of its files, `expected` is the length of the whole form if
    the client said it. `whole` tells that all of it came, `over` that it came or never will.
    """

    def __init__(self, path: str, expected: int | None, bytes_per_second: float | None) -> None:
        super().__init__()
        self.path = path
        self.expected = expected
        self.bytes = 0
        self.whole = False
        self.over = False
        self.bytes_per_second = bytes_per_second
        self.cut_after: int | None = None
        self.hold_after: int | None = None
        self._released = asyncio.Event()
        self._abandoned = asyncio.Event()

    def __repr__(self) -> str:
        state = "whole" if self.whole else "over" if self.over else "arriving"
        return f"<Arrival at {self.path}: {self.bytes} bytes, {state}>"

    async def reaches(self, size: int, timeout: float = 10) -> None:
        """Wait until `size` bytes of its files have been read."""
        await self.becomes(lambda: self.bytes >= size, timeout, f"{size} bytes of an upload")

    async def ended(self, timeout: float = 10) -> None:
        """Wait until it has come whole, or never will."""
        await self.becomes(lambda: self.over, timeout, "the end of an upload")

    def release(self) -> None:
        """Go on reading after `HoldReading`."""
        self._released.set()

    def abandon(self) -> None:
        """Read no more of it; whoever sends it loses the connection."""
        self._abandoned.set()
        self._released.set()

    @property
    def step(self) -> int:
        """How many bytes to read at once."""
        size = PIECE
        if self.bytes_per_second:
            size = min(size, int(self.bytes_per_second / STEPS))
        for border in (self.cut_after, self.hold_after):
            if border is not None and border > self.bytes:
                size = min(size, border - self.bytes)
        return max(size, SMALLEST_PIECE)

    async def took(self, size: int) -> None:
        """Count `size` more bytes, and take the time that this takes; may raise `Cut`."""
        self.bytes += size
        self.changed()
        if self.cut_after is not None and self.bytes >= self.cut_after:
            raise Cut
        if self.hold_after is not None and self.bytes >= self.hold_after:
            await self._released.wait()
        if self.bytes_per_second:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._abandoned.wait(), size / self.bytes_per_second)
        if self._abandoned.is_set():
            raise Cut

    def end(self, *, whole: bool) -> None:
        self.whole = self.whole or whole
        self.over = True
        self.changed()


class Arrivals(Watched):
    """All uploads since the server was made."""

    def __init__(self) -> None:
        super().__init__()
        self.all: list[Arrival] = []
        self.most_at_once = 0

    @property
    def running(self) -> list[Arrival]:
        """Those on their way now."""
        return [arrival for arrival in self.all if not arrival.over]

    def begin(self, path: str, expected: int | None, bytes_per_second: float | None) -> Arrival:
        arrival = Arrival(path, expected, bytes_per_second)
        self.all.append(arrival)
        self.most_at_once = max(self.most_at_once, len(self.running))
        self.changed()
        return arrival

    async def number(self, number: int, timeout: float) -> Arrival:
        """The upload that began as the `number`-th, once it has."""
        await self.becomes(lambda: len(self.all) >= number, timeout, f"upload number {number}")
        return self.all[number - 1]
