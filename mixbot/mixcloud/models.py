"""What Mixcloud sends: its JSON, with names and types for what is known of it.

The class body is the schema. What JSON has as it should be is read straight from it; a date, a
user or a tag is made when it is asked for. So a page of a hundred shows costs what reading its JSON
costs, and a field that Mixcloud adds tomorrow is there today. A date is read as one because it is
annotated as one, never because a text looks like one: a show may be called “May”.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, Unpack, overload
from urllib.parse import unquote

from mixbot.transport import schema

from .sections import Section

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    from .client import Mixcloud
    from .datetime import Moment
    from .paging import Paging
    from .uploading import Changes

    T = TypeVar("T", default=Any)
else:
    from typing import TypeVar

    T = TypeVar("T")


class Json(schema.Json["Mixcloud"]):
    """A JSON object as Mixcloud sent it: that is `data`. Its members are items and attributes."""

    __slots__ = ()

    mixcloud: Mixcloud | None = schema.Sent._client  # type: ignore[misc]

    def __init__(self, data: dict[str, Any], mixcloud: Mixcloud | None = None) -> None:
        self.data = data
        self.mixcloud = mixcloud

    def __getitem__(self, name: str) -> Any:
        return _wrapped(self.data[name], self.mixcloud)

    def __hash__(self) -> int:
        return hash(self.data.get("key"))


class AccessDict(Json, schema.AccessDict["Mixcloud"]):
    """JSON of which nothing is known beforehand."""

    __slots__ = ()


def _wrapped(value: Any, mixcloud: Mixcloud | None) -> Any:
    if isinstance(value, dict):
        return resource(value, mixcloud) if "key" in value else AccessDict(value, mixcloud)
    return AccessList(value, mixcloud) if isinstance(value, list) else value


class AccessList(schema.AccessList[T, "Mixcloud"]):
    """A JSON list as Mixcloud sent it: that is `data`. Items are found by position and by key, and
    made of the JSON when they are asked for.
    """

    __slots__ = ()

    mixcloud: Mixcloud | None = schema.Sent._client  # type: ignore[misc]

    def __init__(
        self,
        values: list[Any],
        mixcloud: Mixcloud | None = None,
        kind: Callable[[Any, Any], T] | None = None,
    ) -> None:
        self.data = values
        self.mixcloud = mixcloud
        self._values = values
        self._kind = kind or _wrapped

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    @overload
    def __getitem__(self, index: str) -> Any: ...
    def __getitem__(self, index: int | str | slice) -> Any:
        if not isinstance(index, str):
            return super().__getitem__(index)
        wanted = comparable(index)
        for one in self._values:
            if isinstance(one, dict) and comparable(str(one.get("key"))) == wanted:
                return self._kind(one, self.mixcloud)
        raise KeyError(index)


class Resource(Json, schema.Resource["Mixcloud"]):
    """Something at Mixcloud that has a key. `full` tells whether all of it was asked for."""

    __slots__ = ("full",)

    key: str
    url: str
    name: str
    type: str | None
    metadata: AccessDict | None

    def __init__(
        self, data: dict[str, Any], mixcloud: Mixcloud | None = None, full: bool = False
    ) -> None:
        self.data = data
        self.mixcloud = mixcloud
        self.full = full
        self.__dict__ = data  # so an attribute costs no more than an item of `data`

    @property
    def _rest(self) -> tuple[Any, ...]:
        return (self.full,)

    def _missing(self, name: str) -> AttributeError:
        return AttributeError(f"{self!r} has no {name!r}: load() it, or there is none")

    def load(self, *, force: bool = False) -> Coroutine[Any, Any, Self]:
        """Fetch all that Mixcloud tells about this, unless that was done; returns itself."""
        return self.client.load(self, force=force)

    def fill(self, whole: Resource) -> None:
        """Be what `whole` is, which was fetched from the same key."""
        self.__init__(whole.data, self.mixcloud, full=True)  # type: ignore[misc]
        self._connect()

    def _connect(self) -> None:
        """Make methods of the connections that Mixcloud names and nobody here has heard of."""
        named = self.data.get("metadata", {}).get("connections", {})
        methods = {name.replace("-", "_"): partial(self.connection, name) for name in named}
        if new := {name for name in methods if not hasattr(type(self), name)}:
            self.__dict__ = self.__dict__ | {name: methods[name] for name in new}

    def connection(self, name: str, **paging: Unpack[Paging]) -> Coroutine[Any, Any, ResourceList]:
        """One of the lists that belong to this, such as `favorites`."""
        return self.client.list_at(f"{self.key}{name}/", **paging)

    def oembed(self, **display: Any) -> Coroutine[Any, Any, AccessDict]:
        """The oEmbed answer about this show or user; see `Mixcloud.oembed`."""
        return self.client.oembed(self.key, **display)

    def __getitem__(self, name: str) -> Any:
        if name in self._readers and name in self.data:
            return self._readers[name](self)
        return _wrapped(self.__dict__[name], self.mixcloud)

    def __repr__(self) -> str:
        return f"<Resource: {type(self).__name__} {self.data.get('key')!r}>"


class Listing(Protocol[T]):
    """Fetches a page of a list."""

    def __call__(self, **paging: Unpack[Paging]) -> Coroutine[Any, Any, ResourceList[T]]: ...


class Connection(schema.Connection["Listing[T]"], Generic[T]):
    """A list that belongs to a resource, as a method of it: `await user.followers(limit=5)`."""


class Pictured(Resource):
    """Something with a picture in several sizes."""

    pictures: Mapping[str, str]
    picture_primary_color: str | None

    def picture(self, size: str) -> str | None:
        """The address of the picture of `size` (“large”, “640x640”), or of the largest there is."""
        pictures: dict[str, str] = self.data.get("pictures") or {}
        return pictures.get(size) or _nearest(size, pictures)

    @property
    def color(self) -> int | None:
        """The main colour of the picture as 0xRRGGBB."""
        try:
            return int(self.data["picture_primary_color"], 16) & 0xFFFFFF
        except (KeyError, TypeError, ValueError):
            return None


def _nearest(size: str, pictures: Mapping[str, str]) -> str | None:
    width, _, height = size.partition("x")
    return (
        pictures.get(f"{width}wx{height or width}h")
        or pictures.get("extra_large")
        or next(iter(pictures.values()), None)
    )


class User(Pictured):
    """A person or a station: hosts shows, listens to others'."""

    cloudcasts = Connection["Cloudcast"]()
    comments = Connection["Comment"]()
    favorites = Connection["Cloudcast"]()
    feed = Connection["FeedItem"]()
    followers = Connection["User"]()
    following = Connection["User"]()
    listens = Connection["Cloudcast"]()
    playlists = Connection["Playlist"]()

    username: str
    biog: str | None
    city: str | None
    country: str | None
    created_time: datetime
    updated_time: datetime
    cover_pictures: Mapping[str, str] | None
    follower_count: int | None
    following_count: int | None
    cloudcast_count: int | None
    favorite_count: int | None
    listen_count: int | None
    is_pro: bool | None
    is_premium: bool | None
    follower: bool | None  # with a token: does this user follow its owner
    is_current_user: bool | None

    @property
    def is_followed(self) -> bool | None:
        """With a token: does its owner follow this user. `following()` is a list."""
        return self.data.get("following")

    def listen_later(
        self, **paging: Unpack[Paging]
    ) -> Coroutine[Any, Any, ResourceList[Cloudcast]]:
        """What this user keeps for later; Mixcloud tells it to the token's owner of their own."""
        whose = "/me/" if self.data.get("is_current_user") else self.key
        return self.client.list_at(f"{whose}listen-later/", **paging)

    def follow(self) -> Coroutine[Any, Any, AccessDict]:
        """Follow this user."""
        return self.client.follow(self.key)

    def unfollow(self) -> Coroutine[Any, Any, AccessDict]:
        """No longer follow this user."""
        return self.client.unfollow(self.key)


class Tag(Resource):
    """A tag, a city, or both: what Mixcloud lists under `/genres/`."""

    popular = Connection["Cloudcast"]()
    hot = Connection["Cloudcast"]()
    new = Connection["Cloudcast"]()
    latest = Connection["Cloudcast"]()


HIDDEN = dict.fromkeys(("play_count", "favorite_count", "listener_count", "repost_count"))


class Cloudcast(Pictured):
    """A show: something that can be played, favorited and reposted."""

    comments = Connection["Comment"]()
    favorites = Connection["User"]()
    listeners = Connection["User"]()
    similar = Connection["Cloudcast"]()

    slug: str
    user: User
    tags: AccessList[Tag]
    created_time: datetime
    updated_time: datetime
    comment_count: int
    audio_length: int | None  # seconds; not every show has it
    description: str
    sections: AccessList[AccessDict]
    hidden_stats: bool | None
    play_count: int | None  # this one and the next three are None where the host hides them
    favorite_count: int | None
    listener_count: int | None
    repost_count: int | None
    is_exclusive: bool | None
    listen_time: datetime | None  # in someone's listens
    favorited: bool | None  # with a token, as the next two
    reposted: bool | None
    is_listen_later: bool | None

    def __init__(
        self, data: dict[str, Any], mixcloud: Mixcloud | None = None, full: bool = False
    ) -> None:
        self.data = data
        self.mixcloud = mixcloud
        self.full = full
        # The zeros that Mixcloud sends where a host hides the counts mean nothing.
        self.__dict__ = data | HIDDEN if "hidden_stats" in data else data

    @property
    def seconds(self) -> int | None:
        """The length, in seconds, or None where Mixcloud does not tell."""
        return self.audio_length

    @property
    def tracklist(self) -> list[Section]:
        """What is played when: `sections`, in either of the shapes that Mixcloud has sent. Since
        about 2018 it sends none, even of shows that have some.
        """
        return [_section(one) for one in self.data.get("sections") or () if isinstance(one, dict)]

    def favorite(self) -> Coroutine[Any, Any, AccessDict]:
        """Add this show to the token owner's favorites."""
        return self.client.favorite(self.key)

    def unfavorite(self) -> Coroutine[Any, Any, AccessDict]:
        """Remove it from the token owner's favorites."""
        return self.client.unfavorite(self.key)

    def repost(self) -> Coroutine[Any, Any, AccessDict]:
        """Show it to the token owner's followers."""
        return self.client.repost(self.key)

    def unrepost(self) -> Coroutine[Any, Any, AccessDict]:
        """Take the repost back."""
        return self.client.unrepost(self.key)

    def listen_later(self) -> Coroutine[Any, Any, AccessDict]:
        """Keep it in the token owner's Listen later."""
        return self.client.listen_later(self.key)

    def unlisten_later(self) -> Coroutine[Any, Any, AccessDict]:
        """Take it out of the token owner's Listen later."""
        return self.client.unlisten_later(self.key)

    def edit(self, **changes: Unpack[Changes]) -> Coroutine[Any, Any, AccessDict]:
        """Change what is named, if it is the token owner's; see `Mixcloud.edit`."""
        return self.client.edit(self.key, **changes)

    def embed_json(self, **display: Any) -> Coroutine[Any, Any, AccessDict]:
        """How to embed this show, as data; see `Mixcloud.embed_json`."""
        return self.client.embed_json(self.key, **display)

    def embed_html(self, **display: Any) -> Coroutine[Any, Any, str]:
        """How to embed this show, as HTML of Mixcloud's; see `Mixcloud.embed_html`."""
        return self.client.embed_html(self.key, **display)


def _section(data: dict[str, Any]) -> Section:
    track = data.get("track") or {}
    return Section(
        start_time=data.get("start_time"),
        artist=(track.get("artist") or {}).get("name") or data.get("artist"),
        song=track.get("name") or data.get("song"),
        chapter=data.get("chapter"),
    )


class Comment(Resource):
    """What somebody wrote below a show or on a profile."""

    comment: str
    submit_date: datetime
    user: User


class Playlist(Resource):
    """Shows that a user put together."""

    cloudcasts = Connection["Cloudcast"]()

    slug: str
    owner: User


class Category(Pictured):
    """One of the site's old sections, “music” or “talk”."""

    cloudcasts = Connection["Cloudcast"]()
    users = Connection["User"]()
    userpick_cloudcasts = Connection["Cloudcast"]("userpick-cloudcasts")
    userpick_users = Connection["User"]("userpick-users")

    slug: str
    format: str | None


class Artist(Resource):
    """Who made a track. Mixcloud has stopped sending these."""

    slug: str


class Track(Resource):
    """What is played in a section of a show. Mixcloud has stopped sending these."""

    slug: str
    artist: Artist


class FeedItem(Resource):
    """What a user did: uploaded, favorited, listened to, followed."""

    title: str
    type: str
    created_time: datetime
    cloudcasts: AccessList[Cloudcast] | None
    users: AccessList[User] | None

    @property
    def by(self) -> User:
        """Who did it."""
        return User(self.data["from"], self.mixcloud)


BY_TYPE: dict[str | None, type[Resource]] = {
    "cloudcast": Cloudcast,
    "user": User,
    "tag": Tag,
    "playlist": Playlist,
    "category": Category,
    "track": Track,
    "artist": Artist,
}


def resource(
    data: dict[str, Any], mixcloud: Mixcloud | None = None, *, full: bool = False
) -> Resource:
    """`data` as what it is, by its `type` or, where that does not tell, by its members."""
    own = mixcloud.resource_class if mixcloud is not None else None
    kind = own or BY_TYPE.get(data.get("type")) or _by_members(data)
    made = kind(data, full=full, mixcloud=mixcloud)
    if full:
        made._connect()
    return made


def _by_members(data: dict[str, Any]) -> type[Resource]:
    if "from" in data:  # the `type` of a feed's item is what was done, such as “comment”
        return FeedItem
    if "comment" in data:
        return Comment
    if "username" in data:
        return User
    if "slug" in data and "user" in data:
        return Cloudcast
    if "owner" in data:
        return Playlist
    if "format" in data:
        return Category
    if "artist" in data:
        return Track
    if str(data.get("key")).startswith(("/genres/", "/discover/", "/tag/")):
        return Tag
    return Resource


class ResourceList(AccessList[T], schema.ResourceList[T, "Mixcloud"]):
    """A page of a list; `data` is all that Mixcloud sent, and its other members are items, too."""

    __slots__ = ()

    def __init__(self, data: dict[str, Any], mixcloud: Mixcloud | None = None) -> None:
        super().__init__(data["data"], mixcloud)
        self.data = data

    @property
    def name(self) -> str | None:
        """What Mixcloud calls this list; it has no name for some."""
        name: str | None = self.data.get("name")
        return name

    @property
    def has_next(self) -> bool:
        """Whether Mixcloud says that there is more; the next page may be empty all the same."""
        return bool(self.paging.get("next"))

    @property
    def paging(self) -> Mapping[str, str]:
        """The addresses of the `next` and the `previous` page, as far as there are such."""
        return self.data.get("paging") or {}

    def next(self) -> Coroutine[Any, Any, ResourceList[T] | None]:
        """The page after this one, or None."""
        return self.client.turn(self, "next")

    def previous(self) -> Coroutine[Any, Any, ResourceList[T] | None]:
        """The page before this one, or None. A list by date has one before its first: what is
        newer by now.
        """
        return self.client.turn(self, "previous")

    def all(self, *, most: int | None = None, since: Moment | None = None) -> AsyncIterator[T]:
        """The items from here on, across pages, each once; see `Mixcloud.walk`."""
        return self.client.walk(self, most=most, since=since)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    @overload
    def __getitem__(self, index: str) -> Any: ...
    def __getitem__(self, index: Any) -> Any:
        if index == "data":
            return list(self)
        if isinstance(index, str) and index in self.data:
            return _wrapped(self.data[index], self.mixcloud)
        return super().__getitem__(index)

    def __iter__(self) -> Iterator[T]:
        mixcloud = self.mixcloud
        if mixcloud is not None and mixcloud.resource_class:
            yield from super().__iter__()
            return
        kind: Any
        for one in self._values:
            kind = BY_TYPE.get(one.get("type")) or _by_members(one)
            yield kind(one, mixcloud)

    def __repr__(self) -> str:
        return f"<ResourceList {self.name!r}>" if self.name else "<ResourceList>"


def comparable(key: str) -> str:
    """`key` so that two ways of writing it are equal: keys come percent-encoded, slugs do not."""
    return unquote(key).strip("/").casefold()
