"""The gate that holds all calls back while Mixcloud asks to wait."""

from __future__ import annotations

import time
from collections.abc import Callable

from .errors import RateLimited

MARGIN = 2.0  # seconds; a call at the very end of a rate limit prolongs it


class Gate:
    """Shared by every client of a process, so that one rate limit stops them all.

    `on_close` is told the seconds each time the gate closes for longer than before: an application
    of several processes passes them on, and the others call `close`.
    """

    def __init__(
        self,
        *,
        on_close: Callable[[float], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.on_close = on_close
        self._clock = clock
        self._opens_at = 0.0

    def close(self, seconds: float) -> None:
        """Hold calls back for `seconds`; a gate that is closed for longer stays so."""
        opens_at = self._clock() + seconds
        if opens_at > self._opens_at:
            self._opens_at = opens_at
            if self.on_close:
                self.on_close(seconds)

    def seconds_left(self) -> float:
        """Seconds until calls may go through; 0 when they may now."""
        return max(0.0, self._opens_at - self._clock()) if self._opens_at else 0.0

    def check(self) -> None:
        """Raise RateLimited with the seconds left while the gate is closed; nobody sleeps here."""
        if left := self.seconds_left():
            raise RateLimited(f"Mixcloud asks to wait {left:.0f} seconds.", retry_after=left)
