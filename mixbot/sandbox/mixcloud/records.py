"""What the pretended Mixcloud knows: people, shows, playlists, comments, and who did what when."""

import unicodedata
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, ClassVar, Generic, Literal, TypeVar
from urllib.parse import quote

Visibility = Literal["public", "unlisted", "private"]


class Record:
    """Something that can be changed at any time; every change is counted.

    Answers rendered before the last change are stale, which is all the server's cache asks.
    """

    __slots__ = ()
    changes: ClassVar[int] = 0

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)
        Record.changes += 1


def slugify(text: str) -> str:
    """The last segment of an address made from a title: letters of every script stay."""
    kept = (
        character if unicodedata.category(character)[0] in "LNM" else " "
        for character in text.lower()
    )
    return "-".join("".join(kept).split())


def picture_path(kind: str, name: str, suffix: str = "") -> str:
    """The part of a picture's address after its size, the same for the same `name`."""
    digest = sha256(f"{kind}/{name}".encode()).hexdigest()
    shelves, rest = "/".join(digest[:4]), digest[4:32]
    groups = "-".join((rest[:4], rest[4:8], rest[8:12], rest[12:16], rest[16:]))
    return f"{kind}/{shelves}/{groups}{suffix}"


DEFAULT_AVATAR = "defaults/users/6.png"


@dataclass(eq=False, slots=True)
class User(Record):
    """An account. `extra` is merged into its JSON last; a member that is None there is left out."""

    username: str
    name: str
    created: datetime
    updated: datetime
    biog: str = ""
    city: str | None = None
    country: str | None = None
    picture: str = DEFAULT_AVATAR
    cover: str | None = None
    followers: int = 0
    following: int = 0
    favorites: int = 0
    listens: int = 0
    is_pro: bool = False
    is_premium: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return f"/{quote(self.username, safe='')}/"


@dataclass(frozen=True, slots=True)
class Section:
    """A track of a show, or a chapter when `chapter` is given."""

    artist: str = ""
    song: str = ""
    start_time: int | None = None
    chapter: str | None = None


@dataclass(eq=False, slots=True)
class Show(Record):
    """A cloudcast. Its counts start where they are set and grow with what people do here.

    `unlisted` shows answer by their address only; `private` ones answer 403 to everybody but
    their host. `extra` is merged into the JSON last; a member that is None there is left out.
    """

    user: User
    slug: str
    name: str
    created: datetime
    updated: datetime
    picture: str
    description: str = ""
    tags: tuple[str, ...] = ()
    audio_length: int | None = 3600
    plays: int = 0
    favorites: int = 0
    listeners: int = 0
    reposts: int = 0
    hidden_stats: bool = False
    is_exclusive: bool | None = None
    sections: tuple[Section, ...] = ()
    visibility: Visibility = "public"
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return f"{self.user.key}{quote(self.slug, safe='')}/"


@dataclass(eq=False, slots=True)
class Comment(Record):
    """What `user` wrote under a show or on somebody's profile."""

    user: User
    text: str
    submitted: datetime
    number: int


@dataclass(eq=False, slots=True)
class Playlist(Record):
    """Shows that `owner` put together."""

    owner: User
    slug: str
    name: str
    created: datetime
    shows: tuple[Show, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.owner.key}playlists/{quote(self.slug, safe='')}/"


Doer = TypeVar("Doer", bound=Hashable)
Done = TypeVar("Done", bound=Hashable)


class Ties(Generic[Doer, Done]):
    """Who did it to what, and when: all follows, or all favorites, or all reposts."""

    def __init__(self) -> None:
        self._by: dict[Doer, dict[Done, datetime]] = {}
        self._to: dict[Done, dict[Doer, datetime]] = {}

    def add(self, doer: Doer, done: Done, when: datetime) -> None:
        """Remember it; done twice, the first time counts."""
        if done not in self._by.setdefault(doer, {}):
            self._by[doer][done] = self._to.setdefault(done, {})[doer] = when
            Record.changes += 1

    def remove(self, doer: Doer, done: Done) -> bool:
        """Forget it; False if there was nothing to forget."""
        if (doer, done) not in self:
            return False
        del self._by[doer][done], self._to[done][doer]
        Record.changes += 1
        return True

    def __contains__(self, tie: tuple[Doer, Done]) -> bool:
        doer, done = tie
        return done in self._by.get(doer, ())

    def by(self, doer: Doer) -> list[tuple[datetime, Done]]:
        """Everything `doer` did it to, the latest first."""
        return _latest_first(self._by.get(doer, {}))

    def to(self, done: Done) -> list[tuple[datetime, Doer]]:
        """Everybody who did it to `done`, the latest first."""
        return _latest_first(self._to.get(done, {}))

    def count_by(self, doer: Doer) -> int:
        return len(self._by.get(doer, ()))

    def count_to(self, done: Done) -> int:
        return len(self._to.get(done, ()))


T = TypeVar("T")


def _latest_first(ties: Mapping[T, datetime]) -> list[tuple[datetime, T]]:
    return sorted(((when, one) for one, when in ties.items()), key=lambda tie: tie[0], reverse=True)
