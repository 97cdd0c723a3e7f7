"""A gate that holds all calls back while the other side asks to wait."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable


class Gate(ABC):
    """Shared by every client of a process; each library says what a closed one raises."""

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
        """Raise `refusal` with the seconds left while the gate is closed; nobody sleeps here."""
        if left := self.seconds_left():
            raise self.refusal(left)

    @abstractmethod
    def refusal(self, seconds: float) -> Exception:
        """What is raised while the gate is closed for `seconds` more."""
