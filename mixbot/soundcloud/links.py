"""Links to SoundCloud, read from any text and in every form that people paste."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from mixbot.transport.addresses import Addresses, seconds, split

from .constants import API_ROOT

DOMAINS = ("soundcloud.com", "soundcloud.app.goo.gl")
SITE = "https://soundcloud.com"

# First segments that are pages of the site, and not users.
NOT_USERS = frozenset(
    "artists charts checkout community-guidelines connect creators discover explore feed for "
    "getstarted go imprint jobs login logout messages mobile notifications oembed pages people "
    "player popular pro search settings signin signup stations stream subscribe tags "
    "terms-of-use tracks upload you".split()
)
# Second segments that are tabs of a profile, and not tracks.
NOT_TRACKS = frozenset(
    "albums comments followers following groups info likes playlists popular-tracks recommended "
    "reposts sets spotlight toptracks tracks".split()
)
HOSTS = frozenset({"soundcloud.com", "www.soundcloud.com", "m.soundcloud.com"})
SHORT_HOSTS = frozenset({"on.soundcloud.com", "soundcloud.app.goo.gl"})
API_HOST = "api.soundcloud.com"
PLAYER_HOSTS = frozenset({"w.soundcloud.com", "player.soundcloud.com"})
PLAYER_PATHS = frozenset({"/player", "/player/", "/player.swf"})

_ADDRESSES = Addresses(*DOMAINS)
_TYPED = re.compile(r"/?[\w-]+(?:/[\w-]+)*/?", re.ASCII)
_SEGMENT = re.compile(r"[\w-]+", re.ASCII)
_SECRET = re.compile(r"s-[\w-]+", re.ASCII)
_SHORT_CODE = re.compile(r"[A-Za-z0-9]{4,40}")
_THING = re.compile(
    r"/(tracks|playlists|users)/(?:soundcloud:\1:)?(\d{1,20})(?:/[\w/-]*)?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Link:
    """A person at SoundCloud, or one of their tracks or playlists, as their addresses name them.

    `secret` opens a private one. `start` is where to begin, in seconds, if the link says so.
    """

    user: str
    name: str | None = None
    is_playlist: bool = False
    secret: str | None = field(default=None, repr=False)
    start: int | None = None

    @property
    def path(self) -> str:
        """The address on the site, without the host.

        >>> Link("forss").path
        'forss'
        >>> Link("forss", "flickermood").path
        'forss/flickermood'
        >>> Link("forss", "ecclesia", is_playlist=True, secret="s-AbC").path
        'forss/sets/ecclesia/s-AbC'
        """
        kind = "sets" if self.is_playlist else None
        return "/".join(filter(None, (self.user, kind, self.name, self.secret)))

    @property
    def url(self) -> str:
        """The page on the site."""
        return f"{SITE}/{self.path}"

    @classmethod
    def from_path(cls, path: str) -> Link:
        """The person, track or playlist at `path`; raises ValueError when it is nobody's."""
        link = _from_path(path)
        if link is None:  # what was given is not repeated, as it may hold a secret
            raise ValueError("this is not the path of a person, a track or a playlist")
        return link


@dataclass(frozen=True, slots=True)
class ShortLink:
    """An address of which only SoundCloud knows where it leads: `SoundCloud.resolve(link.url)`.

    It is a shortened one, or one of the API, which names things by number.
    """

    url: str

    @property
    def secret(self) -> str | None:
        """What opens it if it is private, where the address says so.

        >>> ShortLink("https://api.soundcloud.com/tracks/1?secret_token=s-AbC").secret
        's-AbC'
        """
        return _secret_in(parse_qs(urlsplit(self.url).query).get("secret_token", []))


def find_links(text: str) -> Iterator[Link | ShortLink]:
    """Every link to a person, track or playlist in `text`, in order; no look-alike host's."""
    for address in _ADDRESSES.within(text):
        if link := _read(address):
            yield link


def read_path(text: str) -> Link | None:
    """What somebody types: `user`, `user/track` or `user/sets/playlist`.

    >>> read_path("forss/sets/ecclesia")
    Link(user='forss', name='ecclesia', is_playlist=True, start=None)
    """
    return _from_path(text) if _TYPED.fullmatch(text) else None


def _read(address: str, secret: str | None = None, depth: int = 0) -> Link | ShortLink | None:
    """What is at `address`; `secret` is what a player around it says."""
    parts = split(address)
    if parts is None:
        return None
    host, query = parts.hostname, parse_qs(parts.query)
    secret = _secret_in(query.get("secret_token", [])) or secret
    if parts.path in PLAYER_PATHS and host in HOSTS | PLAYER_HOSTS:
        return _from_player(query, secret, depth)
    if host in SHORT_HOSTS:
        code = parts.path.strip("/")
        return ShortLink(f"https://{host}/{code}") if _SHORT_CODE.fullmatch(code) else None
    if host == API_HOST:
        return _from_api(parts.path, secret)
    return _from_path(parts.path, secret, _start(parts, query)) if host in HOSTS else None


def _from_player(
    query: Mapping[str, Sequence[str]], secret: str | None, depth: int
) -> Link | ShortLink | None:
    """What a player's `url` says: an address, encoded once or twice."""
    address = query.get("url", [""])[0]
    if "://" not in address:
        address = unquote(address)
    return _read(address, secret, depth + 1) if depth < 2 else None


def _from_api(path: str, secret: str | None) -> ShortLink | None:
    """What the API names by its number, or by its urn."""
    match = _THING.fullmatch(unquote(path))
    if not match:
        return None
    kind, number = match.groups()
    query = f"?secret_token={secret}" if secret else ""
    return ShortLink(f"{API_ROOT}/{kind}/{number}{query}")


def _from_path(path: str, secret: str | None = None, start: int | None = None) -> Link | None:
    segments = _segments(path)
    match [segment.lower() for segment in segments]:
        case [page, *_] if page in NOT_USERS:
            return None
        case [user, "sets", name, *_]:
            secret = _secret_in(segments[3:]) or secret
            return Link(user, name, is_playlist=True, secret=secret, start=start)
        case [user, name, *_] if name not in NOT_TRACKS:
            return Link(user, name, secret=_secret_in(segments[2:]) or secret, start=start)
        case [user, *_]:
            return Link(user)
    return None


def _segments(path: str) -> list[str]:
    """The parts of `path`, decoded; none where one of them can be nobody's name."""
    segments = [unquote(segment) for segment in path.split("/") if segment]
    return segments if all(map(_SEGMENT.fullmatch, segments)) else []


def _secret_in(values: Sequence[str]) -> str | None:
    """The first of `values` if it is a secret; where that stands, others have tabs or comments."""
    return values[0] if values and _SECRET.fullmatch(values[0]) else None


def _start(parts: SplitResult, query: Mapping[str, Sequence[str]]) -> int | None:
    """Seconds of `#t=`, as the site writes it, or of `?t=`."""
    times = parse_qs(parts.fragment).get("t") or query.get("t") or [""]
    return seconds(times[0])
