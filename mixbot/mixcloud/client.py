"""The client: a method for each thing Mixcloud's API can do, and the one function that sends."""

from __future__ import annotations

import asyncio
import copy
import functools
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from types import EllipsisType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias, TypeVar, Unpack, cast, overload
from urllib.parse import parse_qsl, quote, unquote, urljoin, urlsplit

import aiohttp
from yarl import URL

from mixbot.transport.exchange import (
    NO_TIMEOUT,
    Answer,
    Exchange,
    again,
    body_of,
    new_session,
)
from mixbot.transport.exchange import with_query as _with_query

from . import errors
from .answers import decode, without_token
from .constants import API_ROOT, MIXCLOUD_ROOT, OEMBED_ROOT, SHORT_ROOT
from .datetime import Moment
from .deadline import TimeLimit
from .gate import Gate
from .links import Link, ShortLink, find_links
from .models import (
    BY_TYPE,
    AccessDict,
    Artist,
    Category,
    Cloudcast,
    Playlist,
    Resource,
    ResourceList,
    Tag,
    User,
    resource,
)
from .paging import MOST_PER_PAGE, Paging, paging_query
from .walking import walk

if TYPE_CHECKING:
    from .cache import ResponseCache
    from .drafts import Draft
    from .uploading import About, Audio, Changes, Edition, OnProgress

LARGEST_ANSWER = 16 * 1024 * 1024  # bytes, unpacked; a page of a hundred shows has 300,000
LOOPBACK = ("localhost", "127.0.0.1", "::1")
MOST_REDIRECTS = 4
READ_ATTEMPTS = 3
PAUSE = (0.1, 0.5)  # seconds between two attempts, at random: not all try again at once
SEARCH_TYPES = {"cloudcast": "cloudcast", "upload": "cloudcast", "user": "user", "tag": "tag"}

T = TypeVar("T")
AnyResource = TypeVar("AnyResource", bound=Resource)
Meaning: TypeAlias = Callable[[int, Mapping[str, str], bytes], Any]
SearchType = Literal["cloudcast", "upload", "user", "tag"]
METADATA = {"metadata": "1"}  # without it, nothing says what it is


class Mixcloud:
    """Mixcloud's API, asynchronously. An async context manager, or call `close()`.

    `access_token` acts as its owner, and None as nobody; left out, it is looked for in `.netrc`
    under the machine `mixcloud-api`. `session` is used and left open; without it one is made, of
    `connector` (left open, too) and with `proxy`. `gate` is shared with other clients so that a
    rate limit stops them all. `timeout` bounds a whole call, its retries included, in seconds.

    `cache` keeps answers to reads without a token. `on_exchange` is told of every request, for
    metrics. With `raise_exceptions=False` a call returns what Mixcloud answered instead of raising:
    an AccessDict with its `error`, or None when that was no JSON. Without any answer it still
    raises, as it does for arguments that mean nothing.

    `json_decoder_class`, `resource_class` and `resource_list_class` replace what answers are read
    with and made into: for those who bring their own.
    """

    api_root: str = API_ROOT
    mixcloud_root: str = MIXCLOUD_ROOT
    oembed_root: str = OEMBED_ROOT
    short_root: str = SHORT_ROOT
    json_decoder_class: type[json.JSONDecoder] | None = None
    resource_class: type[Resource] | None = None
    resource_list_class: type[ResourceList] | None = None

    def __init__(
        self,
        api_root: str | None = None,
        *,
        access_token: str | EllipsisType | None = ...,
        mixcloud_root: str | None = None,
        oembed_root: str | None = None,
        short_root: str | None = None,
        json_decoder_class: type[json.JSONDecoder] | None = None,
        resource_class: type[Resource] | None = None,
        resource_list_class: type[ResourceList] | None = None,
        raise_exceptions: bool = True,
        session: aiohttp.ClientSession | None = None,
        connector: aiohttp.BaseConnector | None = None,
        proxy: str | None = None,
        gate: Gate | None = None,
        cache: ResponseCache | None = None,
        on_exchange: Callable[[Exchange], None] | None = None,
        timeout: float = 8.0,
    ) -> None:
        if session is not None and (connector is not None or proxy is not None):
            raise errors.InvalidArgument("a session brings its own connector and proxy")
        self.api_root = (api_root or self.api_root).rstrip("/")
        self.access_token = None if access_token is ... else access_token
        self.mixcloud_root = (mixcloud_root or self.mixcloud_root).rstrip("/")
        self.oembed_root = oembed_root or self.oembed_root
        self.short_root = (short_root or self.short_root).rstrip("/")
        self.json_decoder_class = json_decoder_class or self.json_decoder_class
        self.resource_class = resource_class or self.resource_class
        self.resource_list_class = resource_list_class or self.resource_list_class
        self.raise_exceptions = raise_exceptions
        self.gate = gate or Gate()
        self.cache = cache
        self.on_exchange = on_exchange
        self._seeks_token = access_token is ...
        self._time_limit = TimeLimit(timeout)
        self._session = session
        self._owns_session = session is None
        self._connector = connector
        self._proxy = proxy

    def __repr__(self) -> str:
        return f"<Mixcloud at {self.api_root}{' with a token' if self.access_token else ''}>"

    async def __aenter__(self) -> Self:
        self._open()
        await self._seek_token()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the session, unless it was given."""
        if self._session is not None and self._owns_session:
            self._time_limit.close()
            await self._session.close()
            self._session = None

    def with_token(self, access_token: str | None) -> Self:
        """The same client acting as somebody else; it shares session and gate, and owns neither."""
        self._open()
        other = copy.copy(self)
        other.access_token = access_token
        other._seeks_token = False
        other._owns_session = False
        return other

    async def _seek_token(self) -> None:
        """Look into `.netrc`, once, if no token was given; in a thread, as it is a file."""
        if self._seeks_token:
            from .netrc import token_from_netrc

            # Nobody asked for the token to be sent, so it goes nowhere in clear text.
            parts = urlsplit(self.api_root)
            private = parts.scheme == "https" or parts.hostname in LOOPBACK
            token = await asyncio.to_thread(token_from_netrc) if private else None
            if self._seeks_token:  # several first calls may have looked
                self._seeks_token = False
                self.access_token = self.access_token or token

    # Reading

    async def get(
        self,
        key: str,
        /,
        *,
        relative: bool = True,
        create_connections: bool = True,
        **params: Any,
    ) -> Resource:
        """The resource at `key` (`user`, `user/show`), or at an address of the API's own host."""
        query = METADATA | params if create_connections else params
        return self._resource(await self._read(self._at(key, relative), query))

    async def list_at(
        self, key: str, *, relative: bool = True, **paging: Unpack[Paging]
    ) -> ResourceList:
        """The list at `key`, or at an address of the API's own host, such as a paging link."""
        query = METADATA | paging_query(paging) if relative else {}
        return self._list(await self._read(self._at(key, relative), query))

    @overload
    async def search(
        self,
        query: str,
        *,
        type: Literal["cloudcast", "upload"] = "cloudcast",
        **paging: Unpack[Paging],
    ) -> ResourceList[Cloudcast]: ...
    @overload
    async def search(
        self, query: str, *, type: Literal["user"], **paging: Unpack[Paging]
    ) -> ResourceList[User]: ...
    @overload
    async def search(
        self, query: str, *, type: Literal["tag"], **paging: Unpack[Paging]
    ) -> ResourceList[Tag]: ...
    @overload
    async def search(
        self, query: str, *, type: SearchType, **paging: Unpack[Paging]
    ) -> ResourceList: ...
    async def search(
        self, query: str, *, type: SearchType = "cloudcast", **paging: Unpack[Paging]
    ) -> ResourceList:
        """Shows, people or tags matching `query`, best match first."""
        if type not in SEARCH_TYPES:
            raise errors.InvalidArgument(f"type is {type!r}; it must be cloudcast, user or tag")
        params = {"q": query, "type": SEARCH_TYPES[type], **METADATA, **paging_query(paging)}
        return self._list(await self._read(f"{self.api_root}/search/", params))

    async def popular(self, **paging: Unpack[Paging]) -> ResourceList[Cloudcast]:
        """The shows most listened to now."""
        return await self.list_at("popular", **paging)

    async def hot(self, **paging: Unpack[Paging]) -> ResourceList[Cloudcast]:
        """The shows on their way up."""
        return await self.list_at("popular/hot", **paging)

    async def new(self, **paging: Unpack[Paging]) -> ResourceList[Cloudcast]:
        """The latest shows."""
        return await self.list_at("new", **paging)

    async def discover(self, tag: str | None = None, *, city: str | None = None) -> Tag:
        """A tag (`jazz`), a city, or both: `popular()`, `hot()` and `new()` of it list shows.

        The API's own spellings `city:athens` and `funk+city:athens` are tags, too.
        """
        named = [name for name in (tag, city and f"city:{city}") if name]
        if not named:
            raise errors.InvalidArgument("neither a tag nor a city is given")
        return _only(Tag, await self.get(f"genres/{quote('+'.join(named), safe='')}"))

    async def user(self, username: str) -> User:
        """The person or station of that name; a link to their profile does as well."""
        return _only(User, await self.get(username))

    async def cloudcast(self, key: str) -> Cloudcast:
        """The show at `key`: `user/show`, or a link to it."""
        return _only(Cloudcast, await self.get(key))

    async def playlist(self, key: str) -> Playlist:
        """The playlist at `key`: `user/playlists/name`."""
        return _only(Playlist, await self.get(key))

    async def artist(self, slug: str) -> Artist:
        """Who made tracks. Mixcloud has not documented these since 2015: it may raise NotFound."""
        return _only(Artist, await self.get(f"artist/{quote(slug, safe='')}"))

    async def categories(self) -> ResourceList[Category]:
        """The site's old sections. Mixcloud does not document them, and sends all at once."""
        return await self.list_at("categories")

    async def category(self, slug: str) -> Category:
        """One of the site's old sections, such as `ambient`."""
        return _only(Category, await self.get(f"categories/{quote(slug, safe='')}"))

    async def me(self) -> User:
        """The owner of the access token."""
        await self._need_token()
        return _only(User, await self.get("me"))

    # What resources and pages ask for

    async def load(self, resource: AnyResource, *, force: bool = False) -> AnyResource:
        """`resource` with all that Mixcloud tells about it, fetched unless it was; the same object.

        `force` fetches it in any case.
        """
        if force or not resource.full:
            whole = await self.get(resource.key)
            if not isinstance(whole, Resource):  # what Mixcloud said instead, without exceptions
                return whole
            resource.fill(whole)
        return resource

    async def turn(
        self, page: ResourceList[T], to: Literal["next", "previous"]
    ) -> ResourceList[T] | None:
        """The page that follows `page`, or the one before it; None where Mixcloud names none."""
        address = page.paging.get(to)
        return await self.list_at(address, relative=False) if address else None

    def walk(
        self, page: ResourceList[T], *, most: int | None = None, since: Moment | None = None
    ) -> AsyncIterator[T]:
        """The items of `page` and of all pages after it, each key once; at most `most` of them.

        With `since`, none whose date in the list is older; in a list that has no dates of its own,
        none created earlier. Favorites, followers and following go by dates that items do not
        carry: they end with the page in which `since` lies. The next page is fetched while this
        one is read. A refusal always raises: an iterator has no other way to tell it.
        """
        return walk(self, page, most, since)

    # Acting

    async def follow(self, user: str) -> AccessDict:
        """Follow the user at `user`. Doing it twice is fine."""
        return await self._act("POST", user, "follow")

    async def unfollow(self, user: str) -> AccessDict:
        """No longer follow them. Undoing what is not done is fine."""
        return await self._act("DELETE", user, "follow")

    async def favorite(self, cloudcast: str) -> AccessDict:
        """Add the show at `cloudcast` to the token owner's favorites."""
        return await self._act("POST", cloudcast, "favorite")

    async def unfavorite(self, cloudcast: str) -> AccessDict:
        """Remove it from the favorites."""
        return await self._act("DELETE", cloudcast, "favorite")

    async def repost(self, cloudcast: str) -> AccessDict:
        """Show the show at `cloudcast` to the token owner's followers."""
        return await self._act("POST", cloudcast, "repost")

    async def unrepost(self, cloudcast: str) -> AccessDict:
        """Take the repost back."""
        return await self._act("DELETE", cloudcast, "repost")

    async def listen_later(self, cloudcast: str) -> AccessDict:
        """Keep the show at `cloudcast` in the token owner's Listen later."""
        return await self._act("POST", cloudcast, "listen-later")

    async def unlisten_later(self, cloudcast: str) -> AccessDict:
        """Take it out of Listen later."""
        return await self._act("DELETE", cloudcast, "listen-later")

    # Publishing

    @overload
    async def upload(
        self,
        mp3: Audio,
        name: str,
        *,
        size: int | None = None,
        on_progress: OnProgress | None = None,
        **about: Unpack[About],
    ) -> AccessDict: ...
    @overload
    async def upload(
        self,
        mp3: Draft | Cloudcast,
        name: Audio,
        *,
        size: int | None = None,
        on_progress: OnProgress | None = None,
        **about: Unpack[About],
    ) -> AccessDict: ...
    async def upload(
        self,
        mp3: Any,
        name: Any,
        *,
        size: int | None = None,
        on_progress: OnProgress | None = None,
        **about: Unpack[About],
    ) -> AccessDict:
        """Publish the show in the file `mp3` under `name`, or the show that a Draft describes.

        `upload("mix.mp3", "My Mix", tags=["House"])` or `upload(draft, "mix.mp3")`. A stream of
        bytes may say its `size`. `on_progress` is told of bytes as they get away.

        Raises InvalidUpload before anything is sent; Rejected with `details` when Mixcloud refuses,
        which it does after the last byte; UploadInterrupted when no answer comes. It is never sent
        twice: unless `may_have_arrived` is False, look with `find_upload` before you do.
        """
        from .drafts import Draft  # what few need is loaded when they do

        match mp3:
            case Draft():
                draft, audio = mp3, name
            case Cloudcast():
                draft, audio = Draft.of(mp3), name
            case _:
                draft, audio = Draft(name=name), mp3
        draft = replace(draft, **about)
        return await self._publish("upload/", draft, audio, size=size, on_progress=on_progress)

    async def edit(
        self, key: str, *, on_progress: OnProgress | None = None, **changes: Unpack[Changes]
    ) -> AccessDict:
        """Change what is named of the show at `key`, of the token's owner.

        Of tags, sections and hosts Mixcloud replaces all when it is sent one: name them all, or use
        `editing`. Raises what `upload` raises.
        """
        from .drafts import Draft

        return await self._edit(key, Draft(**changes), on_progress=on_progress)

    @asynccontextmanager
    async def editing(self, key: str) -> AsyncIterator[Edition]:
        """The show at `key`, to be changed in the block: what changed is sent at its end.

        Nothing is sent if nothing changed, or if the block raises.
        """
        from .uploading import Edition

        show = await self.cloudcast(key)
        if _is_refusal(show):
            raise errors.MixcloudError(f"There is nothing to edit: Mixcloud answered {show!r}.")
        edition = Edition.of(show)
        yield edition
        changed = edition.changed_from(Edition.of(show))
        if changed.form_fields() or changed.picture:
            await self._edit(show.key, changed)

    async def find_upload(self, name: str) -> Cloudcast | None:
        """The show of that name among the newest hundred of the token's owner, if it is there.

        Mixcloud works on a show for a while before it lists it, and lists none that are unlisted,
        scheduled or drafts.
        """
        page = await (await self.me()).connection("cloudcasts", limit=MOST_PER_PAGE)
        found = (show for show in page if show.name.strip() == name.strip())
        return cast(Cloudcast | None, next(found, None))

    async def _edit(self, key: str, draft: Draft, **options: Any) -> AccessDict:
        return await self._publish(f"upload{_path(key)}edit/", draft, **options)

    async def _publish(self, path: str, draft: Draft, *args: Any, **options: Any) -> AccessDict:
        from .uploading import publish

        await self._need_token()
        try:
            return _done(await publish(self, path, draft, *args, **options))
        except errors.MixcloudError as error:
            return cast(AccessDict, self._refused(error))

    async def post_form(self, path: str, form: aiohttp.FormData) -> Any:
        """POST `form` with the access token, once; what Mixcloud says, whenever that comes."""
        self.gate.check()
        query = {"access_token": await self._need_token()}
        address = _with_query(f"{self.api_root}/{path}", query)
        return self._judged(await self._exchange("POST", address, form), decode)

    # Embedding

    async def embed_json(
        self,
        cloudcast: str,
        *,
        width: int | str | None = None,
        height: int | None = None,
        color: str | None = None,
    ) -> AccessDict:
        """How to embed a show; `html` in it is Mixcloud's, not to be trusted."""
        display = _display(width, height, color)
        return _dict(await self._read(f"{self._at(cloudcast)}embed-json/", display))

    async def embed_html(
        self,
        cloudcast: str,
        *,
        width: int | str | None = None,
        height: int | None = None,
        color: str | None = None,
    ) -> str:
        """The HTML that embeds a show: Mixcloud's, not to be trusted."""
        display = _display(width, height, color)
        address = f"{self._at(cloudcast)}embed-html/"
        return cast(str, await self._read(address, display, meaning=_html))

    async def oembed(
        self,
        key: str,
        *,
        width: int | str | None = None,
        height: int | None = None,
        color: str | None = None,
    ) -> AccessDict:
        """The oEmbed answer about a show or a user: `title`, `author_name`, `image`, `html`."""
        query = {"url": f"{MIXCLOUD_ROOT}{_path(key)}", "format": "json"}
        query |= _display(width, height, color)
        return _dict(await self._read(self.oembed_root, query, with_token=False))

    async def resolve(self, link: ShortLink) -> Link:
        """Where a short link leads; raises NotFound when it leads nowhere on Mixcloud."""
        address = f"{self.short_root}/{quote(link.code)}"
        return cast(
            Link, await self._read(address, {}, with_token=False, meaning=_target, follow=False)
        )

    # Sending

    def _at(self, key: str, relative: bool = True) -> str:
        if relative:
            return f"{self.api_root}{_path(key)}"
        parts, root = urlsplit(key), urlsplit(self.api_root)
        if parts.netloc != root.netloc:
            raise errors.InvalidArgument("only addresses of the API's own host are followed")
        return parts._replace(scheme=root.scheme, fragment="").geturl()

    async def _need_token(self) -> str:
        await self._seek_token()
        if not self.access_token:
            raise errors.Unauthorized("This needs an access token.")
        return self.access_token

    def _resource(self, data: Any) -> Resource:
        return data if _is_refusal(data) else resource(data, self, full=True)

    def _list(self, data: Any) -> ResourceList:
        if _is_refusal(data):
            return cast(ResourceList, data)
        found = data.get("data")
        if not isinstance(found, list) or not {dict}.issuperset(map(type, found)):
            raise errors.Unreachable("Mixcloud sent something else than a list")
        return (self.resource_list_class or ResourceList)(data, mixcloud=self)

    async def _read(
        self,
        address: str,
        query: Mapping[str, str],
        *,
        with_token: bool = True,
        meaning: Meaning = decode,
        follow: bool = True,
    ) -> Any:
        """GET; `meaning` makes of the answer what it stands for."""
        if self._seeks_token:
            await self._seek_token()
        if with_token and self.access_token:
            query = {**query, "access_token": self.access_token}
        with self._time_limit:
            try:
                return await self._patiently(_with_query(address, query), meaning, follow)
            except errors.MixcloudError as error:
                return self._refused(error)

    async def _patiently(self, address: str, meaning: Meaning, follow: bool) -> Any:
        """GET, again if there was no usable answer: reading twice changes nothing."""
        try:
            return self._judged(await self._ask(address, follow), meaning)
        except errors.Unreachable as error:
            first = error

        async def ask() -> Any:
            return self._judged(await self._ask(address, follow), meaning)

        return await again(first, ask, may_pass=_may_pass, attempts=READ_ATTEMPTS, pause=PAUSE)

    def _ask(self, address: str, follow: bool) -> Awaitable[Answer]:
        """GET by way of the cache, if there is one, and nobody's token in the address."""
        if self.cache is None or self.access_token:
            return self._request("GET", address, follow=follow)

        async def ask() -> Answer:
            with self._time_limit:
                return await self._request("GET", address, follow=follow)

        return self.cache.answer(address, ask)

    def _refused(self, error: errors.MixcloudError) -> AccessDict | None:
        """What a call returns that may not raise; raises what Mixcloud did not answer."""
        if self.raise_exceptions or error.status is None:
            raise error
        return AccessDict(error.data, self) if error.data else None

    async def _act(self, method: str, key: str, action: str) -> AccessDict:
        """POST or DELETE, once: when no answer comes, nobody knows whether it was done."""
        query = {"access_token": await self._need_token()}
        try:
            answer = await self.send(method, _with_query(f"{self._at(key)}{action}/", query))
            return _done(self._judged(answer, decode))
        except errors.NotFound as error:
            if method == "DELETE":  # it was not done in the first place
                return AccessDict({"result": {"success": True, "message": "It was not there."}})
            return cast(AccessDict, self._refused(error))
        except errors.MixcloudError as error:
            return cast(AccessDict, self._refused(error))

    async def send(self, method: str, address: str) -> Answer:
        """One request to any address, without a token: status, headers and body, in bounded time.

        Raises Unreachable when nothing answers. For OAuth, which is not part of the API.
        """
        with self._time_limit:
            return await self._request(method, address, follow=False)

    def _judged(self, answer: Answer, meaning: Meaning) -> Any:
        status, headers, body = answer
        if self.access_token:  # Mixcloud repeats it, in the links to other pages for one
            body = without_token(body)
        try:
            if self.json_decoder_class and meaning is decode:
                json_decode = functools.partial(json.loads, cls=self.json_decoder_class)
                return decode(status, headers, body, json_decode)
            return meaning(status, headers, body)
        except errors.MixcloudError as error:
            error.hide(self.access_token)
            if isinstance(error, errors.RateLimited):
                self.gate.close(error.retry_after)
            raise

    async def _request(self, method: str, address: str, *, follow: bool) -> Answer:
        """Send a request, and again where it is redirected to; the last answer."""
        self.gate.check()
        for _ in range(MOST_REDIRECTS + 1):
            status, headers, body = await self._exchange(method, address)
            location = headers.get("Location")
            if not (follow and location and 300 <= status < 400):
                return status, headers, body
            address = _redirected(address, location)
        raise errors.Blocked("Redirected without end")

    async def _exchange(
        self, method: str, address: str, form: aiohttp.FormData | None = None
    ) -> Answer:
        """Send one request and read its answer: nothing else here touches the network.

        aiohttp's errors hold the address, and the token is part of that: they are replaced.
        """
        started = time.perf_counter()
        path, status, body = "", None, b""
        try:
            url = URL(address, encoded=True)
            path = url.raw_path
            async with self._open().request(
                method,
                url,
                allow_redirects=False,
                data=form,
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
                self.on_exchange(Exchange(method, path, seconds, status, len(body)))

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = new_session(self._connector, self._proxy)
        return self._session


def _only(kind: type[AnyResource], found: Resource) -> AnyResource:
    """`found` as the `kind` that was asked for; raises NotFound when it is something else."""
    if not isinstance(found, kind) and type(found) in BY_TYPE.values():
        raise errors.NotFound(f"{found.key} is a {type(found).__name__} and no {kind.__name__}.")
    return cast(AnyResource, found)


def _dict(data: Any) -> AccessDict:
    return data if _is_refusal(data) else AccessDict(data)


def _is_refusal(data: Any) -> bool:
    """Whether `data` is what `_refused` made of an error, and so is to be returned as it is."""
    return data is None or isinstance(data, AccessDict)


def _done(data: Mapping[str, Any]) -> AccessDict:
    """What an action answered; raises Rejected when it was not done."""
    result = data.get("result")
    result = result if isinstance(result, dict) else {}
    if not result.get("success"):
        raise errors.Rejected(str(result.get("message") or "Mixcloud did not do it."))
    return AccessDict(dict(data))


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, errors.Unreachable) and not isinstance(error, errors.Blocked)


def _html(status: int, headers: Mapping[str, str], body: bytes) -> str:
    return body.decode(errors="replace") if status < 400 else str(decode(status, headers, body))


def _target(status: int, headers: Mapping[str, str], body: bytes) -> Link:
    if status >= 400:
        decode(status, headers, body)
    for found in find_links(headers.get("Location", "")):
        if isinstance(found, Link):
            return found
    raise errors.NotFound("This short link leads nowhere.", status=status)


@functools.lru_cache(maxsize=1024)
def _path(key: str) -> str:
    """The path of `key`, which may be given without slashes, encoded or not, or as a link."""
    if not isinstance(key, str):
        raise errors.InvalidArgument(f"{key!r} is not a key such as user/show")
    if "://" in key:
        link = next(find_links(key), None)
        if not isinstance(link, Link):
            raise errors.InvalidArgument(f"{key!r} is not a link to a person or a show")
        return link.key
    segments = [unquote(segment) for segment in key.strip("/").split("/")]
    if any(segment in ("", ".", "..") for segment in segments):
        raise errors.InvalidArgument(f"{key!r} is not a key such as user/show")
    return f"/{'/'.join(quote(segment, safe=':+,@~') for segment in segments)}/"


def _display(width: int | str | None, height: int | None, color: str | None) -> dict[str, str]:
    given = {"width": width, "height": height, "color": color}
    return {name: str(value) for name, value in given.items() if value is not None}


def _redirected(address: str, location: str) -> str:
    """Where a redirect leads, on the same origin only, with the token it may have left out."""
    try:
        target = urljoin(address, location)
        before, after = urlsplit(address), urlsplit(target)
    except ValueError:
        raise errors.Blocked("Redirected to what is no address") from None
    if (before.scheme, before.netloc) != (after.scheme, after.netloc):
        raise errors.Blocked("Redirected to another host, which is not followed")
    token = dict(parse_qsl(before.query)).get("access_token")
    if token and "access_token" not in dict(parse_qsl(after.query)):
        target = _with_query(target, {"access_token": token})
    return target
