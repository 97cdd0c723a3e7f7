"""Everything that can be leafed through: searches, charts, and what belongs to a person or show."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import orjson

from mixbot import soundcloud
from mixbot.errors import UserError
from mixbot.languages import N_, _, ngettext, spoken
from mixbot.links import page_of
from mixbot.mixcloud import FeedItem, Mixcloud, NotFound, Resource, ResourceList, SearchType
from mixbot.mixcloud.models import resource
from mixbot.soundcloud.models import resource as soundcloud_resource
from mixbot.ui.components import Component, menu, option, written
from mixbot.ui.references import SHORT, Reference, plain_text, resolve
from mixbot.ui.text import duration, isolate, plain

if TYPE_CHECKING:
    from mixbot.bot import MixBot

QUERY_ROOM = 48  # characters of a query inside a custom_id
EARLIER, LATER = "earlier", "later"
PICTURE = "320wx320h"

# The letters are part of custom_ids and must never change.
SEARCHES: dict[str, SearchType] = {"s": "cloudcast", "u": "user", "t": "tag"}
CHARTS = {"p": "popular", "h": "popular/hot", "n": "new"}
OF_TAGS = {"g": "popular", "k": "hot", "m": "new"}
OF_PEOPLE = {
    "c": "cloudcasts",
    "f": "favorites",
    "l": "listens",
    "a": "followers",
    "b": "following",
    "y": "playlists",
}
OF_SHOWS = {"i": "similar", "o": "comments"}
OWN = {"e": "me/feed", "w": "me/listen-later"}
PLAYLIST = "z"
# Of SoundCloud: what is searched, and what belongs to a person, a track or a playlist.
TRACK_SEARCHES: dict[str, soundcloud.SearchType] = {"T": "track", "V": "user", "W": "playlist"}
OF_TRACKS = {
    "X": "users/{}/tracks",
    "L": "users/{}/likes/tracks",
    "P": "users/{}/playlists",
    "A": "users/{}/followers",
    "B": "users/{}/followings",
    "M": "tracks/{}/related",
    "K": "playlists/{}/tracks",
}
SHOWS = "sgphnkmcflizwTXLMK"  # the listings whose results are shows
FEED, COMMENTS = "e", "o"

TITLES = {
    "p": N_("Popular shows"),
    "h": N_("Shows on their way up"),
    "n": N_("New shows"),
    "g": N_("Popular: {what}"),
    "k": N_("On their way up: {what}"),
    "m": N_("New: {what}"),
    "c": N_("Uploads of {what}"),
    "f": N_("Favorites of {what}"),
    "l": N_("What {what} listened to"),
    "a": N_("Followers of {what}"),
    "b": N_("Who {what} follows"),
    "y": N_("Playlists of {what}"),
    "z": N_("Playlist {what}"),
    "i": N_("Similar to {what}"),
    "o": N_("Comments on {what}"),
    "e": N_("What the people you follow have been up to"),
    "w": N_("Your Listen later"),
    "X": N_("Tracks of {what}"),
    "L": N_("Likes of {what}"),
    "P": N_("Playlists of {what}"),
    "A": N_("Followers of {what}"),
    "B": N_("Who {what} follows"),
    "M": N_("Similar to {what}"),
    "K": N_("Tracks of {what}"),
}
MOST_EMPTY = 3  # pages in a row, after which there may be others all the same
MOST_WALKED = 25  # pages that are asked for to find one, since SoundCloud has no other way


@dataclass(slots=True)
class Leaf:
    """A page of a listing as it is kept: its results as JSON, without what no card shows.

    As objects they would take seven times the memory, and the time of every collection of garbage;
    as a string of their own each, they would be scattered among what is soon thrown away.
    """

    joined: bytes
    ends: array[int]  # of each result in `joined`
    more: bool
    next_href: str | None = None  # where SoundCloud has the page after it
    options: dict[str, Any] = field(default_factory=dict)  # of the menu, by language
    drawn: tuple[Any, Any] = (None, None)  # which of the results was shown last, and how

    @classmethod
    def of(cls, items: Iterable[dict[str, Any]], *, more: bool) -> Leaf:
        parts = [orjson.dumps(one) for one in items]
        return cls(b"".join(parts), array("L", accumulate(map(len, parts))), more)

    def __len__(self) -> int:
        return len(self.ends)

    def _data(self, number: int) -> dict[str, Any]:
        begin = self.ends[number - 1] if number else 0
        data: dict[str, Any] = orjson.loads(self.joined[begin : self.ends[number]])
        return data

    def result(self, number: int) -> Any:
        """The result at `number`."""
        return _made(self._data(number))

    def all_data(self) -> list[dict[str, Any]]:
        """All results, as they are kept."""
        return [self._data(number) for number in range(len(self))]

    def all(self) -> list[Any]:
        """All results."""
        return [_made(data) for data in self.all_data()]


@dataclass(frozen=True, slots=True)
class Listing:
    """What is listed. `query` is what is looked for, a tag, or a reference to whose list it is."""

    code: str
    query: str = ""

    @property
    def size(self) -> int:
        """Results on a page. A menu holds 25, two of which lead to the neighbouring pages."""
        return 10 if self.code in (FEED, COMMENTS) else 20

    def title(self, bot: MixBot) -> str:
        """What is listed, in words."""
        if self.code in SEARCHES or self.code in TRACK_SEARCHES:
            return _("“{query}”", query=self.query)
        return _(TITLES[self.code], what=self._what(bot))

    def _what(self, bot: MixBot) -> str:
        if self.code in OF_TAGS:
            return spelled(self.query)
        if self.code in OF_TRACKS:
            page = page_of(self.query)
            return bot.names.get(self.query) or (page.name or page.user).replace("-", " ")
        user, _slash, name = self.query.partition("/")
        if self.code == PLAYLIST:
            return name.replace("-", " ")
        known = bot.names.get(_key(self.query))
        return known or (name or user).replace("-", " ")

    async def page(self, bot: MixBot, offset: int, user_id: int) -> Leaf:
        """The page that starts at `offset`; leafing back and forth asks Mixcloud once.

        What is `user_id`'s own is asked for as them, and not kept.
        """
        if self.code in OWN:
            async with bot.accounts.acting_as(user_id) as mixcloud:
                return _leaf(await self._ask(mixcloud, offset), offset)
        key = (self.code, self.query, offset)
        try:
            return bot.pages[key]
        except KeyError:
            if self.code in TRACK_SEARCHES or self.code in OF_TRACKS:
                return await self._walked(bot, offset)
            kept = bot.pages[key] = await self._asked(bot, offset)
            return kept

    async def _asked(self, bot: MixBot, offset: int) -> Leaf:
        """A page of Mixcloud. A tag that nobody uses yet has no shows."""
        try:
            return _leaf(await self._ask(bot.mixcloud, offset), offset)
        except NotFound:
            if self.code not in OF_TAGS:
                raise
            return Leaf.of((), more=False)

    async def _walked(self, bot: MixBot, offset: int) -> Leaf:
        """A page of SoundCloud, which tells where a page is only on the one before it.

        Those before it are asked for, too, unless they are still there.
        """
        first = offset
        while first and (self.code, self.query, first) not in bot.pages:
            first -= self.size
        if (offset - first) // self.size > MOST_WALKED:
            raise TooFar
        client = bot.accounts.soundcloud.client
        leaf = bot.pages.get((self.code, self.query, first))
        if leaf is None:
            leaf = await self._keep(bot, await self._first_tracks(bot), first)
        while first < offset and leaf.next_href:
            first += self.size
            leaf = await self._keep(bot, await client.list_at(leaf.next_href), first)
        return leaf if first == offset else Leaf.of((), more=False)

    async def _first_tracks(self, bot: MixBot) -> soundcloud.ResourceList:
        service = bot.accounts.soundcloud
        if kind := TRACK_SEARCHES.get(self.code):
            return await service.client.search(self.query, type=kind, limit=self.size)
        path = OF_TRACKS[self.code].format(await service.urn(self.query))
        query: dict[str, Any] = {"limit": self.size}
        if secret := page_of(self.query).secret:
            query["secret_token"] = secret
        return await service.client.list_at(f"/{path}", **query)

    async def _keep(self, bot: MixBot, page: soundcloud.ResourceList, offset: int) -> Leaf:
        for _again in range(MOST_EMPTY):
            if page or not page.next_href:
                break
            page = await bot.accounts.soundcloud.client.list_at(page.next_href)
        items = [_slim_track(one.data) for one in page if isinstance(one, soundcloud.Resource)]
        leaf = Leaf.of(items, more=page.has_next)
        leaf.next_href = page.next_href
        bot.pages[self.code, self.query, offset] = leaf
        return leaf

    async def _ask(self, mixcloud: Mixcloud, offset: int) -> ResourceList:
        code, size = self.code, self.size
        if code in SEARCHES:
            return await mixcloud.search(self.query, type=SEARCHES[code], offset=offset, limit=size)
        return await mixcloud.list_at(self._path, offset=offset, limit=size)

    @property
    def _path(self) -> str:
        code = self.code
        if code in CHARTS:
            return CHARTS[code]
        if code in OWN:
            return OWN[code]
        if code in OF_TAGS:
            return f"genres/{quote(self.query, safe=':+')}/{OF_TAGS[code]}"
        if code == PLAYLIST:
            user, _slash, name = self.query.partition("/")
            return f"{quote(user, safe='')}/playlists/{quote(name, safe='')}/cloudcasts"
        return f"{_key(self.query)}{(OF_PEOPLE | OF_SHOWS)[code]}"

    def options(self, leaf: Leaf, offset: int) -> Any:
        """The lines of the menu that opens a result; None where there is nothing to open."""
        language = spoken()
        if language not in leaf.options:
            leaf.options[language] = _options(leaf.all_data(), offset, more=leaf.more)
        return leaf.options[language]


def lists_menu(ref: Reference, lists: Mapping[str, str]) -> Component:
    """The menu that opens one of a person's `lists`, of which it has codes and names."""
    return menu(
        f"m1:lists:{ref}",
        [option(_(name), code) for code, name in lists.items()],
        placeholder=_("Open one of the lists…"),
    )


class TooFar(UserError):
    def __init__(self) -> None:
        super().__init__(N_("I no longer know where this page is. Search for it once more."))


def tag_query(tag: str | None, city: str | None) -> str:
    """A tag, a city, or both, as Mixcloud writes them.

    >>> tag_query("Drum & Bass", "Rio de Janeiro")
    'drum-bass+city:rio-de-janeiro'
    """
    parts = [slug(tag)] if tag else []
    if city:
        parts.append(f"city:{slug(city)}")
    return "+".join(parts)


def slug(name: str) -> str:
    """A tag's or city's name as part of an address: lower case, joined by single dashes."""
    words = "".join(one if one.isalnum() else " " for one in name.casefold()).split()
    return "-".join(words)


def spelled(query: str) -> str:
    """`tag_query`'s answer in words.

    >>> spelled("drum-bass+city:rio-de-janeiro")
    'drum bass · Rio De Janeiro'
    """
    tag, _plus, city = query.partition("city:")
    parts = [tag.strip("+").replace("-", " "), city.replace("-", " ").title()]
    return " · ".join(filter(None, parts))


async def stored(bot: MixBot, listing: Listing) -> str:
    """`listing` as it stands in a custom_id."""
    query = listing.query
    if len(query) > QUERY_ROOM or query.startswith(SHORT):
        query = SHORT + await bot.store.short_id(query)
    return listing.code + query


async def restored(bot: MixBot, text: str) -> Listing:
    """The listing that `stored` made `text` of."""
    code, query = text[0], text[1:]
    if query.startswith(SHORT):
        query = await resolve(bot.store, Reference(query))
    return Listing(code, query)


def _key(ref: str) -> str:
    """The key of a person or show that a listing belongs to, of its plain reference."""
    return "".join(f"/{quote(part, safe='')}" for part in ref.split("/")) + "/"


def listing_of(code: str, key: str) -> Listing:
    """The listing `code` of the person or show at `key`."""
    return Listing(code, plain_text(key))


def playlist_of(key: str) -> Listing:
    """What is in the playlist at `key`: `/user/playlists/name/`."""
    user, _playlists, name = (unquote(part) for part in key.strip("/").split("/"))
    return Listing(PLAYLIST, f"{user}/{name}")


# What is kept


def _leaf(page: ResourceList, offset: int) -> Leaf:
    """`page` as it is kept, with the lines of its menu, while its JSON is at hand."""
    items: list[dict[str, Any]] = page.data["data"]
    options = _options(items, offset, more=page.has_next)
    leaf = Leaf.of(map(_slim, items), more=page.has_next)
    leaf.options[spoken()] = options
    return leaf


NOT_SHOWN = (
    "slug updated_time listener_count comment_count repost_count username cover_pictures biog"
).split()


def _slim(data: dict[str, Any]) -> dict[str, Any]:
    """Without what no card of a list shows: three quarters of it. Changes `data`."""
    for name in NOT_SHOWN:
        data.pop(name, None)
    if pictures := data.get("pictures"):
        data["pictures"] = {PICTURE: pictures[PICTURE]} if PICTURE in pictures else {}
    if user := data.get("user"):
        data["user"] = _slim_user(user)
    if tags := data.get("tags"):
        data["tags"] = [{"name": tag["name"]} for tag in tags if tag["name"].strip()]
    for nested in ("from", "owner"):
        if nested in data:
            data[nested] = _slim_user(data[nested])
    for nested in ("cloudcasts", "users"):
        if nested in data:
            data[nested] = [_slim(one) for one in data[nested]]
    return data


SHOWN_OF_TRACKS = (
    "kind id urn title username permalink permalink_url artwork_url avatar_url duration genre "
    "tag_list created_at access playback_count favoritings_count reveal_stats track_count "
    "likes_count followers_count"
).split()


def _slim_track(data: dict[str, Any]) -> dict[str, Any]:
    """What a card of a list shows of a track, a playlist or a person of SoundCloud."""
    kept = {name: data[name] for name in SHOWN_OF_TRACKS if name in data}
    if user := data.get("user"):
        kept["user"] = _slim_track(user)
    return kept


def _made(data: dict[str, Any]) -> Any:
    """What it is: SoundCloud says so in `kind`, which Mixcloud does not have."""
    return soundcloud_resource(data) if "kind" in data else resource(data)


def _slim_user(user: dict[str, Any]) -> dict[str, Any]:
    kept = {"key": user["key"], "url": user["url"], "name": user["name"]}
    if medium := user.get("pictures", {}).get("medium"):
        kept["pictures"] = {"medium": medium}
    return kept


# What a menu says of a result


def _options(items: Iterable[dict[str, Any]], offset: int, *, more: bool) -> Any:
    """The lines of a menu, as JSON in JSON: they are sent again and again."""
    lines = [
        option(plain(_name(one), 100), str(number), _description(one))
        for number, item in enumerate(items, offset)
        if "comment" not in item and (one := _subject(item))
    ]
    if not lines:
        return None
    if offset:
        lines.insert(0, option(_("Earlier results…"), EARLIER))
    if more:
        lines.append(option(_("More results…"), LATER))
    return written(lines)


def _subject(item: dict[str, Any]) -> dict[str, Any] | None:
    """What a result leads to: an item of a feed to the show or person it is about."""
    if "from" not in item:
        return item
    subjects = item.get("cloudcasts") or item.get("users")
    return subjects[0] if subjects else None


NAMES = ("name", "title", "username", "key", "urn")  # the first that is not blank


def _name(one: dict[str, Any]) -> str:
    for said in NAMES:
        name: str | None = one.get(said)
        if name and not name.isspace():
            return name
    return "…"


def _description(one: dict[str, Any]) -> str:
    user = one.get("user")
    if user is None:
        return ""
    if "kind" in one:
        lasts = duration(one["duration"] // 1000) if one.get("duration") else ""
        return plain(" · ".join(filter(None, (isolate(user["username"]), lasts))), 100)
    said = isolate(user["name"])
    if seconds := one.get("audio_length"):
        said = f"{said} · {duration(seconds)}"
    if not one.get("hidden_stats"):
        said = f"{said} · {_plays(one.get('play_count') or 0, spoken())}"
    return plain(said, 100)


@lru_cache(8192)
def _plays(number: int, language: str) -> str:
    return ngettext("{number} play", "{number} plays", number)


def opened_by(one: Resource) -> Resource:
    """What a result leads to, as `_subject` has it."""
    if isinstance(one, FeedItem):
        subjects: Sequence[Resource] = one.cloudcasts or one.users or ()
        return subjects[0] if subjects else one
    return one
