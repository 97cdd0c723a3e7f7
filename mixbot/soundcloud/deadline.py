"""Bounded time for many calls at once."""

from __future__ import annotations

from mixbot.transport import deadline

from .errors import Unreachable


class TimeLimit(deadline.TimeLimit):
    """`with limit:` ends what takes longer than `seconds`, with Unreachable."""

    error = Unreachable
