"""The client: methods for what SoundCloud's API does, verbs for the rest, and one that sends."""

from __future__ import annotations

import asyncio
import copy
import functools
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias, TypeVar, Unpack, cast, overload
from urllib.parse import parse_qsl, quote, unquote, urljoin, urlsplit

import aiohttp
import orjson
from yarl import URL

from mixbot.transport.exchange import (
    NO_TIMEOUT,
    Answer,
    Exchange,
    again,
    body_of,
    new_session,
    with_query,
)

from . import errors
from .answers import decode, read
from .constants import API_ROOT, AUTH_ROOT
from .deadline import TimeLimit
from .gate import Gate
from .models import (
    BY_KIND,
    AccessDict,
    Activity,
    Comment,
    Playlist,
    Resource,
    ResourceList,
    Track,
    User,
    resource,
)
from .paging import Paging, paging_query
from .tokens import MemoryTokens, TokenKeeper, Tokens, TokenStore
from .walking import walk

if TYPE_CHECKING:
    from .auth import SoundCloudOAuth
    from .uploading import About, Audio, Changes, OnProgress

LARGEST_ANSWER = 16 * 1024 * 1024  # bytes, unpacked; a page of two hundred tracks has 600,000
MOST_REDIRECTS = 4
READ_ATTEMPTS = 3
PAUSE = (0.1, 0.5)  # seconds between two attempts, at random: not all try again at once
UPLOAD_LASTS = 600.0  # seconds that a token has to be good for when an upload begins
JSON = {"Content-Type": "application/json; charset=utf-8"}
SEARCHED = {"track": "/tracks", "playlist": "/playlists", "user": "/users"}

T = TypeVar("T")
AnyResource = TypeVar("AnyResource", bound=Resource)
Name: TypeAlias = int | str | Resource
"""A number, a urn such as `soundcloud:tracks:123`, the resource itself, or a link to its page."""
Meaning: TypeAlias = Callable[[int, Mapping[str, str], bytes], Any]
SearchType = Literal["track", "playlist", "user"]


class SoundCloud:
    """SoundCloud's API, asynchronously. An async context manager, or call `close()`.

    SoundCloud answers nobody without a token. `client_id` and `client_secret` read what is public:
    the application's own tokens are fetched when they are needed, and kept in `app_tokens`.
    `access_token` acts as its owner until it expires; with `refresh_token` as well, or with the
    `tokens` of an account, an expired one is refreshed and the call goes on.

    `session` is used and left open; without it one is made, of `connector` (left open, too).
    `proxy` is an address, or a dict with one for each scheme of what is asked. `gate` is shared
    with other clients so that a rate limit stops them all. `on_exchange` is told of every request,
    for metrics. `timeout` bounds a whole call, its retries included, in seconds.
    """

    api_root: str = API_ROOT
    auth_root: str = AUTH_ROOT

    def __init__(
        self,
        api_root: str | None = None,
        *,
        auth_root: str | None = None,
        access_token: str | None = None,
        refresh_token: str | None = None,
        tokens: TokenStore | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        app_tokens: TokenStore | None = None,
        username: str | None = None,
        password: str | None = None,
        session: aiohttp.ClientSession | None = None,
        connector: aiohttp.BaseConnector | None = None,
        proxy: str | Mapping[str, str] | None = None,
        gate: Gate | None = None,
        on_exchange: Callable[[Exchange], None] | None = None,
        timeout: float = 8.0,
    ) -> None:
        if username is not None or password is not None:
            from .auth import PASSWORDS

            raise errors.InvalidArgument(PASSWORDS)
        if session is not None and (connector is not None or proxy is not None):
            raise errors.InvalidArgument("a session brings its own connector and proxy")
        if tokens is not None and (access_token or refresh_token):
            raise errors.InvalidArgument("tokens are where access_token and refresh_token are kept")
        self.api_root = (api_root or self.api_root).rstrip("/")
        self.auth_root = (auth_root or self.auth_root).rstrip("/")
        self.client_id = client_id
        self.client_secret = client_secret
        self.gate = gate or Gate()
        self.on_exchange = on_exchange
        self._time_limit = TimeLimit(timeout)
        self._session = session
        self._owns_session = session is None
        self._connector = connector
        self._proxies = _proxies(proxy)
        self._renewals: set[asyncio.Task[Tokens]] = set()
        self._app = self._keeper_of_app(app_tokens)
        if refresh_token:
            tokens = MemoryTokens(Tokens(access_token or "", refresh_token))
        self._fixed = Tokens(access_token) if access_token and not refresh_token else None
        self._person = self._keeper_of(tokens) if tokens is not None else None

    def __repr__(self) -> str:
        acting = " for somebody" if self.acts_for_somebody else ""
        return f"<SoundCloud at {self.api_root}{acting}>"

    async def __aenter__(self) -> Self:
        self._open()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the session, unless it was given; after whatever refreshes a token has kept it."""
        while self._renewals:
            await asyncio.wait(self._renewals)
        if self._session is not None and self._owns_session:
            self._time_limit.close()
            await self._session.close()
            self._session = None

    def with_token(self, access_token: str | None) -> Self:
        """The same client acting as somebody else, or as the application; it shares session and
        gate, and owns neither.
        """
        other = self._copied()
        other._fixed = Tokens(access_token) if access_token else None
        other._person = None
        return other

    def with_tokens(self, tokens: TokenStore) -> Self:
        """The same client acting for the account of `tokens`, which are refreshed as needed."""
        other = self._copied()
        other._fixed = None
        other._person = other._keeper_of(tokens)
        return other

    def _copied(self) -> Self:
        self._open()
        other = copy.copy(self)
        other._owns_session = False
        return other

    @property
    def acts_for_somebody(self) -> bool:
        """Whether it has a person's token, or none but the application's."""
        return self._fixed is not None or self._person is not None

    def _keeper_of(self, tokens: TokenStore) -> TokenKeeper:
        async def renew(old: Tokens | None) -> Tokens:
            if old is None or not old.refresh_token:
                raise errors.GrantEnded("There is no token, and no way to one: link the account.")
            if not self.client_id:
                raise errors.Unauthorized("The token has ended; to refresh it takes a client_id.")
            return await self._oauth().refresh(old)

        return TokenKeeper(tokens, renew, self._renewals)

    def _keeper_of_app(self, tokens: TokenStore | None) -> TokenKeeper | None:
        if not self.client_id or not self.client_secret:
            return None

        gate = Gate()  # SoundCloud limits these tokens, whatever else it does

        async def renew(old: Tokens | None) -> Tokens:
            gate.check()
            try:
                return await self._apps_next(old)
            except errors.RateLimited as error:
                gate.close(error.retry_after)
                raise

        return TokenKeeper(tokens or MemoryTokens(), renew, self._renewals)

    async def _apps_next(self, old: Tokens | None) -> Tokens:
        """The application's tokens after `old`: refreshed if that can be done, or else new ones."""
        oauth = self._oauth()
        if old is not None and old.refresh_token:
            try:
                return await oauth.refresh(old)
            except errors.SoundCloudOAuthError as error:
                if error.code != "invalid_grant":
                    raise
        return await oauth.client_credentials()

    def _oauth(self) -> SoundCloudOAuth:
        from .auth import SoundCloudOAuth

        return SoundCloudOAuth(
            client_id=self.client_id, client_secret=self.client_secret, soundcloud=self
        )

    # Any path

    async def get(self, path: str, /, *, allow_redirects: bool = True, **params: Any) -> Any:
        """What is at `path`, such as `/tracks/123`, or at an address of the API's own host.

        A list comes as pages if you give it a `limit`; `list_at` always asks for pages. Redirects
        are followed on the API's host. With `allow_redirects=False` one is an AccessDict with its
        `location`: where a track can be streamed from, for one.
        """
        query = paging_query(params) if "limit" in params else params
        return await self._read(path, query, follow=allow_redirects)

    async def post(self, path: str, /, **params: Any) -> Any:
        """POST `params`, once: as JSON, or as a form if there are files among them.

        `post("/tracks", track={"title": "Rain", "asset_data": open("rain.mp3", "rb")})`.
        """
        return await self._write("POST", path, params)

    async def put(self, path: str, /, **params: Any) -> Any:
        """PUT `params`, once: as JSON, or as a form if there are files among them."""
        return await self._write("PUT", path, params)

    async def delete(self, path: str, /, **params: Any) -> Any:
        """DELETE what is at `path`, once."""
        return await self._write("DELETE", path, params)

    async def list_at(self, path: str, /, **params: Any) -> ResourceList:
        """The list at `path`, or at an address of the API's own host, such as a `next_href`."""
        query = params if "://" in path else paging_query(params)
        found = await self._read(path, query)
        if not isinstance(found, ResourceList):
            raise errors.Unreachable("SoundCloud sent something else than a list")
        return found

    # Reading

    async def resolve(self, url: str) -> Any:
        """The track, playlist or person that `url` is the page of; short links do as well.

        So do addresses of the API itself, such as `https://api.soundcloud.com/tracks/123`.
        """
        path, query = "/resolve", {"url": url}
        if url.startswith(f"{API_ROOT}/"):
            parts = urlsplit(url)
            path, query = parts.path, dict(parse_qsl(parts.query))
        found = await self._read(path, query)
        if not isinstance(found, Resource):
            raise errors.Unreachable("SoundCloud sent something else than what has a page")
        return found

    async def track(self, name: Name, *, secret_token: str | None = None) -> Track:
        """The track of that number or urn, or at that link."""
        return await self._one(Track, name, secret_token=secret_token)

    async def playlist(
        self, name: Name, *, show_tracks: bool | None = None, secret_token: str | None = None
    ) -> Playlist:
        """The playlist of that number or urn, or at that link, with its tracks unless told not."""
        return await self._one(Playlist, name, show_tracks=show_tracks, secret_token=secret_token)

    async def user(self, name: Name) -> User:
        """The person of that number or urn, or at that link."""
        return await self._one(User, name)

    async def me(self) -> User:
        """The owner of the token."""
        return _only(User, await self.get("/me"))

    async def sign_out(self) -> None:
        """End what the token's owner granted: neither it nor its refresh token works any longer.

        One that has ended already is fine.
        """
        try:
            tokens = await self._persons()
            if not await self._oauth().sign_out(tokens.access_token):
                fresh = await self._renewed(tokens, errors.GrantEnded("It has ended already."))
                await self._oauth().sign_out(fresh.access_token)
        except errors.GrantEnded:
            return

    async def feed(self, **paging: Unpack[Paging]) -> ResourceList[Activity]:
        """What those have been up to whom the token's owner follows."""
        return await self.list_at("/me/feed", **paging)

    @overload
    async def search(
        self, query: str, /, *, type: Literal["track"] = "track", **filters: Any
    ) -> ResourceList[Track]: ...
    @overload
    async def search(
        self, query: str, /, *, type: Literal["playlist"], **filters: Any
    ) -> ResourceList[Playlist]: ...
    @overload
    async def search(
        self, query: str, /, *, type: Literal["user"], **filters: Any
    ) -> ResourceList[User]: ...
    @overload
    async def search(self, query: str, /, *, type: SearchType, **filters: Any) -> ResourceList: ...
    async def search(
        self, query: str, /, *, type: SearchType = "track", **filters: Any
    ) -> ResourceList:
        """Tracks, playlists or people matching `query`.

        Tracks also go by `genres`, `tags`, `bpm={"from": 120}`, `duration` and `created_at`.
        """
        if type not in SEARCHED:
            raise errors.InvalidArgument(f"type is {type!r}; it must be track, playlist or user")
        return await self.list_at(SEARCHED[type], q=query, **filters)

    async def streams(self, track: Name) -> AccessDict:
        """The addresses a track can be streamed from, which need the access token as well."""
        path = _path_of(Track, await self._found(track))
        return cast(AccessDict, await self.get(f"{path}/streams"))

    # What pages ask for

    async def turn(self, page: ResourceList[T]) -> ResourceList[T] | None:
        """The page that follows `page`; None where SoundCloud names none."""
        return await self.list_at(page.next_href) if page.next_href else None

    def walk(self, page: ResourceList[T], *, most: int | None = None) -> AsyncIterator[T]:
        """The items of `page` and of all pages after it, each once; at most `most` of them.

        The next page is fetched while this one is read.
        """
        return walk(self, page, most)

    # Acting

    async def like(self, what: Name) -> AccessDict:
        """Add a track or a playlist to the likes of the token's owner. A number is a track's.

        Doing it twice is fine.
        """
        return await self._act("POST", "likes", what)

    async def unlike(self, what: Name) -> AccessDict:
        """Take it out of the likes. Undoing what is not done is fine."""
        return await self._act("DELETE", "likes", what)

    async def repost(self, what: Name) -> AccessDict:
        """Show a track or a playlist to the followers of the token's owner."""
        return await self._act("POST", "reposts", what)

    async def unrepost(self, what: Name) -> AccessDict:
        """Take the repost back."""
        return await self._act("DELETE", "reposts", what)

    async def follow(self, user: Name) -> AccessDict:
        """Follow a person. Doing it twice is fine."""
        urn = _urn(User, await self._found(user))
        return _told(await self.put(f"/me/followings/{urn}"))

    async def unfollow(self, user: Name) -> AccessDict:
        """No longer follow them."""
        return await self._undo(f"/me/followings/{_urn(User, await self._found(user))}")

    async def comment(self, track: Name, body: str, *, at: float | None = None) -> Comment:
        """Write a comment about a track, `at` a moment of it in seconds."""
        if not body.strip():
            raise errors.InvalidArgument("a comment says something")
        said = {"body": body} | ({} if at is None else {"timestamp": round(at * 1000)})
        path = _path_of(Track, await self._found(track))
        return _only(Comment, await self.post(f"{path}/comments", comment=said))

    async def _act(self, method: str, action: str, what: Name) -> AccessDict:
        what = await self._found(what)
        kind = Playlist if _kind_of(what) == "playlists" else Track
        path = f"/{action}/{_plural(kind)}/{_urn(kind, what)}"
        if method == "DELETE":
            return await self._undo(path)
        return _told(await self.post(path))

    async def _undo(self, path: str) -> AccessDict:
        try:
            return _told(await self.delete(path))
        except errors.NotFound:  # it was not done in the first place
            return AccessDict({"status": "404 - Not Found"}, self)

    # Publishing

    async def upload(
        self,
        asset: Audio,
        title: str,
        *,
        size: int | None = None,
        on_progress: OnProgress | None = None,
        **about: Unpack[About],
    ) -> Track:
        """Publish the track in the file `asset` under `title`, to everybody unless `sharing` says.

        `upload("rain.mp3", "Rain", tags=["Rain"], sharing="private")`. A stream of bytes may say
        its `size`. `on_progress` is told of bytes as they get away.

        Raises InvalidUpload before anything is sent, Rejected when SoundCloud refuses, and
        UploadInterrupted when no answer comes: it is sent again only after a refused token.
        """
        from .uploading import track_fields  # what few need is loaded when they do

        fields = track_fields({**about, "title": title})
        artwork = fields.pop("artwork_data", None)
        files = [("track[asset_data]", asset)]
        if artwork is not None:
            files.append(("track[artwork_data]", artwork))
        sent = await self._publish(
            "POST", "/tracks", {"track": fields}, files, size=size, on_progress=on_progress
        )
        return _only(Track, sent)

    async def edit(
        self,
        track: Name,
        *,
        on_progress: OnProgress | None = None,
        **changes: Unpack[Changes],
    ) -> Track:
        """Change what is named of a track of the token's owner; `on_progress` is for artwork."""
        from .uploading import track_fields

        fields = track_fields(dict(changes))
        if not fields:
            raise errors.InvalidArgument("nothing is to be changed")
        path = _path_of(Track, await self._found(track))
        if (artwork := fields.pop("artwork_data", None)) is None:
            return _only(Track, await self.put(path, track=fields))
        files = [("track[artwork_data]", artwork)]
        sent = await self._publish("PUT", path, {"track": fields}, files, on_progress=on_progress)
        return _only(Track, sent)

    async def _publish(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any],
        files: list[tuple[str, Any]],
        **options: Any,
    ) -> Any:
        """Send a form with files; again from the start if the token has expired, as it may have."""
        from .uploading import publish, starts_of

        fields = [(name, _text(value)) for name, value in _flat(params, "[]")]
        starts = starts_of(files)
        tokens = await self._persons(UPLOAD_LASTS)
        send = functools.partial(publish, self, method, path, fields, files, **options)
        try:
            return _resource(self, await send(tokens=tokens))
        except errors.Unauthorized:
            if self._person is None:
                raise
            fresh = await self._person.renewed(tokens)
        if starts is None:
            message = "The token had expired, and is renewed now: send it again"
            raise errors.UploadInterrupted(message, sent=0, size=1, status=401)
        for file, start in starts:
            await asyncio.to_thread(file.seek, start)
        return _resource(self, await send(tokens=fresh))

    async def send_form(
        self, method: str, path: str, form: aiohttp.FormData, tokens: Tokens
    ) -> Any:
        """Send `form` with the access token, once; what SoundCloud says, whenever that comes."""
        self.gate.check()
        answer = await self._exchange(method, self._at(path), _authorizing(tokens), form)
        return self._judged(answer, decode, tokens)

    # Sending

    async def _one(self, kind: type[AnyResource], name: Name, **params: Any) -> AnyResource:
        found = await self._found(name)
        if isinstance(found, Resource) and found is not name:
            return _only(kind, found)
        return _only(kind, await self._read(_path_of(kind, found), params))

    async def _found(self, name: Name) -> Name:
        """What a link leads to; any other name as it is."""
        if isinstance(name, str) and "://" in name:
            return cast(Resource, await self.resolve(name))
        return name

    def _at(self, path: str) -> str:
        if "://" not in path:
            return f"{self.api_root}{_path(path)}"
        parts, root = urlsplit(path), urlsplit(self.api_root)
        if parts.netloc != root.netloc:
            raise errors.InvalidArgument("only addresses of the API's own host are followed")
        return parts._replace(scheme=root.scheme, fragment="").geturl()

    async def _persons(self, seconds: float | None = None) -> Tokens:
        """A person's tokens; raises Unauthorized where there is none."""
        if self._fixed is not None:
            return self._fixed
        if self._person is None:
            raise errors.Unauthorized("This needs the access token of a person.")
        return await (self._person.tokens(seconds) if seconds else self._person.tokens())

    async def _anybodys(self) -> Tokens:
        """The tokens of the person it acts for, or else of the application."""
        if self.acts_for_somebody:
            return await self._persons()
        if self._app is None:
            raise errors.Unauthorized(
                "SoundCloud answers nobody without a token: give an access token, or client_id and "
                "client_secret."
            )
        return await self._app.tokens()

    async def _read(
        self,
        path: str,
        query: Mapping[str, Any],
        *,
        follow: bool = True,
    ) -> Any:
        """GET, and make of the JSON what it is."""
        address = with_query(self._at(path), _query(query) if query else query)
        decoded = read if follow else _read_location
        with self._time_limit:
            tokens = await (self._persons() if _is_own(path) else self._anybodys())
            try:
                data = await self._patiently(address, tokens, decoded, follow)
            except errors.Unauthorized as error:
                fresh = await self._renewed(tokens, error)
                data = await self._patiently(address, fresh, decoded, follow)
        return _resource(self, data)

    async def _patiently(self, address: str, tokens: Tokens, meaning: Meaning, follow: bool) -> Any:
        """GET, again if there was no usable answer: reading twice changes nothing."""

        async def ask() -> Any:
            headers = _authorizing(tokens)
            answer = await self._request("GET", address, headers, follow=follow)
            return self._judged(answer, meaning, tokens)

        try:
            return await ask()
        except errors.Unreachable as error:
            first = error
        return await again(first, ask, may_pass=_may_pass, attempts=READ_ATTEMPTS, pause=PAUSE)

    async def _write(self, method: str, path: str, params: Mapping[str, Any]) -> Any:
        """POST, PUT or DELETE, once: when no answer comes, nobody knows whether it was done."""
        params = {name: value for name, value in params.items() if value is not None}
        if params:
            from .uploading import is_file

            files = [(name, value) for name, value in _flat(params, "[]") if is_file(value)]
            if files:
                return await self._publish(method, path, _without_files(params), files)
        address = self._at(path)
        body = _json(params) if params else None
        with self._time_limit:
            tokens = await self._persons()
            try:
                data = await self._written(method, address, body, tokens)
            except errors.Unauthorized as error:  # so it was not done
                fresh = await self._renewed(tokens, error)
                data = await self._written(method, address, body, fresh)
        return _resource(self, data)

    async def _written(self, method: str, address: str, body: bytes | None, tokens: Tokens) -> Any:
        headers = _authorizing(tokens) if body is None else _authorizing(tokens) | JSON
        answer = await self._request(method, address, headers, body=body, follow=False)
        return self._judged(answer, decode, tokens)

    async def _renewed(self, refused: Tokens, error: errors.Unauthorized) -> Tokens:
        """Others than `refused`; raises `error` where there is no way to any."""
        keeper = None if refused is self._fixed else self._person or self._app
        if keeper is None:
            raise error
        return await keeper.renewed(refused)

    async def send(
        self,
        method: str,
        address: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """One request to any address, without a token: status, headers and body, in bounded time.

        Raises Unreachable when nothing answers. For OAuth, which is not part of the API.
        """
        with self._time_limit:
            return await self._request(method, address, headers or {}, body=body, follow=False)

    def _judged(self, answer: Answer, meaning: Meaning, tokens: Tokens) -> Any:
        try:
            return meaning(*answer)
        except errors.SoundCloudError as error:
            error.hide(tokens.access_token)
            if isinstance(error, errors.RateLimited) and error.group is None:
                self.gate.close(error.retry_after)
            raise

    async def _request(
        self,
        method: str,
        address: str,
        headers: Mapping[str, str],
        *,
        body: bytes | None = None,
        follow: bool,
    ) -> Answer:
        """Send a request, and again where it is redirected to; the last answer."""
        self.gate.check()
        for _ in range(MOST_REDIRECTS + 1):
            answer = await self._exchange(method, address, headers, body)
            location = answer[1].get("Location")
            if not (follow and location and 300 <= answer[0] < 400):
                return answer
            address = _redirected(address, location)
        raise errors.Blocked("Redirected without end")

    async def _exchange(
        self,
        method: str,
        address: str,
        headers: Mapping[str, str],
        data: bytes | aiohttp.FormData | None = None,
    ) -> Answer:
        """Send one request and read its answer: nothing else here touches the network."""
        started = time.perf_counter()
        status, body = None, b""
        try:
            async with self._open().request(
                method,
                URL(address, encoded=True),
                allow_redirects=False,
                headers=headers,
                data=data,
                proxy=self._proxies.get(address.partition(":")[0]) if self._proxies else None,
                timeout=NO_TIMEOUT,
            ) as response:
                body = await body_of(response, LARGEST_ANSWER, errors.Blocked)
                status = response.status
                return status, response.headers, body
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise errors.Unreachable(f"No answer: {type(error).__name__}") from None
        finally:
            if self.on_exchange:
                seconds = time.perf_counter() - started
                path = urlsplit(address).path
                self.on_exchange(Exchange(method, path, seconds, status, len(body)))

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = new_session(self._connector, None)
        return self._session


def _authorizing(tokens: Tokens) -> dict[str, str]:
    return {"Authorization": f"OAuth {tokens.access_token}", "Accept": JSON["Content-Type"]}


def _resource(soundcloud: SoundCloud, data: Any) -> Any:
    """What `data` is: a resource, a page of them, or JSON of which nothing is known."""
    if isinstance(data, list):
        return ResourceList(data, soundcloud)
    return resource(data, soundcloud) if isinstance(data, dict) else data


def _read_location(status: int, headers: Mapping[str, str], body: bytes) -> Any:
    """A redirect as data, or what else was answered."""
    if not (300 <= status < 400 and "Location" in headers):
        return read(status, headers, body)
    try:
        data = orjson.loads(body)
    except ValueError:
        data = {}
    found = data if isinstance(data, dict) else {}
    return {"status": f"{status}", **found, "location": headers["Location"]}


def _told(data: Any) -> AccessDict:
    """What an action answered, which may be nothing."""
    return data if isinstance(data, AccessDict) else AccessDict({})


def _only(kind: type[AnyResource], found: Any) -> AnyResource:
    """`found` as the `kind` that was asked for; raises NotFound when it is something else."""
    if isinstance(found, kind):
        return found
    if isinstance(found, Resource):
        raise errors.NotFound(f"{found.urn} is a {type(found).__name__} and no {kind.__name__}.")
    raise errors.Unreachable(f"SoundCloud sent something else than a {kind.__name__}")


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, errors.Unreachable) and not isinstance(error, errors.Blocked)


# What is named, and what is given


def _plural(kind: type[Resource]) -> str:
    return f"{next(name for name, one in BY_KIND.items() if one is kind)}s"


def _is_own(path: str) -> bool:
    """Whether only a person's token reads `path`."""
    found = urlsplit(path).path if "://" in path else path
    return found.strip("/").split("/")[0] == "me"


def _kind_of(name: Name) -> str | None:
    """The second part of the urn that `name` is or has, such as `playlists`."""
    urn = name.urn if isinstance(name, Resource) else name
    return urn.split(":")[1] if isinstance(urn, str) and urn.startswith("soundcloud:") else None


def _urn(kind: type[Resource], name: Name) -> str:
    """The urn of the `kind` that `name` stands for."""
    plural = _plural(kind)
    urn = name.urn if isinstance(name, Resource) else str(name)
    number = urn.removeprefix(f"soundcloud:{plural}:")
    if isinstance(name, bool) or not (number.isascii() and number.isdigit()):
        raise errors.InvalidArgument(
            f"{name!r} is not a number or a urn such as soundcloud:{plural}:123"
        )
    return f"soundcloud:{plural}:{number}"


def _path_of(kind: type[Resource], name: Name) -> str:
    return f"/{_plural(kind)}/{_urn(kind, name)}"


@functools.lru_cache(maxsize=1024)
def _path(path: str) -> str:
    """`path` as it is sent, which may be given without its first slash, encoded or not."""
    bare, mark, query = path.partition("?")
    segments = [unquote(segment) for segment in bare.strip("/").split("/")]
    if any(segment in ("", ".", "..") for segment in segments):
        raise errors.InvalidArgument(f"{path!r} is not a path such as /tracks/123")
    return f"/{'/'.join(quote(segment, safe=':+,@~') for segment in segments)}{mark}{query}"


def _flat(given: Mapping[str, Any], of_list: str, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """`given` as a form has it, `track[title]`, without what is None.

    Of a list each item is one of its own, and `of_list` is added to the name.
    """
    for key, value in given.items():
        name = f"{prefix}[{key}]" if prefix else key
        for one in value if isinstance(value, list | tuple) else (value,):
            inner = name + of_list if isinstance(value, list | tuple) else name
            if isinstance(one, Mapping) and not isinstance(one, Resource):
                yield from _flat(one, of_list, inner)
            elif one is not None:
                yield inner, one


def _without_files(given: Any) -> Any:
    from .uploading import is_file

    match given:
        case Resource():
            return given
        case Mapping():
            return {n: _without_files(one) for n, one in given.items() if not is_file(one)}
        case list() | tuple():
            return [_without_files(one) for one in given if not is_file(one)]
    return given


def _json(given: Mapping[str, Any]) -> bytes:
    """`given` as JSON, in which a resource is its urn; raises InvalidArgument if it cannot be."""

    def plain(value: Any) -> Any:
        if isinstance(value, Resource):
            return value.urn
        raise TypeError(f"{value!r} can be neither JSON nor a file")

    try:
        return orjson.dumps(given, default=plain)
    except TypeError as error:
        raise errors.InvalidArgument(str(error.__cause__ or error)) from None


def _query(given: Mapping[str, Any]) -> dict[str, str]:
    """`given` as a query has it: lists with commas, `bpm[from]`, and nothing that is None."""
    joined = {
        name: ",".join(map(_text, value)) if isinstance(value, list | tuple) else value
        for name, value in given.items()
    }
    return {quote(name, safe="[]_"): _text(value) for name, value in _flat(joined, "")}


def _text(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case Resource():
            return value.urn
        case date():
            return value.isoformat()
    return str(value)


def _proxies(given: str | Mapping[str, str] | None) -> dict[str, str]:
    """The address of the proxy for each scheme; `host:port` will do for one."""
    by_scheme: Iterable[tuple[str, str]] = (
        (("http", given), ("https", given)) if isinstance(given, str) else (given or {}).items()
    )
    return {
        scheme: address if "://" in address else f"http://{address}"
        for scheme, address in by_scheme
    }


def _redirected(address: str, location: str) -> str:
    """Where a redirect leads, on the same origin only: the token goes along."""
    try:
        target = urljoin(address, location)
        before, after = urlsplit(address), urlsplit(target)
    except ValueError:
        raise errors.Blocked("Redirected to what is no address") from None
    if (before.scheme, before.netloc) != (after.scheme, after.netloc):
        raise errors.Blocked(
            "Redirected to another host, which is not followed: allow_redirects=False tells where"
        )
    return target
