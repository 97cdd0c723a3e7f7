"""What Mixcloud sends: its JSON, with names and types for what is known of it.

The class body is the schema. A field is turned into its type when it is read, so a page of a
hundred shows costs what reading its JSON costs, and a field that Mixcloud adds tomorrow is there
today. A date is read as one because it is annotated as one, never because a text looks like one.
"""

from __future__ import annotations

import functools
import inspect
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, Unpack, overload
from urllib.parse import unquote

from dateutil.parser import isoparse

from .errors import InvalidArgument

if TYPE_CHECKING:
    from .client import Mixcloud
    from .paging import Paging

Convert = Callable[[Any, "Mixcloud | None"], Any]
AnyClass = TypeVar("AnyClass", bound="type[AccessDict]")


class AccessDict(Mapping[str, Any]):
    """JSON whose members are items and attributes alike; `data` is the JSON itself."""

    __slots__ = ("data", "mixcloud")
    _fields: ClassVar[dict[str, Convert]] = {}

    def __init__(self, data: dict[str, Any], mixcloud: Mixcloud | None = None) -> None:
        self.data = data
        self.mixcloud = mixcloud

    def __getitem__(self, name: str) -> Any:
        value = self.data[name]
        convert = self._fields.get(name)
        return convert(value, self.mixcloud) if convert else _wrapped(value, self.mixcloud)

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(
                f"{self!r} has no {name!r}: load() it, or Mixcloud did not send one"
            ) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self.data)

    def __len__(self) -> int:
        return len(self.data)

    def __contains__(self, name: object) -> bool:
        return name in self.data

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AccessDict) and self.data == other.data

    def __hash__(self) -> int:
        return hash(self.data.get("key"))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.data!r}>"


def _wrapped(value: Any, mixcloud: Mixcloud | None) -> Any:
    if isinstance(value, dict):
        return resource(value, mixcloud) if "key" in value else AccessDict(value, mixcloud)
    if isinstance(value, list):
        return [_wrapped(one, mixcloud) for one in value]
    return value


class Resource(AccessDict):
    """Something at Mixcloud that has a key. `full` tells whether all of it was asked for."""

    __slots__ = ("full",)
    _connections: ClassVar[frozenset[str]] = frozenset()

    key: str
    url: str
    name: str

    def __init__(
        self, data: dict[str, Any], mixcloud: Mixcloud | None = None, *, full: bool = False
    ) -> None:
        self.data = data
        self.mixcloud = mixcloud
        self.full = full

    @property
    def client(self) -> Mixcloud:
        """The client this came from; raises RuntimeError for a resource made by hand."""
        if self.mixcloud is None:
            raise RuntimeError("this resource was made without a client")
        return self.mixcloud

    async def load(self, *, force: bool = False) -> Self:
        """Fetch all that Mixcloud tells about this, unless that was done; returns itself."""
        if force or not self.full:
            self.data = (await self.client.get(self.key)).data
            self.full = True
        return self

    async def connection(self, name: str, **paging: Unpack[Paging]) -> ResourceList:
        """One of the lists that belong to this, such as `favorites`."""
        return await self.client.list_at(f"{self.key}{name}/", **paging)

    def __getattr__(self, name: str) -> Any:
        if name in self._connections or name in self.data.get("metadata", {}).get(
            "connections", ()
        ):
            return functools.partial(self.connection, name)
        return super().__getattr__(name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Resource) and self.data == other.data

    __hash__ = AccessDict.__hash__

    def __repr__(self) -> str:
        return f"<Resource: {type(self).__name__} {self.data.get('key')!r}>"


class Pictured(Resource):
    """Something with a picture in several sizes."""

    __slots__ = ()

    pictures: Mapping[str, str] | None
    picture_primary_color: str | None

    def picture(self, size: str) -> str | None:
        """The address of the picture of `size` (“large”, “640x640”), or of the largest there is."""
        pictures: Mapping[str, str] = self.data.get("pictures") or {}
        best = pictures.get(size) or pictures.get(f"{size}h") or pictures.get(f"{size}wx{size}h")
        if best is None and "x" in size:
            width, _, height = size.partition("x")
            best = pictures.get(f"{width}wx{height}h")
        return best or pictures.get("extra_large") or next(iter(pictures.values()), None)

    @property
    def color(self) -> int | None:
        """The main colour of the picture as 0xRRGGBB."""
        try:
            return int(self.data["picture_primary_color"], 16) & 0xFFFFFF
        except (KeyError, TypeError, ValueError):
            return None


class User(Pictured):
    """A person or a station: hosts shows, listens to others'."""

    __slots__ = ()
    _connections = frozenset(
        "cloudcasts comments favorites feed followers following listens playlists".split()
    )

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

    async def follow(self) -> AccessDict:
        """Follow this user."""
        return await self.client.follow(self.key)

    async def unfollow(self) -> AccessDict:
        """No longer follow this user."""
        return await self.client.unfollow(self.key)


class Tag(Resource):
    """A tag, a city, or both: what Mixcloud lists under `/genres/`."""

    __slots__ = ()
    _connections = frozenset("popular hot new latest".split())


class Cloudcast(Pictured):
    """A show: something that can be played, favorited and reposted."""

    __slots__ = ()
    _connections = frozenset("comments favorites listeners similar".split())

    slug: str
    user: User
    tags: Sequence[Tag]
    created_time: datetime
    updated_time: datetime
    comment_count: int
    audio_length: int | None  # seconds; not every show has it
    description: str
    sections: Sequence[AccessDict]
    hidden_stats: bool | None
    is_exclusive: bool | None
    listen_time: datetime | None  # in someone's listens
    favorited: bool | None  # with a token, as the next two
    reposted: bool | None
    is_listen_later: bool | None

    @property
    def seconds(self) -> int | None:
        """The length, in seconds, or None where Mixcloud does not tell."""
        return self.data.get("audio_length")

    @property
    def play_count(self) -> int | None:
        """How often it was played, or None where the host hides it: Mixcloud then sends 0."""
        return self._shown("play_count")

    @property
    def favorite_count(self) -> int | None:
        """How many favorited it, or None where the host hides it."""
        return self._shown("favorite_count")

    @property
    def listener_count(self) -> int | None:
        """How many listened to it, or None where the host hides it."""
        return self._shown("listener_count")

    @property
    def repost_count(self) -> int | None:
        """How many reposted it, or None where the host hides it."""
        return self._shown("repost_count")

    def _shown(self, count: str) -> int | None:
        return None if self.data.get("hidden_stats") else self.data.get(count)

    async def favorite(self) -> AccessDict:
        """Add this show to the token owner's favorites."""
        return await self.client.favorite(self.key)

    async def unfavorite(self) -> AccessDict:
        """Remove it from the token owner's favorites."""
        return await self.client.unfavorite(self.key)

    async def repost(self) -> AccessDict:
        """Show it to the token owner's followers."""
        return await self.client.repost(self.key)

    async def unrepost(self) -> AccessDict:
        """Take the repost back."""
        return await self.client.unrepost(self.key)

    async def listen_later(self) -> AccessDict:
        """Keep it in the token owner's Listen later."""
        return await self.client.listen_later(self.key)

    async def unlisten_later(self) -> AccessDict:
        """Take it out of the token owner's Listen later."""
        return await self.client.unlisten_later(self.key)

    async def embed_json(self, **display: Any) -> AccessDict:
        """How to embed this show, as data; see `Mixcloud.embed_json`."""
        return await self.client.embed_json(self.key, **display)

    async def embed_html(self, **display: Any) -> str:
        """How to embed this show, as HTML of Mixcloud's; see `Mixcloud.embed_html`."""
        return await self.client.embed_html(self.key, **display)

    async def oembed(self, **display: Any) -> AccessDict:
        """The oEmbed answer about this show."""
        return await self.client.oembed(self.key, **display)


class Comment(Resource):
    """What somebody wrote below a show or on a profile."""

    __slots__ = ()

    comment: str
    submit_date: datetime
    user: User


class Playlist(Resource):
    """Shows that a user put together."""

    __slots__ = ()
    _connections = frozenset("cloudcasts".split())

    slug: str
    owner: User


class Category(Pictured):
    """One of the site's old sections, “music” or “talk”."""

    __slots__ = ()
    _connections = frozenset("cloudcasts users userpick-cloudcasts userpick-users".split())

    slug: str
    format: str | None


class FeedItem(Resource):
    """What a user did: uploaded, favorited, listened to, followed."""

    __slots__ = ()

    title: str
    type: str
    created_time: datetime
    cloudcasts: Sequence[Cloudcast] | None
    users: Sequence[User] | None

    @property
    def by(self) -> User:
        """Who did it."""
        return User(self.data["from"], self.mixcloud)


BY_TYPE: dict[str, type[Resource]] = {
    "cloudcast": Cloudcast,
    "user": User,
    "tag": Tag,
    "comment": Comment,
    "playlist": Playlist,
    "category": Category,
}


def resource(
    data: dict[str, Any], mixcloud: Mixcloud | None = None, *, full: bool = False
) -> Resource:
    """`data` as what it is, by its `type` or, where Mixcloud sent none, by its members."""
    if "from" in data:
        return FeedItem(data, mixcloud, full=full)
    kind = BY_TYPE.get(data.get("type", "")) or _by_members(data)
    return kind(data, mixcloud, full=full)


def _by_members(data: dict[str, Any]) -> type[Resource]:
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
    if str(data.get("key")).startswith(("/genres/", "/discover/", "/tag/")):
        return Tag
    return Resource


class ResourceList(Sequence[Resource]):
    """A page of a list. Items are found by position and by key; `data` is the JSON itself."""

    __slots__ = ("_items", "data", "mixcloud")

    def __init__(self, data: dict[str, Any], mixcloud: Mixcloud | None = None) -> None:
        self.data = data
        self.mixcloud = mixcloud
        self._items: list[Resource] | None = None

    @property
    def items(self) -> list[Resource]:
        """The resources of this page."""
        if self._items is None:
            mixcloud = self.mixcloud
            self._items = [resource(one, mixcloud) for one in self.data["data"]]
        return self._items

    @property
    def name(self) -> str | None:
        """What Mixcloud calls this list; it has no name for some."""
        return self.data.get("name")

    @property
    def has_next(self) -> bool:
        """Whether Mixcloud says that there is more; the next page may be empty all the same."""
        return bool((self.data.get("paging") or {}).get("next"))

    async def next(self) -> ResourceList | None:
        """The page after this one, or None."""
        return await self._follow("next")

    async def previous(self) -> ResourceList | None:
        """The page before this one, or None."""
        return await self._follow("previous")

    async def _follow(self, direction: str) -> ResourceList | None:
        address = (self.data.get("paging") or {}).get(direction)
        if not address:
            return None
        if self.mixcloud is None:
            raise RuntimeError("this list was made without a client")
        return await self.mixcloud.list_at(address, relative=False)

    @overload
    def __getitem__(self, index: int | str) -> Resource: ...
    @overload
    def __getitem__(self, index: slice) -> list[Resource]: ...
    def __getitem__(self, index: int | str | slice) -> Resource | list[Resource]:
        if not isinstance(index, str):
            return self.items[index]
        wanted = comparable(index)
        for item in self.items:
            if comparable(item.data.get("key", "")) == wanted:
                return item
        raise KeyError(index)

    def __len__(self) -> int:
        return len(self.data["data"])

    def __iter__(self) -> Iterator[Resource]:
        return iter(self.items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ResourceList) and self.data == other.data

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<ResourceList {self.name!r}>" if self.name else "<ResourceList>"


def comparable(key: str) -> str:
    """`key` so that two ways of writing it are equal: keys come percent-encoded, slugs do not."""
    return unquote(key).strip("/")


# From here on: what makes a class body a schema.


def _date(value: Any, mixcloud: Mixcloud | None) -> datetime:
    if not isinstance(value, str):
        raise InvalidArgument(f"Mixcloud sent {value!r} where a date belongs")
    try:
        return datetime.fromisoformat(value)  # a fortieth of the time of isoparse
    except ValueError:
        return isoparse(value)


def _one_of(kind: type[AccessDict]) -> Convert:
    return lambda value, mixcloud: kind(value, mixcloud)


def _all_of(kind: type[AccessDict]) -> Convert:
    return lambda value, mixcloud: [kind(one, mixcloud) for one in value]


def _converter(annotation: Any) -> Convert | None:
    if annotation is datetime:
        return _date
    if isinstance(annotation, type) and issubclass(annotation, AccessDict):
        return _one_of(annotation)
    if typing.get_origin(annotation) is Sequence:
        return _all_of(typing.get_args(annotation)[0])
    return None


def _property(name: str, convert: Convert | None, optional: bool) -> property:
    missing = f"has no {name!r}: load() it, or Mixcloud did not send one"

    def absent(self: AccessDict) -> None:
        if not optional:
            raise AttributeError(f"{self!r} {missing}")

    if convert is None:

        def read(self: AccessDict) -> Any:
            try:
                return self.data[name]
            except KeyError:
                return absent(self)

    else:

        def read(self: AccessDict) -> Any:
            try:
                value = self.data[name]
            except KeyError:
                return absent(self)
            return None if value is None else convert(value, self.mixcloud)

    return property(read)


def _schema(kind: AnyClass) -> AnyClass:
    fields = dict(kind._fields)
    for name, annotation in inspect.get_annotations(kind, eval_str=True).items():
        if name.startswith("_") or typing.get_origin(annotation) is ClassVar:
            continue
        optional = isinstance(annotation, types.UnionType) and type(None) in annotation.__args__
        if optional:
            annotation = annotation.__args__[0]
        convert = _converter(annotation)
        setattr(kind, name, _property(name, convert, optional))
        if convert:
            fields[name] = convert
    kind._fields = fields
    return kind


for _kind in (Resource, Pictured, User, Tag, Cloudcast, Comment, Playlist, Category, FeedItem):
    _schema(_kind)
