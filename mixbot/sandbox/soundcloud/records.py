"""What the pretended SoundCloud knows: people, tracks, playlists and comments."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mixbot.sandbox.mixcloud.records import Record

NOT_IN_PERMALINKS = re.compile(r"[^a-z0-9_]+")


def permalink_of(name: str) -> str:
    """A segment of an address made from a name or a title; empty where no Latin letter is in it."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return NOT_IN_PERMALINKS.sub("-", plain.lower()).strip("-")


@dataclass(eq=False, slots=True)
class User(Record):
    """An account. `extra` is merged into its JSON last."""

    id: int
    permalink: str
    username: str
    created: datetime
    description: str | None = None
    city: str | None = None
    country: str | None = None
    followers: int = 0
    followings: int = 0
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Track(Record):
    """Its counts start where they are set and grow with what people do here; lengths are ms.

    A `private` one is found by its owner only, and by who knows its `secret` (`s-…`).
    `hidden_stats` is SoundCloud's quiet mode.
    """

    id: int
    user: User
    permalink: str
    title: str
    created: datetime
    description: str | None = None
    genre: str = ""
    tag_list: str = ""
    duration: int = 240_000
    plays: int = 0
    likes: int = 0
    reposts: int = 0
    private: bool = False
    secret: str | None = None
    hidden_stats: bool = False
    access: str = "playable"
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Playlist(Record):
    """Tracks that `user` put together; a `private` one is as a private track is."""

    id: int
    user: User
    permalink: str
    title: str
    created: datetime
    tracks: tuple[Track, ...] = ()
    likes: int = 0
    reposts: int = 0
    private: bool = False
    secret: str | None = None


@dataclass(eq=False, slots=True)
class Comment(Record):
    """What `user` wrote about a moment of `track`, in milliseconds."""

    id: int
    track: Track
    user: User
    body: str
    created: datetime
    timestamp: int | None = None
