"""What SoundCloud sends: its JSON, with names and types for what is known of it.

The class body is the schema. What JSON has as it should be is read straight from it; a date, a
user or a track is made when it is asked for. So a page of two hundred tracks costs what reading its
JSON costs, and a field that SoundCloud adds tomorrow is there today.

SoundCloud names everything by a urn, `soundcloud:tracks:123`, and still by a number in places:
`urn` and `id` are there in either case.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, Protocol, Unpack

from mixbot.transport import schema

from .datetime import read_date

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    from .client import SoundCloud
    from .paging import Paging
    from .uploading import Changes

    T = TypeVar("T", default=Any)
else:
    from typing import TypeVar

    T = TypeVar("T")

_TAG = re.compile(r'"([^"]*)"|(\S+)')
_SIZE = re.compile(r"-large(?=\.\w+$)")


class AccessDict(schema.AccessDict["SoundCloud"]):
    """A JSON object as SoundCloud sent it: that is `data`. Its members are items and attributes."""

    __slots__ = ()

    soundcloud: SoundCloud | None = schema.Sent._client  # type: ignore[misc]

    def __init__(self, data: dict[str, Any], soundcloud: SoundCloud | None = None) -> None:
        self.data = data
        self.soundcloud = soundcloud

    def __getitem__(self, name: str) -> Any:
        return _wrapped(self.data[name], self.soundcloud)

    def __hash__(self) -> int:
        return hash(self.data.get("urn") or self.data.get("id"))


def _wrapped(value: Any, soundcloud: SoundCloud | None) -> Any:
    if isinstance(value, dict):
        return resource(value, soundcloud)
    return AccessList(value, soundcloud) if isinstance(value, list) else value


class AccessList(schema.AccessList[T, "SoundCloud"]):
    """A JSON list, whose items are made when they are asked for."""

    __slots__ = ()

    soundcloud: SoundCloud | None = schema.Sent._client  # type: ignore[misc]

    def __init__(
        self,
        values: list[Any],
        soundcloud: SoundCloud | None = None,
        kind: Callable[[Any, Any], T] | None = None,
    ) -> None:
        self.data = values
        self.soundcloud = soundcloud
        self._values = values
        self._kind = kind or _wrapped


class Resource(AccessDict, schema.Resource["SoundCloud"]):
    """Something at SoundCloud that has a urn."""

    __slots__ = ()
    _read_date = staticmethod(read_date)

    kind: str | None
    uri: str | None
    permalink: str | None
    permalink_url: str | None

    def __init__(self, data: dict[str, Any], soundcloud: SoundCloud | None = None) -> None:
        self.data = data
        self.soundcloud = soundcloud
        self.__dict__ = data  # so an attribute costs no more than an item of `data`

    if not TYPE_CHECKING:  # what is not there is not there: no second way to look for it

        def __getattr__(self, name: str) -> Any:
            if name in schema.Sent.__slots__:  # while it is being made
                raise AttributeError(name)
            raise self._missing(name)

    def __getitem__(self, name: str) -> Any:
        if name in self._readers and name in self.data:
            return self._readers[name](self)
        return _wrapped(self.data[name], self.soundcloud)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.data.get('urn') or self.data.get('id')!r}>"

    @property
    def urn(self) -> str:
        """Its name at SoundCloud, such as `soundcloud:tracks:123`."""
        return self.data.get("urn") or f"soundcloud:{self.data.get('kind')}s:{self.data['id']}"

    @property
    def id(self) -> int:
        """The number in its urn, which SoundCloud is about to give up."""
        number = self.data.get("id")
        return int(number if number is not None else self.data["urn"].rpartition(":")[2])

    @property
    def url(self) -> str | None:
        """Its page."""
        return self.data.get("permalink_url")

    def connection(self, name: str, **paging: Unpack[Paging]) -> Coroutine[Any, Any, ResourceList]:
        """One of the lists that belong to this, such as `comments`."""
        return self.client.list_at(f"{self._root}/{name}", **paging)

    @property
    def _root(self) -> str:
        return f"/{self.data.get('kind')}s/{self.urn}"


class Listing(Protocol[T]):
    """Fetches a page of a list."""

    def __call__(self, **paging: Unpack[Paging]) -> Coroutine[Any, Any, ResourceList[T]]: ...


class Connection(schema.Connection["Listing[T]"], Generic[T]):
    """A list that belongs to a resource, as a method of it: `await user.followers(limit=5)`."""


class User(Resource):
    """Somebody who uploads, listens, follows."""

    tracks = Connection["Track"]()
    playlists = Connection["Playlist"]()
    likes = Connection["Track"]("likes/tracks")
    liked_playlists = Connection["Playlist"]("likes/playlists")
    reposts = Connection["Track"]("reposts/tracks")
    reposted_playlists = Connection["Playlist"]("reposts/playlists")
    followers = Connection["User"]()
    followings = Connection["User"]()
    related = Connection["User"]()

    username: str
    full_name: str | None
    avatar_url: str | None
    description: str | None
    city: str | None
    country: str | None
    created_at: datetime | None
    last_modified: datetime | None
    followers_count: int | None
    followings_count: int | None
    public_favorites_count: int | None
    track_count: int | None
    playlist_count: int | None
    reposts_count: int | None
    plan: str | None
    website: str | None

    @property
    def is_me(self) -> bool:
        """Whether it is the owner of the token, of whom SoundCloud tells more."""
        return "primary_email_confirmed" in self.data or "quota" in self.data

    @property
    def _root(self) -> str:
        return "/me" if self.is_me else f"/users/{self.urn}"

    def picture(self, size: str = "t500x500") -> str | None:
        """The address of the picture of `size`, such as “t500x500”, “large”, “original”."""
        return _sized(self.data.get("avatar_url"), size)

    def follow(self) -> Coroutine[Any, Any, AccessDict]:
        """Follow this user."""
        return self.client.follow(self)

    def unfollow(self) -> Coroutine[Any, Any, AccessDict]:
        """No longer follow this user."""
        return self.client.unfollow(self)


HIDDEN = dict.fromkeys(("playback_count", "favoritings_count"))


class Track(Resource):
    """Something that can be played, liked and reposted."""

    comments = Connection["Comment"]()
    favoriters = Connection["User"]()
    reposters = Connection["User"]()
    related = Connection["Track"]()

    title: str
    user: User
    duration: int  # milliseconds
    created_at: datetime
    description: str | None
    genre: str | None
    tag_list: str | None
    artwork_url: str | None
    waveform_url: str | None
    access: str | None  # “playable”, “preview”, “blocked”
    sharing: str | None  # “public”, “private”
    streamable: bool | None
    downloadable: bool | None
    commentable: bool | None
    license: str | None
    label_name: str | None
    isrc: str | None
    bpm: float | None
    playback_count: int | None  # this one and the next are None where its owner hides them
    favoritings_count: int | None
    reposts_count: int | None
    comment_count: int | None
    reveal_stats: bool | None
    user_favorite: bool | None  # does the token's owner like it; not told in every list
    user_playback_count: int | None

    def __init__(self, data: dict[str, Any], soundcloud: SoundCloud | None = None) -> None:
        self.data = data
        self.soundcloud = soundcloud
        self.__dict__ = data if data.get("reveal_stats") is not False else data | HIDDEN

    @property
    def seconds(self) -> float:
        """The length, in seconds."""
        return self.duration / 1000

    @property
    def tags(self) -> list[str]:
        """The tags of `tag_list`, in which those of several words are quoted."""
        found = _TAG.finditer(self.data.get("tag_list") or "")
        return [one[1] or one[2] for one in found if one[1] or one[2]]

    def artwork(self, size: str = "t500x500") -> str | None:
        """The address of the picture of `size`, such as “t500x500”, “large”, “original”."""
        return _sized(self.data.get("artwork_url"), size)

    def streams(self) -> Coroutine[Any, Any, AccessDict]:
        """The addresses it can be streamed from, which need the access token as well."""
        return self.client.streams(self)

    def like(self) -> Coroutine[Any, Any, AccessDict]:
        """Add this track to the token owner's likes."""
        return self.client.like(self)

    def unlike(self) -> Coroutine[Any, Any, AccessDict]:
        """Take it out of the likes."""
        return self.client.unlike(self)

    def repost(self) -> Coroutine[Any, Any, AccessDict]:
        """Show it to the token owner's followers."""
        return self.client.repost(self)

    def unrepost(self) -> Coroutine[Any, Any, AccessDict]:
        """Take the repost back."""
        return self.client.unrepost(self)

    def comment(self, body: str, *, at: float | None = None) -> Coroutine[Any, Any, Comment]:
        """Write a comment, `at` a moment of it in seconds."""
        return self.client.comment(self, body, at=at)

    def edit(self, **changes: Unpack[Changes]) -> Coroutine[Any, Any, Track]:
        """Change what is named, if it is the token owner's; see `SoundCloud.edit`."""
        return self.client.edit(self, **changes)


class Playlist(Resource):
    """Tracks that somebody put together: a set, an album."""

    reposters = Connection["User"]()
    list_tracks = Connection["Track"]("tracks")

    title: str
    user: User
    tracks: AccessList[Track] | None  # all of them, unless it was asked for without
    track_count: int | None
    duration: int | None  # milliseconds
    created_at: datetime | None
    last_modified: datetime | None
    description: str | None
    genre: str | None
    tag_list: str | None
    artwork_url: str | None
    sharing: str | None
    playlist_type: str | None
    likes_count: int | None

    def artwork(self, size: str = "t500x500") -> str | None:
        """The address of the picture of `size`, such as “t500x500”, “large”, “original”."""
        return _sized(self.data.get("artwork_url"), size)

    def like(self) -> Coroutine[Any, Any, AccessDict]:
        """Add this playlist to the token owner's likes."""
        return self.client.like(self)

    def unlike(self) -> Coroutine[Any, Any, AccessDict]:
        """Take it out of the likes."""
        return self.client.unlike(self)

    def repost(self) -> Coroutine[Any, Any, AccessDict]:
        """Show it to the token owner's followers."""
        return self.client.repost(self)

    def unrepost(self) -> Coroutine[Any, Any, AccessDict]:
        """Take the repost back."""
        return self.client.unrepost(self)


class Comment(Resource):
    """What somebody wrote about a moment of a track."""

    body: str
    user: User
    created_at: datetime | None

    @property
    def seconds(self) -> float | None:
        """The moment of the track, in seconds; SoundCloud's `timestamp` has milliseconds."""
        try:
            return float(self.data["timestamp"]) / 1000
        except (KeyError, TypeError, ValueError):
            return None


class Activity(Resource):
    """What happened among those one follows: a `track`, a `track:repost`, and `origin` is which."""

    type: str
    created_at: datetime | None
    origin: Resource | None
    reposter: str | None  # the urn of who reposted it


BY_KIND: dict[str | None, type[Resource]] = {
    "user": User,
    "track": Track,
    "playlist": Playlist,
    "comment": Comment,
}


def resource(data: dict[str, Any], soundcloud: SoundCloud | None = None) -> Any:
    """`data` as what it is, by its `kind` or, where that does not tell, by its members."""
    if kind := BY_KIND.get(data.get("kind")):
        return kind(data, soundcloud)
    if isinstance(data.get("collection"), list):
        return ResourceList(data, soundcloud)
    if "origin" in data and "type" in data:
        return Activity(data, soundcloud)
    return (Resource if "urn" in data else AccessDict)(data, soundcloud)


# The schema says that an origin is a Resource; which one, only its own JSON tells.
Activity._readers["origin"] = lambda self: _wrapped(self.data.get("origin"), self.soundcloud)
Activity.origin = property(Activity._readers["origin"])  # type: ignore[assignment]


class ResourceList(AccessList[T], schema.ResourceList[T, "SoundCloud"]):
    """A page of a list; `data` is all that SoundCloud sent.

    `for` gives the items of this page, `async for` those of all pages from here on.
    """

    def __init__(self, data: Any, soundcloud: SoundCloud | None = None) -> None:
        super().__init__(data if isinstance(data, list) else data["collection"], soundcloud)
        self.data = data

    def __repr__(self) -> str:
        return f"<ResourceList of {len(self)}{' and more' if self.has_next else ''}>"

    @property
    def collection(self) -> list[T]:
        """The items of this page, as the library soundcloud-python has them."""
        return list(self)

    @property
    def next_href(self) -> str | None:
        """The address of the next page."""
        href = self.data.get("next_href") if isinstance(self.data, dict) else None
        return href if isinstance(href, str) and href else None

    @property
    def has_next(self) -> bool:
        """Whether SoundCloud says that there is more; the next page may be empty all the same."""
        return self.next_href is not None

    def next(self) -> Coroutine[Any, Any, ResourceList[T] | None]:
        """The page after this one, or None."""
        return self.client.turn(self)

    def all(self, *, most: int | None = None) -> AsyncIterator[T]:
        """The items from here on, across pages, each once; see `SoundCloud.walk`."""
        return self.client.walk(self, most=most)

    def __iter__(self) -> Iterator[T]:
        soundcloud = self.soundcloud
        made: Any
        for one in self._values:
            kind = BY_KIND.get(one.get("kind")) if isinstance(one, dict) else None
            made = kind(one, soundcloud) if kind else _wrapped(one, soundcloud)
            yield made

    def __aiter__(self) -> AsyncIterator[T]:
        return self.all()


def _sized(address: str | None, size: str) -> str | None:
    return _SIZE.sub(f"-{size}", address) if address else None
