"""The music services of the sandbox: what is shared of them, what goes wrong, who acts as whom."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from mixbot.app import App
from mixbot.links import host_of, page_of
from mixbot.sandbox import MixcloudServer, SoundCloudServer
from mixbot.sandbox.loopback import LoggedRequest
from mixbot.sandbox.mixcloud import (
    CutBody,
    Fault,
    HalfJson,
    Html403,
    InvalidToken,
    NotFoundHtml,
    RateLimit,
    Reset,
    Section,
    ServerError,
    Show,
    Slow,
)
from mixbot.sandbox.soundcloud import Playlist, Session, Track, User, render
from mixbot.sandbox.soundcloud import RateLimit as SoundCloudRateLimit
from mixbot.services import MIXCLOUD, NAMES, SOUNDCLOUD
from mixbot.services.soundcloud import PREFIX
from mixbot.tokens import LinkedTokens
from mixbot.vault import Vault
from tests.bot.ledger import Deed, Tie, plain

PAGE = ServerError(200)  # in place of JSON
TROUBLES: Sequence[Callable[[], Fault]] = (
    lambda: ServerError(500),
    lambda: PAGE,
    lambda: Slow(0.3),
    lambda: Slow(0.1),
    InvalidToken,
    Html403,
    HalfJson,
    CutBody,
    Reset,
    NotFoundHtml,
)
Route = tuple[str, str]
EVERYWHERE: Sequence[Route] = (("*", "/**"), ("GET", "/**"), ("POST", "/**"), ("DELETE", "/**"))


@dataclass(frozen=True, slots=True)
class Shared:
    """A show, a track or a playlist, as people share it."""

    record: Any
    key: str
    title: str
    host_name: str

    @property
    def url(self) -> str:
        return page_of(self.key).url

    @property
    def host(self) -> str:
        """The username of whose it is."""
        return page_of(self.key).user

    @property
    def host_url(self) -> str:
        return page_of(host_of(self.key)).url


class Pretended(ABC):
    """A music service of the sandbox. `names` are those of people's accounts, by username."""

    provider: str
    server: MixcloudServer | SoundCloudServer
    troubles: Sequence[Callable[[], Fault]]
    routes: Sequence[Route]
    consent_page: str
    account_field: str  # of the form on that page
    forgets_at_once: bool  # who used a token that is refused is no longer linked
    names: Mapping[str, str]

    @property
    def name(self) -> str:
        """What people call it."""
        return NAMES[self.provider]

    # What is shared

    @abstractmethod
    def shows(self) -> list[Shared]:
        """What people share."""

    @abstractmethod
    def hide(self, record: Any) -> None:
        """Have its host make a show private."""

    @abstractmethod
    def spellings(self, show: Shared) -> Sequence[str]:
        """The ways in which a show is named."""

    def spellings_of_host(self, show: Shared, username: str) -> Sequence[str]:
        """The ways in which its host is named, or the account `username`."""
        own = f"{show.host_url.rstrip('/').rpartition('/')[0]}/{username}/"
        return username, own, show.host_url, show.url

    # Who acts

    def sender(self, request: LoggedRequest) -> Any:
        """What the token that came with a request was given for; None if there is none."""
        return self.grant(self.token(request.query, request.authorization))

    @abstractmethod
    def token(self, query: Mapping[str, str], authorization: str) -> str:
        """The access token that came with a request, or nothing."""

    @abstractmethod
    def grant(self, token: str) -> Any:
        """The consent of a person that a token came of; None if there was none."""

    @abstractmethod
    def has_ended(self, grant: Any, refused: set[Any]) -> bool:
        """Whether nobody can act with `grant` any longer. `refused` are those that were so."""

    @abstractmethod
    def secrets(self, grant: Any) -> set[str]:
        """With what one can act that has `grant`."""

    async def trouble_with(self, grant: Any, parts: App, user_id: int) -> str | None:
        """What is wrong with what the bot keeps of a grant."""
        return None

    # What goes wrong

    def fits(self, fault: Fault, request: web.BaseRequest) -> bool:
        """Whether it is a fault that the service may have there."""
        match fault:
            case InvalidToken():
                authorization = request.headers.get("Authorization", "")
                return bool(self.token(request.query, authorization))
            case NotFoundHtml():
                return request.method != "DELETE"  # it would mean that it is undone already
        return request.path != self.consent_page  # which people would only load again

    async def spent_by(self, fault: Fault, request: web.BaseRequest) -> Any:
        """The grant that nobody can act with any longer, as the answer of this is lost."""
        return None

    # What is done

    @abstractmethod
    def deed(self, request: LoggedRequest) -> Deed | None:
        """The action that a request asks for."""

    @abstractmethod
    def ties(self) -> Iterator[Tie]:
        """All that people's accounts have done there."""


class PretendedMixcloud(Pretended):
    provider = MIXCLOUD
    troubles = (*TROUBLES, lambda: RateLimit(1), lambda: RateLimit(1, json=False))
    routes = (*EVERYWHERE, ("GET", "/search/"), ("GET", "/me/**"))
    consent_page = "/oauth/authorize"
    account_field = "username"
    forgets_at_once = True

    TIES: Mapping[str, str] = {
        "favorite": "favorites",
        "follow": "follows",
        "repost": "reposts",
        "listen_later": "listen_later",
    }
    ACTION_PATH = re.compile(r"(?P<key>/.+/)(?P<action>favorite|repost|listen-later|follow)/")

    def __init__(self, server: MixcloudServer, names: Mapping[str, str]) -> None:
        self.server = server
        self.catalogue = server.catalogue
        self.names = names
        for username, name in names.items():
            self.catalogue.add_user(username, name)
        add = self.catalogue.add_show
        songs = tuple(Section("Artist", f"Song {n}", start_time=n * 30) for n in range(100))
        self._odd = [
            add("longwinded", "夜" * 300, description="長" * 5000, tags=("Jazz",)),
            add("markup", "@everyone **bold** [x](https://evil.tld) <@1> `c`", tags=("Jazz",)),
            add("rtl", "إذاعة الياسمين", tags=("Jazz", "A" * 70)),
            add("hidden", "Nobody counts", hidden_stats=True, audio_length=None, tags=("Jazz",)),
            add("quiet", "Secret", visibility="private"),
            add("songs", "A hundred", sections=songs, audio_length=3000, tags=("Jazz",)),
        ]

    def shows(self) -> list[Shared]:
        return [
            Shared(show, show.key, show.name, show.user.name)
            for show in [*self.catalogue.shows[:60:4], *self._odd]
        ]

    def hide(self, record: Show) -> None:
        record.visibility = "private"

    def spellings(self, show: Shared) -> Sequence[str]:
        return show.key, show.key, show.url, f"{show.url}?t=1m30s", show.key.strip("/").upper()

    def token(self, query: Mapping[str, str], authorization: str) -> str:
        return query.get("access_token", "")

    def grant(self, token: str) -> str | None:
        return token or None

    def has_ended(self, grant: str, refused: set[Any]) -> bool:
        return grant in refused

    def secrets(self, grant: str) -> set[str]:
        return {grant}

    def deed(self, request: LoggedRequest) -> Deed | None:
        match = self.ACTION_PATH.fullmatch(plain(request.path))
        if match is None or request.method not in ("POST", "DELETE"):
            return None
        verb = match["action"].replace("-", "_")
        return Deed(f"un{verb}" if request.method == "DELETE" else verb, match["key"])

    def ties(self) -> Iterator[Tie]:
        for username in self.names:
            user = self.catalogue.user(username)
            assert user
            for kind, name in self.TIES.items():
                for _when, one in getattr(self.catalogue, name).by(user):
                    yield username, kind, plain(one.key)


class PretendedSoundCloud(Pretended):
    provider = SOUNDCLOUD
    troubles = (*TROUBLES, lambda: SoundCloudRateLimit(1), lambda: SoundCloudRateLimit(1, "x"))
    routes = (
        *EVERYWHERE,
        ("PUT", "/**"),
        ("GET", "/tracks"),
        ("GET", "/resolve"),
        ("POST", "/oauth/token"),
        ("POST", "/oauth/token"),
        ("GET", "/me/**"),
    )
    consent_page = "/authorize"
    account_field = "account"
    forgets_at_once = False  # but when it is to be refreshed

    TOKENS = "/oauth/token"
    TIED_PATH = re.compile(r"/(likes|reposts)/(tracks|playlists)/soundcloud:\2:(\d+)")
    FOLLOWED_PATH = re.compile(r"/me/followings/soundcloud:users:(\d+)")
    VERBS: Mapping[str, str] = {"likes": "favorite", "reposts": "repost"}

    def __init__(self, server: SoundCloudServer, names: Mapping[str, str], vault: Vault) -> None:
        self.server: SoundCloudServer = server
        self.catalogue = server.catalogue
        self.names = names
        self._vault = vault
        for permalink, name in names.items():
            self.catalogue.add_user(permalink, name)
        add = self.catalogue.add_track
        songs = [add("songs", f"Song {number}") for number in range(30)]
        bare = {"created_at": None, "duration": None, "artwork_url": None, "genre": None}
        self._odd: list[Track | Playlist] = [
            add("longwinded", "夜" * 300, description="長" * 5000, genre="Jazz"),
            add("markup", "@everyone **bold** [x](https://evil.tld) <@1> `c`", tag_list="Jazz"),
            add("rtl", "إذاعة الياسمين", tag_list=f'Jazz "{"A" * 70}"'),
            add("bare", "Nobody counts", hidden_stats=True, extra=bare, tag_list="Jazz"),
            add("quiet", "Secret", private=True),
            add("preview", "The first seconds", access="preview", tag_list="Jazz"),
            self.catalogue.add_playlist("songs", "Thirty", songs),
            self.catalogue.add_playlist("songs", "Nothing", []),
        ]

    def shows(self) -> list[Shared]:
        tracks = list(self.catalogue.tracks.values())[:60:6]
        return [
            Shared(one, self._key(one), one.title, one.user.username)
            for one in (*tracks, *self._odd)
        ]

    def _key(self, record: User | Track | Playlist) -> str:
        return PREFIX + render.page_of(record).removeprefix(f"{render.SITE}/")

    def hide(self, record: Track | Playlist) -> None:
        record.private = True

    def spellings(self, show: Shared) -> Sequence[str]:
        mobile = show.url.replace("https://", "http://m.")
        kind = "playlists" if isinstance(show.record, Playlist) else "tracks"
        return (
            show.key,
            show.key,
            show.url,
            f"{mobile}?si=1#t=1:30",
            f"https://on.soundcloud.com/{show.record.id}",
            f"https://api.soundcloud.com/{kind}/{show.record.id}",
        )

    def spellings_of_host(self, show: Shared, username: str) -> Sequence[str]:
        short = f"https://on.soundcloud.com/{show.record.user.id}"
        _bare, *links = super().spellings_of_host(show, username)
        return f"{PREFIX}{username}", short, *links

    def token(self, query: Mapping[str, str], authorization: str) -> str:
        scheme, _space, token = authorization.partition(" ")
        return token if scheme == "OAuth" else ""

    def grant(self, token: str) -> Session | None:
        """The session; None for one of the application's."""
        session = self.server.origin(token)
        return session if session and session.permalink else None

    def has_ended(self, grant: Session, refused: set[Any]) -> bool:
        return not grant.refresh

    def secrets(self, grant: Session) -> set[str]:
        return {*grant.access, grant.refresh} - {""}

    async def trouble_with(self, grant: Session, parts: App, user_id: int) -> str | None:
        if not grant.refresh:
            return "the grant has ended, which nobody wanted"
        tokens = await LinkedTokens(parts.store, self._vault).of(user_id, SOUNDCLOUD).load()
        if tokens is None or tokens.refresh_token != grant.refresh:
            return "the token that is good is not the one that is kept"
        return None

    def fits(self, fault: Fault, request: web.BaseRequest) -> bool:
        match fault:
            case NotFoundHtml() if request.path == self.TOKENS:
                return False  # which would be a matter of the operator's settings
            case HalfJson() | CutBody() if request.method == "POST" and request.path.startswith(
                "/reposts/"
            ):
                return False  # their answers are empty, and half of nothing is as good
        return super().fits(fault, request)

    async def spent_by(self, fault: Fault, request: web.BaseRequest) -> Session | None:
        if request.path != self.TOKENS or not isinstance(fault, HalfJson | CutBody):
            return None
        return self.grant(str((await request.post()).get("refresh_token", "")))

    def deed(self, request: LoggedRequest) -> Deed | None:
        found: User | Track | Playlist | None = None
        path = plain(request.path)
        if match := self.TIED_PATH.fullmatch(path):
            of_kind: Mapping[int, Track | Playlist] = getattr(self.catalogue, match[2])
            verb, found = self.VERBS[match[1]], of_kind.get(int(match[3]))
        elif match := self.FOLLOWED_PATH.fullmatch(path):
            verb, found = "follow", self.catalogue.users.get(int(match[1]))
        if found is None or request.method not in ("POST", "PUT", "DELETE"):
            return None
        return Deed(f"un{verb}" if request.method == "DELETE" else verb, plain(self._key(found)))

    def ties(self) -> Iterator[Tie]:
        catalogue = self.catalogue
        kinds: Mapping[str, Any] = {
            "favorite": catalogue.likes,
            "follow": catalogue.follows,
            "repost": catalogue.reposts,
        }
        for permalink in self.names:
            user = catalogue.user(permalink)
            assert user
            for kind, ties in kinds.items():
                for _when, one in ties.by(user):
                    yield permalink, kind, plain(self._key(one))


def keys_of(services: Iterable[Pretended]) -> set[str]:
    """The keys of all that is shared."""
    return {show.key for service in services for show in service.shows()}
