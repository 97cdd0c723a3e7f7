"""Links to Mixcloud, read from any text and in every form that people paste."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import SplitResult, parse_qs, quote, unquote

from mixbot.transport.addresses import Addresses, seconds, split

DOMAINS = ("mixcloud.com",)
SITE = "https://www.mixcloud.com"

# First segments that are pages of the site, and not users.
NOT_USERS = frozenset(
    "about advertise artist categories comments competitions dashboard developers discover genres "
    "jobs live me media my-messages new oauth oembed pigeon plans popular pro search select "
    "settings short tag terms track tracks upload widget".split()
)
# Second segments that are tabs of a profile, or connections of the API, and not shows.
NOT_SHOWS = frozenset(
    "activity cloudcasts comments community dashboard favorites feed follow followers following "
    "listen-later listens playlists reposts select stream subscribe tracks uploads".split()
)
HOSTS = frozenset(
    "mixcloud.com www.mixcloud.com m.mixcloud.com beta.mixcloud.com api.mixcloud.com".split()
)
SHORT_HOST = "i.mixcloud.com"
PLAYER_HOSTS = frozenset({"player-widget.mixcloud.com"})
PLAYER_PATHS = ("/widget/iframe", "/media/swf/player/")

_ADDRESSES = Addresses(*DOMAINS)
_PASTED = re.compile(r"https://www\.mixcloud\.com(/[\w.-]+/[\w.-]+/)", re.ASCII)
_TYPED = re.compile(r"/?(?!\S*mixcloud\.com)[^\s:@?#/\\]+(?:/[^\s:@?#/\\]+)?/?", re.IGNORECASE)
# White space, control characters and halves of characters, too, are in nobody's name.
_IN_NO_NAME = re.compile(r'[/\\?#<>"\s\x00-\x1f\x7f-\x9f\ud800-\udfff]')
_SHORT_CODE = re.compile(r"[A-Za-z0-9]{4,12}")


@dataclass(frozen=True, slots=True)
class Link:
    """A person at Mixcloud, or one of their shows; both as people write them, not encoded.

    `start` is where to begin playing, in seconds, if the link says so.
    """

    user: str
    show: str | None = None
    start: int | None = None

    @property
    def key(self) -> str:
        """The key of the API: percent-encoded, with slashes around.

        >>> Link("spartacus", "été").key
        '/spartacus/%C3%A9t%C3%A9/'
        """
        show = "" if self.show is None else f"{_encoded(self.show)}/"
        return f"/{_encoded(self.user)}/{show}"

    @property
    def url(self) -> str:
        """The page on the site."""
        return SITE + self.key

    @classmethod
    @lru_cache(4096)
    def from_key(cls, key: str) -> Link:
        """The person or show whose key is `key`; raises ValueError when it is neither's."""
        segments = _segments(key)
        if not segments:
            raise ValueError(f"{key!r} is not the key of a person or a show")
        return cls(segments[0], segments[1] if len(segments) > 1 else None)


@dataclass(frozen=True, slots=True)
class ShortLink:
    """A link of `i.mixcloud.com`; only Mixcloud knows where it leads: `Mixcloud.resolve`."""

    code: str


def find_links(text: str) -> Iterator[Link | ShortLink]:
    """Every link to a person or a show in `text`, in order; look-alike hosts are not Mixcloud's."""
    for address in _ADDRESSES.within(text):
        if link := _read(address):
            yield link


def read_key(text: str) -> Link | None:
    """What somebody types for a show or a person: `user/show` or `user`, encoded or not.

    >>> read_key("spartacus/party-time")
    Link(user='spartacus', show='party-time', start=None)
    """
    return _from_path(text) if _TYPED.fullmatch(text) else None


def _read(address: str, depth: int = 0) -> Link | ShortLink | None:
    if match := _PASTED.fullmatch(address):  # nearly every link, which needs no further look
        return _from_path(match[1])
    parts = split(address)
    if parts is None:
        return None
    host = parts.hostname or ""
    if host == SHORT_HOST:
        code = parts.path.strip("/")
        return ShortLink(code) if _SHORT_CODE.fullmatch(code) else None
    if parts.path.startswith(PLAYER_PATHS) and host in HOSTS | PLAYER_HOSTS:
        return _from_player(parts, depth)
    return _from_path(parts.path, start=_start(parts)) if host in HOSTS else None


def _from_player(parts: SplitResult, depth: int) -> Link | ShortLink | None:
    """What a player's `feed` says: a path or an address, encoded once or twice."""
    feed = parse_qs(parts.query).get("feed", [""])[0]
    if "/" not in feed:
        feed = unquote(feed)
    if "//" not in feed:
        return _from_path(feed)
    return _read(feed, depth + 1) if depth < 2 else None


def _from_path(path: str, start: int | None = None) -> Link | None:
    match _segments(path):
        case [live, user, *_] if live.lower() == "live":
            return Link(user)
        case [page, *_] if page.lower() in NOT_USERS:
            return None
        case [user, show, *_] if show.lower() not in NOT_SHOWS:
            return Link(user, show, start)
        case [user, *_]:
            return Link(user)
    return None


def _segments(path: str) -> list[str]:
    """The parts of `path`, decoded; none where one of them can be nobody's name."""
    try:
        segments = [unquote(one, errors="strict") for one in path.split("/") if one]
    except UnicodeDecodeError:
        return []
    return segments if all(map(_is_name, segments)) else []


@lru_cache(4096)
def _encoded(name: str) -> str:
    return quote(name, safe="")


def _is_name(segment: str) -> bool:
    return segment not in (".", "..") and not _IN_NO_NAME.search(segment)


def _start(parts: SplitResult) -> int | None:
    """Seconds of `?t=`."""
    return seconds(parse_qs(parts.query).get("t", [""])[0]) if parts.query else None
