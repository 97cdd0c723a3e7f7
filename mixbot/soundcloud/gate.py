"""The gate that holds all calls back while SoundCloud asks to wait."""

from __future__ import annotations

from mixbot.transport import gate

from .errors import RateLimited

MARGIN = 2.0  # seconds; clocks differ


class Gate(gate.Gate):
    """Shared by every client of a process, so that one rate limit stops them all.

    `on_close` is told the seconds each time the gate closes for longer than before: an application
    of several processes passes them on, and the others call `close`.
    """

    def refusal(self, seconds: float) -> RateLimited:
        """What is raised while the gate is closed for `seconds` more."""
        return RateLimited(f"SoundCloud asks to wait {seconds:.0f} seconds.", retry_after=seconds)
