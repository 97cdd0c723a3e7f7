"""Mixcloud on loopback: the API, its consent page, its player and its pictures, on one origin."""

import re
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from urllib.parse import unquote, urlencode

from aiohttp import web

from mixbot.sandbox.loopback import LoggedRequest as LoggedRequest
from mixbot.sandbox.loopback import Loopback
from mixbot.sandbox.mixcloud import generate, uploads
from mixbot.sandbox.mixcloud.api import Api, Call, Manners, undone_by_form
from mixbot.sandbox.mixcloud.catalogue import Catalogue
from mixbot.sandbox.mixcloud.faults import MISSING_PAGE
from mixbot.sandbox.mixcloud.grants import App, Grants
from mixbot.sandbox.mixcloud.records import Record, Show
from mixbot.sandbox.mixcloud.refusals import Refused, bad_request
from mixbot.sandbox.mixcloud.render import Json, dumps
from mixbot.sandbox.mixcloud.site import Site

SITE_PATHS = ("oauth", "settings", "oembed", "widget", "thumbnailer", "i")
CACHED_ANSWERS = 1024


class MixcloudServer(Loopback):
    """A Mixcloud that needs no network and no account, and fails only when told to.

    As a fixture of your own tests:

        @pytest.fixture
        async def mixcloud():
            async with MixcloudServer() as server:
                yield server

        async def test_my_client_waits_when_asked_to(mixcloud):
            mixcloud.fault("GET", "/popular/", RateLimit(30), times=1)
            ...  # point your client at mixcloud.api_url

    It starts with a catalogue of a few hundred shows; `MixcloudServer(Catalogue())` starts empty.
    `mixcloud.catalogue.add_show(…)` and `add_user(…)` add to it, and every record in it may be
    changed at any time. `mixcloud.token_for("juno-park")` is a token to act with.

    API, site, oEmbed, player and pictures share `url`: where the real Mixcloud has a page and an
    API object under the same path on two hosts, a browser (`Accept: text/html`) gets the page.
    The JSON names the real hosts. Those of pages and pictures are found here by replacing
    `https://www.mixcloud.com` with `site_url`, `https://player-widget.mixcloud.com/widget/iframe/`
    with `player_url`, and `https://thumbnailer.mixcloud.com` with `thumbnailer_url`.

    `uploads` are the forms that made or changed a show, with size and digest of their files.
    `arrivals` are all that came to `/upload/`, as soon as they begin: `await mixcloud.arrival()`,
    then `await arrival.reaches(1_000_000)` and `await arrival.ended()` wait for them without
    sleeping. `reading_speed`, in bytes per second, makes all uploads take their time;
    `manners.processing` and `manners.free_shows` say what becomes of them. See `faults` for what
    can go wrong.
    """

    def __init__(
        self,
        catalogue: Catalogue | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(host, port)
        if catalogue is None:
            catalogue = generate.fill(Catalogue(), clock())
        self.catalogue = catalogue
        self.manners = Manners()
        self.uploads: list[uploads.Upload] = []
        self._grants = Grants(clock)
        self._api = Api(catalogue, self._grants, self.manners, clock)
        self._site = Site(catalogue, self._grants, self.manners)
        self._answers: dict[tuple[str, str], bytes] = {}
        self._answers_of = -1  # the state of the records they were made from

    # Where it is

    @property
    def api_url(self) -> str:
        return self.url

    @property
    def site_url(self) -> str:
        return self.url

    @property
    def oembed_url(self) -> str:
        return f"{self.url}/oembed/"

    @property
    def player_url(self) -> str:
        return f"{self.url}/widget/iframe/"

    @property
    def thumbnailer_url(self) -> str:
        return f"{self.url}/thumbnailer"

    @property
    def short_url(self) -> str:
        """Stands for `http://i.mixcloud.com`."""
        return f"{self.url}/i"

    def short_link(self, show: Show) -> str:
        """A link of six characters that leads to `show`."""
        return f"{self.short_url}/{self._site.short_code(show)}"

    # Accounts and tokens

    def register_app(
        self,
        client_id: str,
        client_secret: str,
        *,
        name: str = "mixbot",
        redirect_uri: str | None = None,
    ) -> None:
        """Make a client known. Without `redirect_uri` any will do, if it stays the same."""
        self._grants.register(App(client_id, client_secret, name, redirect_uri))

    def token_for(self, username: str) -> str:
        """A new token of `username`, who gets an account if there is none."""
        return self._grants.give_token(self.catalogue.add_user(username).username)

    def code_for(self, username: str, client_id: str, redirect_uri: str = "") -> str:
        """The code that `username`'s consent would have sent to `redirect_uri`."""
        user = self.catalogue.add_user(username)
        return self._grants.give_code(user.username, client_id, redirect_uri)

    def revoke(self, token: str) -> None:
        """From now on `token` is refused."""
        self._grants.revoke(token)

    def revoke_all(self, username: str) -> None:
        """From now on every token of `username` is refused."""
        self._grants.revoke_all(username)

    @property
    def signed_in(self) -> list[str]:
        """Usernames the consent page offers to consent as; the first is chosen at first."""
        return self._site.signed_in

    @signed_in.setter
    def signed_in(self, usernames: Sequence[str]) -> None:
        self._site.signed_in = [self.catalogue.add_user(name).username for name in usernames]

    # Answering

    def _invalid_token(self) -> web.Response:
        return self._refusal(self._api.bad_token())

    async def _answer(self, request: web.BaseRequest, logged: LoggedRequest) -> web.Response:
        path = request.rel_url.raw_path
        segments = tuple(unquote(segment) for segment in path.strip("/").split("/") if segment)
        if (segments[:1] and segments[0] in SITE_PATHS) or _wants_page(request):
            return await self._site.answer(request, segments)
        if not path.endswith("/"):
            return _with_slash(request)
        return await self._answer_api(request, segments, logged)

    async def _answer_api(
        self, request: web.BaseRequest, segments: tuple[str, ...], logged: LoggedRequest
    ) -> web.Response:
        origin = f"{request.scheme}://{request.host}"
        call = Call(request.method, segments, request.query, origin)
        try:
            if call.method == "GET" and segments[-1:] == ("embed-html",):
                return web.Response(text=self._api.embed_html(call), content_type="text/html")
            if call.method == "GET":
                return _reply(self._rendered(call, request.rel_url.raw_path_qs))
            if call.method == "POST" and segments[:1] == ("upload",):
                return _reply(dumps(await self._upload(call, request, logged)).encode())
            if call.method == "POST":
                call = undone_by_form(call, await request.post())
            return _reply(dumps(self._api.answer(call)).encode())
        except Refused as refused:
            return self._refusal(refused)

    def _rendered(self, call: Call, path: str) -> bytes:
        """The text of the answer, from the last time if nothing has changed since."""
        if self._answers_of != Record.changes or len(self._answers) > CACHED_ANSWERS:
            self._answers.clear()
            self._answers_of = Record.changes
        self._api.viewer(call)  # a token may have been revoked since
        where = (call.origin, path)
        body = self._answers.get(where)
        if body is None:
            body = dumps(self._api.answer(call)).encode()
            if callback := call.query.get("callback"):
                if not re.fullmatch(r"[\w.$]+", callback):
                    raise bad_request("A callback is a name.")
                body = f"{callback}(".encode() + body + b")"
            self._answers[where] = body
        return body

    async def _upload(self, call: Call, request: web.BaseRequest, logged: LoggedRequest) -> Json:
        """Like the real one, say nothing before the whole form has arrived."""
        form = await self._received(request, logged)
        show, did = self._api.take_form(call, form)
        self.uploads.append(uploads.Upload(show, form))
        return {
            "result": {"success": True, "message": f"{did} {show.name}", "key": show.key},
        }

    def _refusal(self, refused: Refused) -> web.Response:
        if refused.status == 404 and self.manners.not_found_body == "html":
            return web.Response(status=404, text=MISSING_PAGE, content_type="text/html")
        return _reply(dumps(refused.body).encode(), status=refused.status)


def _wants_page(request: web.BaseRequest) -> bool:
    return request.method == "GET" and "text/html" in request.headers.get("Accept", "")


def _with_slash(request: web.BaseRequest) -> web.Response:
    """Mixcloud's redirect to the path with its slash, `metadata` repeated as it does."""
    query = [(name, value) for name, value in request.query.items() if name != "metadata"]
    if metadata := request.query.get("metadata"):
        query = [("metadata", metadata), *query, ("metadata", metadata)]
    location = f"{request.rel_url.raw_path}/"
    if query:
        location += f"?{urlencode(query)}"
    return web.Response(status=301, headers={"Location": location}, content_type="text/html")


def _reply(body: bytes, status: int = 200) -> web.Response:
    return web.Response(
        status=status,
        body=body,
        headers={
            "Content-Type": "text/javascript; charset=utf-8",
            "Access-Control-Allow-Origin": "*",
            "Vary": "Accept-Encoding, Origin",
            "X-Request-Id": secrets.token_hex(16),
            "Server": "nginx",
        },
    )
