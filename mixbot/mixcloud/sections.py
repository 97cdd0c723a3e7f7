"""The parts of a show."""

from __future__ import annotations

from typing import NamedTuple


class Section(NamedTuple):
    """A part of a show: a track (`artist` and `song`), or a chapter with a title."""

    start_time: int | None = None  # seconds from the beginning
    artist: str | None = None
    song: str | None = None
    chapter: str | None = None
