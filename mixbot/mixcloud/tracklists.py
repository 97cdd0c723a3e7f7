"""Tracklists: what is played in a show, and when."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a show: a track (`artist` and `song`), or a chapter with a title."""

    start_time: int | None = None  # seconds from the beginning
    artist: str | None = None
    song: str | None = None
    chapter: str | None = None
