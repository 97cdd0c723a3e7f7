"""What SoundCloud's API does with a request, without the network."""

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import unquote, urlencode, urlsplit

from mixbot.sandbox.mixcloud.uploads import Form
from mixbot.sandbox.soundcloud.catalogue import Catalogue
from mixbot.sandbox.soundcloud.grants import Grants
from mixbot.sandbox.soundcloud.records import Playlist, Track, User
from mixbot.sandbox.soundcloud.render import Json, Renderer, moment, page_of

LINK = "https://developers.soundcloud.com/docs/api/explorer/open-api"
NO_HEADER = (
    "A request must contain the Authorization header. For details please refer to "
    "https://developers.soundcloud.com/blog/security-updates-api."
)
PER_PAGE, MOST_PER_PAGE = 50, 200
BYTES_PER_SECOND = 40_000  # of a 320 kbit/s mp3
STREAMS = ("http_mp3_128", "hls_mp3_128", "hls_aac_160", "preview_mp3_128")
SITE_HOSTS = ("soundcloud.com", "www.soundcloud.com", "m.soundcloud.com")
SHORT_HOST = "on.soundcloud.com"

T = TypeVar("T")
Made = TypeVar("Made", Track, Playlist)


@dataclass(slots=True)
class Manners:
    """In what SoundCloud may differ, or did.

    `query_tokens`: before 2021 tokens came as `oauth_token`, too, in the query or the form.
    """

    query_tokens: bool = False


class Refused(Exception):
    """An answer that says no, in the words of SoundCloud."""

    def __init__(self, status: int, message: str, reason: str) -> None:
        super().__init__(message)
        self.status = status
        self.body: Json = {
            "code": status,
            "message": message,
            "link": LINK,
            "status": f"{status} - {reason}",
            "errors": [{"error_message": message}] if message else [],
            "error": None,
        }


class Found(Exception):
    """What is asked for is elsewhere."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


def not_found() -> Refused:
    return Refused(404, "404 - Not Found", "Not Found")


def unauthorized(message: str = "") -> Refused:
    return Refused(401, message, "Unauthorized")


def bad_request(message: str) -> Refused:
    return Refused(400, message, "Bad Request")


@dataclass(frozen=True, slots=True)
class Call:
    """A request, with what came with it."""

    method: str
    segments: tuple[str, ...]
    query: Mapping[str, str]
    origin: str
    authorization: str
    body: Mapping[str, Any] = field(default_factory=dict)
    form: Form | None = None


class Api:
    """Answers calls; raises Refused, or Found for what is elsewhere."""

    def __init__(
        self,
        catalogue: Catalogue,
        grants: Grants,
        clock: Callable[[], datetime],
    ) -> None:
        self._catalogue = catalogue
        self._grants = grants
        self._clock = clock

    def viewer(self, call: Call) -> User | None:
        """Who asks: a person, or None for an application; raises Refused for nobody."""
        scheme, _, token = call.authorization.partition(" ")
        if not token:
            raise unauthorized(NO_HEADER)
        session = self._grants.session(token) if scheme == "OAuth" else None
        if session is None:
            raise unauthorized("invalid_token")
        if session.permalink is None:
            return None
        return self._catalogue.user(session.permalink)

    def answer(self, call: Call) -> tuple[int, Any]:
        """Status and JSON; None is no JSON at all."""
        viewer = self.viewer(call)
        draw = Renderer(self._catalogue, call.origin, viewer)
        if call.method == "GET":
            return 200, self._read(call, draw, viewer)
        if viewer is None:
            raise unauthorized()
        return self._write(call, draw, viewer)

    # Reading

    def _read(self, call: Call, draw: Renderer, viewer: User | None) -> Any:
        catalogue = self._catalogue
        match call.segments:
            case ("resolve",):
                raise Found(self._resolved(call))
            case ("me", *rest):
                if viewer is None:
                    raise unauthorized()
                return draw.me(viewer) if not rest else self._of_user(call, draw, viewer, rest)
            case ("users", name, *rest):
                user = self._one("users", name, catalogue.users)
                return draw.user(user) if not rest else self._of_user(call, draw, user, rest)
            case ("tracks", name, *rest):
                track = self._visible(self._one("tracks", name, catalogue.tracks), viewer, call)
                return draw.track(track) if not rest else self._of_track(call, draw, track, rest)
            case ("playlists", name):
                found = self._one("playlists", name, catalogue.playlists)
                playlist = self._visible(found, viewer, call)
                return draw.playlist(playlist, tracks=call.query.get("show_tracks") != "false")
            case ("playlists", name, "tracks"):
                found = self._one("playlists", name, catalogue.playlists)
                playlist = self._visible(found, viewer, call)
                return self._listed(call, playlist.tracks, draw.any)
            case ("tracks" | "playlists" | "users" as kind,):
                return self._listed(call, self._searched(kind, call), draw.any)
        raise not_found()

    def _resolved(self, call: Call) -> str:
        """The address of what `url` is the page of."""
        parts = urlsplit(call.query.get("url", ""))
        found: User | Track | Playlist | None = None
        rest: list[str] = []
        if parts.hostname == SHORT_HOST:
            return self._place(call, self._numbered(parts.path.strip("/")))
        if parts.hostname not in SITE_HOSTS:
            raise not_found()
        match [unquote(segment) for segment in parts.path.strip("/").split("/")]:
            case [user]:
                found = self._catalogue.user(user)
            case [user, "sets", playlist, *rest]:
                found = self._catalogue.playlist(user, playlist)
            case [user, track, *rest]:
                found = self._catalogue.track(user, track)
        secret = f"?{urlencode({'secret_token': rest[0]})}" if rest else ""
        return self._place(call, found) + secret

    def _numbered(self, code: str) -> User | Track | Playlist | None:
        """What has that number: so short links are made here."""
        number = int(code) if code.isdecimal() else 0
        catalogue = self._catalogue
        return (
            catalogue.tracks.get(number)
            or catalogue.playlists.get(number)
            or catalogue.users.get(number)
        )

    def _place(self, call: Call, found: User | Track | Playlist | None) -> str:
        match found:
            case User():
                return f"{call.origin}/users/soundcloud:users:{found.id}"
            case Track():
                return f"{call.origin}/tracks/soundcloud:tracks:{found.id}"
            case Playlist():
                return f"{call.origin}/playlists/soundcloud:playlists:{found.id}"
        raise not_found()

    def _of_user(self, call: Call, draw: Renderer, user: User, rest: Sequence[str]) -> Any:
        catalogue, mine = self._catalogue, call.segments[0] == "me"
        found: Sequence[Any]
        match rest:
            case ["tracks"]:
                found = [one for one in catalogue.tracks_of(user) if mine or not one.private]
            case ["playlists"]:
                found = [one for one in catalogue.playlists_of(user) if mine or not one.private]
            case ["likes" | "reposts" as deed, "tracks" | "playlists" as kind]:
                ties = catalogue.likes if deed == "likes" else catalogue.reposts
                wanted = Track if kind == "tracks" else Playlist
                found = [one for _, one in ties.by(user) if isinstance(one, wanted)]
            case ["followers"]:
                found = [one for _, one in catalogue.follows.to(user)]
            case ["followings"]:
                found = [one for _, one in catalogue.follows.by(user)]
            case ["feed"] if mine:
                return self._listed(call, self._feed(user), lambda track: _activity(draw, track))
            case _:
                raise not_found()
        return self._listed(call, found, draw.any)

    def _feed(self, user: User) -> list[Track]:
        followed = [one for _, one in self._catalogue.follows.by(user)]
        tracks = [track for one in followed for track in self._catalogue.tracks_of(one)]
        return sorted(tracks, key=lambda track: track.created, reverse=True)

    def _of_track(self, call: Call, draw: Renderer, track: Track, rest: Sequence[str]) -> Any:
        catalogue = self._catalogue
        address = f"{call.origin}/tracks/soundcloud:tracks:{track.id}"
        match rest:
            case ["comments"]:
                comments = [one for one in catalogue.comments if one.track is track]
                return self._listed(call, comments, draw.any)
            case ["favoriters"]:
                return self._listed(call, [one for _, one in catalogue.likes.to(track)], draw.any)
            case ["reposters"]:
                found = [one for _, one in catalogue.reposts.to(track)]
                return self._listed(call, found, draw.any)
            case ["related"]:
                related = [one for one in catalogue.tracks_of(track.user) if one is not track]
                return self._listed(call, related, draw.any)
            case ["streams"]:
                return {f"{name}_url": f"{address}/streams/{name}/" for name in STREAMS}
            case ["stream"] | ["streams", _]:
                raise Found(f"https://cf-media.sndcdn.com/{track.id}.128.mp3?Policy=x&Signature=y")
        raise not_found()

    def _searched(self, kind: str, call: Call) -> Sequence[Any]:
        catalogue = self._catalogue
        words = call.query.get("q", "").casefold().split()
        public = [track for track in catalogue.tracks.values() if not track.private]
        known: Mapping[str, Sequence[Any]] = {
            "tracks": sorted(public, key=lambda track: -track.plays),
            "playlists": [one for one in catalogue.playlists.values() if not one.private],
            "users": list(catalogue.users.values()),
        }
        if urns := call.query.get("urns"):
            numbers = {urn.rpartition(":")[2] for urn in urns.split(",")}
            return [one for one in known[kind] if str(one.id) in numbers]
        genres = call.query.get("genres", "").casefold().split(",")
        return [
            one
            for one in known[kind]
            if all(word in _text_of(one) for word in words)
            and (genres == [""] or getattr(one, "genre", "").casefold() in genres)
        ]

    def _listed(self, call: Call, found: Sequence[T], draw: Callable[[T], Json]) -> Any:
        """A page, with a link to the next; or, without linked partitioning, an array."""
        try:
            limit = int(call.query.get("limit", PER_PAGE))
            start = int(call.query.get("cursor", call.query.get("offset", 0)))
        except ValueError:
            raise bad_request("limit, cursor and offset are numbers") from None
        if not 1 <= limit <= MOST_PER_PAGE:
            raise bad_request("limit is from 1 to 200")
        drawn = [draw(one) for one in found[start : start + limit]]
        if call.query.get("linked_partitioning") not in ("true", "1"):
            return drawn
        page: Json = {"collection": drawn, "next_href": None}
        if start + limit < len(found):
            more = {**call.query, "cursor": str(start + limit)}
            more.pop("oauth_token", None)
            page["next_href"] = f"{call.origin}/{'/'.join(call.segments)}?{urlencode(more)}"
        return page

    def _one(self, kind: str, name: str, known: Mapping[int, T]) -> T:
        """The record that a number or a urn names."""
        number = name.removeprefix(f"soundcloud:{kind}:")
        found = known.get(int(number)) if re.fullmatch(r"\d{1,18}", number) else None
        if found is None:
            raise not_found()
        return found

    def _visible(self, what: Made, viewer: User | None, call: Call | None = None) -> Made:
        """`what`, for its owner or whoever asks with its secret if it is private."""
        told = call.query.get("secret_token") if call else None
        if what.private and what.user is not viewer and (not told or told != what.secret):
            raise not_found()
        return what

    # Acting

    def _write(self, call: Call, draw: Renderer, viewer: User) -> tuple[int, Any]:
        catalogue = self._catalogue
        match call.method, call.segments:
            case "POST" | "DELETE", ("likes" | "reposts" as deed, kind, name):
                what = self._tied(kind, name, viewer)
                ties = catalogue.likes if deed == "likes" else catalogue.reposts
                if call.method == "POST":
                    ties.add(viewer, what, self._clock())
                    return (200, {"status": "200 - OK"}) if deed == "likes" else (201, None)
                if not ties.remove(viewer, what):
                    raise not_found()
                return 200, {"status": "200 - OK"}
            case "PUT" | "DELETE", ("me", "followings", name):
                return self._follow(call.method, viewer, name, draw)
            case "POST", ("tracks", name, "comments"):
                track = self._visible(self._one("tracks", name, catalogue.tracks), viewer)
                return 201, draw.comment(self._commented(call, track, viewer))
            case "POST", ("tracks",):
                return 201, draw.track(self._uploaded(call, viewer))
            case "PUT", ("tracks", name):
                track = self._owned(name, viewer)
                self._change(track, _given(call, "track"))
                return 200, draw.track(track)
            case "DELETE", ("tracks", name):
                catalogue.remove_track(self._owned(name, viewer))
                return 200, None
            case "POST", ("playlists",):
                return 201, draw.playlist(self._playlist(call, viewer))
            case "PUT", ("me",):
                description = _given(call, "user").get("description")
                viewer.description = description if description is None else str(description)
                return 200, draw.me(viewer)
        raise not_found()

    def _tied(self, kind: str, name: str, viewer: User) -> Track | Playlist:
        if kind == "playlists":
            return self._visible(self._one("playlists", name, self._catalogue.playlists), viewer)
        if kind != "tracks":
            raise not_found()
        return self._visible(self._one("tracks", name, self._catalogue.tracks), viewer)

    def _follow(self, method: str, viewer: User, name: str, draw: Renderer) -> tuple[int, Any]:
        followed = self._one("users", name, self._catalogue.users)
        if method == "DELETE":
            if not self._catalogue.follows.remove(viewer, followed):
                raise not_found()
            return 200, {"status": "Status(200) - OK"}
        if followed is viewer:
            raise Refused(422, "You cannot follow yourself.", "Unprocessable Entity")
        if (viewer, followed) in self._catalogue.follows:
            return 200, {"status": "200 - Successful"}
        self._catalogue.follows.add(viewer, followed, self._clock())
        return 201, draw.user(followed)

    def _commented(self, call: Call, track: Track, viewer: User) -> Any:
        given = _given(call, "comment")
        body, at = str(given.get("body") or ""), given.get("timestamp")
        if not body.strip():
            raise Refused(422, "body: can't be blank", "Unprocessable Entity")
        return self._catalogue.add_comment(
            track, viewer, body, self._clock(), None if at is None else int(float(at))
        )

    def _uploaded(self, call: Call, viewer: User) -> Track:
        form = call.form or Form()
        given = _given(call, "track")
        asset = form.files.get("track[asset_data]")
        if asset is None or not asset.size:
            raise bad_request("track[asset_data] is missing")
        if not str(given.get("title", "")).strip():
            raise bad_request("track[title] is missing")
        if len(asset.filename) > 255:
            raise Refused(422, "file_name is too long", "Unprocessable Entity")
        track = self._catalogue.add_track(
            viewer,
            str(given["title"]).strip(),
            created=self._clock(),
            duration=max(1, asset.size * 1000 // BYTES_PER_SECOND),
        )
        self._change(track, {name: one for name, one in given.items() if name != "title"})
        return track

    def _owned(self, name: str, viewer: User) -> Track:
        track = self._visible(self._one("tracks", name, self._catalogue.tracks), viewer)
        if track.user is not viewer:
            raise Refused(403, "This track is not yours.", "Forbidden")
        return track

    def _change(self, track: Track, given: Mapping[str, Any]) -> None:
        for name in ("title", "description", "genre", "tag_list", "permalink"):
            if given.get(name) is not None:
                setattr(track, name, str(given[name]))
        if "sharing" in given:
            if given["sharing"] not in ("public", "private"):
                raise bad_request("sharing is public or private")
            track.private = given["sharing"] == "private"
        if "reveal_stats" in given:
            track.hidden_stats = str(given["reveal_stats"]).lower() == "false"

    def _playlist(self, call: Call, viewer: User) -> Playlist:
        given = _given(call, "playlist")
        tracks = [
            self._one("tracks", str(one.get("urn") or one.get("id")), self._catalogue.tracks)
            for one in given.get("tracks", ())
        ]
        return self._catalogue.add_playlist(
            viewer,
            str(given.get("title") or secrets.token_hex(4)),
            tracks,
            created=self._clock(),
            private=given.get("sharing") == "private",
        )


def _given(call: Call, what: str) -> Mapping[str, Any]:
    """What was said of `what`: `{"track": {…}}` in JSON, or `track[…]` in a form."""
    if call.form is not None:
        named = re.compile(rf"{what}\[(\w+)\]")
        found = ((named.fullmatch(name), value) for name, value in call.form.fields.items())
        return {match[1]: value for match, value in found if match}
    given = call.body.get(what)
    return given if isinstance(given, dict) else {}


def _activity(draw: Renderer, track: Track) -> Json:
    return {"type": "track", "created_at": moment(track.created), "origin": draw.track(track)}


def _text_of(one: Any) -> str:
    """What a search looks through."""
    named = (
        getattr(one, "title", ""),
        getattr(one, "username", ""),
        getattr(getattr(one, "user", None), "username", ""),
        getattr(one, "genre", ""),
        getattr(one, "tag_list", ""),
        page_of(one),
    )
    return " ".join(named).casefold()
