"""Discord's ids: numbers that grow with time, written as text."""

from __future__ import annotations

import time
from datetime import UTC, datetime

EPOCH = 1420070400_000  # milliseconds; Discord counts from 2015
TICK = 1 << 22  # one millisecond, in an id


class Snowflakes:
    """Makes new ids, each greater than the one before."""

    def __init__(self) -> None:
        self._last = 0

    def __call__(self) -> str:
        now = int(time.time() * 1000 - EPOCH) * TICK
        self._last = max(self._last + 1, now)
        return str(self._last)


class GuildIds:
    """Ids of servers made at different times, so that they spread evenly over shards."""

    def __init__(self) -> None:
        self._last = 200_000_000_000 * TICK

    def __call__(self) -> str:
        self._last += 3_600_001 * TICK
        return str(self._last)


def now() -> str:
    """The present as Discord writes it."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
