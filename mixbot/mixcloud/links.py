"""Links to Mixcloud, read from any text and in every form that people paste."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, quote, unquote, urlsplit

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

_CANDIDATE = re.compile(
    r"(?:https?://|(?<![\w.@/:\-%+]))"  # a scheme, or not in the middle of another word or address
    r"(?:[a-z0-9-]+\.)*mixcloud\.com(?![\w\-@]|\.\w)"
    r"[^\s<>\"|\\^`{}]*",
    re.IGNORECASE,
)
_TRAILING = ".,;:!?'*_~’”»…"
_BRACKETS = {")": "(", "]": "["}
_SHORT_CODE = re.compile(r"[A-Za-z0-9]{4,12}")
_OFFSET = re.compile(r"(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s?)?")


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
        parts = [self.user] if self.show is None else [self.user, self.show]
        return "".join(f"/{quote(part, safe='')}" for part in parts) + "/"

    @property
    def url(self) -> str:
        """The page on the site."""
        return SITE + self.key

    @classmethod
    def from_key(cls, key: str) -> Link:
        """The person or show whose key is `key`; raises ValueError when it is neither's."""
        link = read_key(key)
        if link is None:
            raise ValueError(f"{key!r} is not the key of a person or a show")
        return link


@dataclass(frozen=True, slots=True)
class ShortLink:
    """A link of `i.mixcloud.com`; only Mixcloud knows where it leads: `Mixcloud.resolve`."""

    code: str


def find_links(text: str) -> Iterator[Link | ShortLink]:
    """Every link to a person or a show in `text`, in order; look-alike hosts are not Mixcloud's."""
    for match in _CANDIDATE.finditer(text):
        if link := _read(_trimmed(match[0])):
            yield link


def read_key(key: str) -> Link | None:
    """`user/show` or `user`, with or without slashes around, encoded or not; None if neither.

    >>> read_key("/spartacus/party-time/")
    Link(user='spartacus', show='party-time', start=None)
    """
    if any(mark in key for mark in "?#\\ \n\t") or "//" in key.strip("/"):
        return None
    return _from_path(key)


def _trimmed(address: str) -> str:
    """Without the punctuation and brackets that belong to the sentence around."""
    address = address.partition("](")[0]  # Markdown that shows the address it leads to
    while address:
        opening = _BRACKETS.get(address[-1])
        unbalanced = opening and address.count(address[-1]) > address.count(opening)
        if address[-1] not in _TRAILING and not unbalanced:
            break
        address = address[:-1]
    return address


def _read(address: str, depth: int = 0) -> Link | ShortLink | None:
    address = html.unescape(address)
    if "://" not in address:
        address = f"https://{address}"
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if parts.username is not None or port not in (None, 80, 443):
        return None
    if host == SHORT_HOST:
        code = parts.path.strip("/")
        return ShortLink(code) if _SHORT_CODE.fullmatch(code) else None
    if host in HOSTS | PLAYER_HOSTS and parts.path.startswith(PLAYER_PATHS):
        return _from_player(parts, depth)
    return _from_path(parts.path, start=_start(parts)) if host in HOSTS else None


def _from_player(parts: SplitResult, depth: int) -> Link | ShortLink | None:
    """What a player's `feed` says: a path or an address, encoded once or twice."""
    feed = parse_qs(parts.query).get("feed", [""])[0]
    if "%2F" in feed[:16].upper():
        feed = unquote(feed)
    if feed.startswith("/"):
        return _from_path(feed)
    return _read(feed, depth + 1) if feed and depth < 2 else None


def _from_path(path: str, start: int | None = None) -> Link | None:
    try:
        segments = [unquote(one, errors="strict") for one in path.strip("/").split("/")]
    except UnicodeDecodeError:
        return None
    if not all(map(_is_name, segments)):
        return None
    user, rest = segments[0], segments[1:]
    if user == "live" and rest:
        return Link(rest[0])
    if user.lower() in NOT_USERS:
        return None
    if not rest or rest[0].lower() in NOT_SHOWS:
        return Link(user)
    return Link(user, rest[0], start)


def _is_name(segment: str) -> bool:
    return (
        bool(segment)
        and segment not in (".", "..")
        and segment.isprintable()
        and not any(mark in segment for mark in "/\\?#<>")
    )


def _start(parts: SplitResult) -> int | None:
    """Seconds of `?t=`: 90, 90s, 1m30s, 1h2m3s."""
    value = parse_qs(parts.query).get("t", [""])[0]
    match = _OFFSET.fullmatch(value) if value.isascii() else None
    if not match or not any(match.groups()):
        return None
    hours, minutes, seconds = (int(group or 0) for group in match.groups())
    return hours * 3600 + minutes * 60 + seconds
