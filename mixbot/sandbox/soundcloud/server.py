"""SoundCloud on loopback: the API, its consent page, its site and its pictures, on one origin."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlencode

from aiohttp import web

from mixbot.sandbox.loopback import LoggedRequest, Loopback
from mixbot.sandbox.mixcloud import uploads
from mixbot.sandbox.mixcloud.records import Record
from mixbot.sandbox.soundcloud import generate
from mixbot.sandbox.soundcloud.api import Api, Call, Found, Manners, Refused, unauthorized
from mixbot.sandbox.soundcloud.catalogue import Catalogue
from mixbot.sandbox.soundcloud.grants import App, Grants, Session, challenge_of
from mixbot.sandbox.soundcloud.site import Site

CACHED_ANSWERS = 1024
SITE_PATHS = ("authorize", "oauth", "sign-out", "site", "pictures")


class SoundCloudServer(Loopback):
    """A SoundCloud that needs no network and no account, and fails only when told to.

        async with SoundCloudServer() as server:
            server.register_app("id", "secret")
            SoundCloud(
                server.api_url, auth_root=server.auth_url, client_id="id", client_secret="secret"
            )

    It starts with a catalogue of a hundred tracks; `SoundCloudServer(Catalogue())` starts empty.
    `server.catalogue.add_track(…)` adds to it, and every record may be changed at any time.
    `server.token_for("juno-park")` is an access token to act with, `server.tokens_for(…)` all that
    a consent is worth. `server.expire()` ends every access token there is, as an hour does.

    `token_lifetime` is that of tokens to come. A refresh token that comes a second time ends its
    session, which is counted in `reuses`. `faults` and `requests` are those of `MixcloudServer`.

    The JSON names the real hosts of pages and pictures; they are found at `site_url` and
    `pictures_url`.
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
        self.forms: list[uploads.Form] = []  # that made or changed a track
        self._grants = Grants(clock)
        self._api = Api(catalogue, self._grants, clock)
        self._site = Site(catalogue, self._grants)
        self._answers: dict[tuple[str, int, str], bytes] = {}
        self._answers_of = -1  # the state of the records they were made from

    @property
    def api_url(self) -> str:
        """Stands for `https://api.soundcloud.com`."""
        return self.url

    @property
    def auth_url(self) -> str:
        """Stands for `https://secure.soundcloud.com`."""
        return self.url

    @property
    def site_url(self) -> str:
        """Stands for `https://soundcloud.com`."""
        return f"{self.url}/site"

    @property
    def pictures_url(self) -> str:
        """Stands for `https://i1.sndcdn.com`."""
        return f"{self.url}/pictures"

    # Accounts and tokens

    def register_app(
        self,
        client_id: str,
        client_secret: str | None,
        *,
        name: str = "mixbot",
        redirect_uri: str | None = None,
    ) -> None:
        """Make a client known; one without a secret is public. Without `redirect_uri` any does."""
        self._grants.register(App(client_id, client_secret, name, redirect_uri))

    def token_for(self, permalink: str) -> str:
        """A new access token of that person, who gets an account if there is none."""
        return str(self.tokens_for(permalink)["access_token"])

    def tokens_for(self, permalink: str, client_id: str = "") -> dict[str, Any]:
        """What the token endpoint says after a consent of that person."""
        return self._grants.begin(self.catalogue.add_user(permalink).permalink, client_id)

    def code_for(
        self, permalink: str, client_id: str, redirect_uri: str, code_verifier: str
    ) -> str:
        """The code that that person's consent would have sent to `redirect_uri`."""
        user = self.catalogue.add_user(permalink)
        challenge = challenge_of(code_verifier)
        return self._grants.give_code(user.permalink, client_id, redirect_uri, challenge)

    def expire(self, access_token: str | None = None) -> None:
        """From now on that access token is expired, or every one there is; refreshing works."""
        self._grants.expire(access_token)

    def revoke_all(self, permalink: str) -> None:
        """From now on nothing acts for that person any longer."""
        self._grants.end_all(permalink)

    def grants_of(self, permalink: str) -> int:
        """How many consents of that person are good for something still."""
        return len(self._grants.of(permalink))

    def origin(self, token: str) -> Session | None:
        """The consent that an access or a refresh token came of, whatever it is good for now."""
        return self._grants.origin(token)

    @property
    def token_lifetime(self) -> timedelta:
        return self._grants.lifetime

    @token_lifetime.setter
    def token_lifetime(self, lifetime: timedelta) -> None:
        self._grants.lifetime = lifetime

    @property
    def reuses(self) -> int:
        """How often a refresh token came that was spent."""
        return self._grants.reuses

    @property
    def refreshes(self) -> int:
        """How often tokens were refreshed."""
        return self._grants.refreshes

    @property
    def signed_in(self) -> Sequence[str]:
        """Who the consent page offers to consent as; the first is chosen at first."""
        return self._site.signed_in

    @signed_in.setter
    def signed_in(self, permalinks: Sequence[str]) -> None:
        self._site.signed_in = [self.catalogue.add_user(name).permalink for name in permalinks]

    # Answering

    def _invalid_token(self) -> web.Response:
        return _refusal(unauthorized("invalid_token"))

    async def _answer(self, request: web.BaseRequest, logged: LoggedRequest) -> web.Response:
        path = request.rel_url.raw_path
        segments = tuple(unquote(segment) for segment in path.strip("/").split("/") if segment)
        if segments[:1] and segments[0] in SITE_PATHS:
            return await self._site.answer(request, segments)
        try:
            call = await self._call(request, segments, logged)
            if call.method == "GET":
                return _reply(self._rendered(call, request.rel_url.raw_path_qs), 200)
            status, data = self._api.answer(call)
        except Refused as refused:
            return _refusal(refused)
        except Found as found:
            location = found.location
            if self.manners.query_tokens and "oauth_token" in request.query:
                location += f"?{urlencode({'oauth_token': request.query['oauth_token']})}"
            body = {"status": "302 - Found", "location": location}
            return web.json_response(body, status=302, headers={"Location": location})
        if call.form is not None and call.form.files:
            self.forms.append(call.form)
        if data is None:
            return web.Response(status=status)
        return _reply(json.dumps(data).encode(), status)

    def _rendered(self, call: Call, path: str) -> bytes:
        """The text of the answer, from the last time if nothing has changed since."""
        if self._answers_of != Record.changes or len(self._answers) > CACHED_ANSWERS:
            self._answers.clear()
            self._answers_of = Record.changes
        viewer = self._api.viewer(call)  # the token may have ended since
        where = (call.origin, viewer.id if viewer else 0, path)
        if where not in self._answers:
            self._answers[where] = json.dumps(self._api.answer(call)[1]).encode()
        return self._answers[where]

    async def _call(
        self, request: web.BaseRequest, segments: tuple[str, ...], logged: LoggedRequest
    ) -> Call:
        origin = f"{request.scheme}://{request.host}"
        authorization = request.headers.get("Authorization", "")
        if self.manners.query_tokens and not authorization:
            told = request.query if request.method == "GET" else await request.post()
            authorization = f"OAuth {told.get('oauth_token', '')}"
        call = Call(request.method, segments, request.query, origin, authorization)
        if request.method not in ("POST", "PUT"):
            return call
        self._api.viewer(call)  # before anything is read
        body: Any = {}
        form = None
        if request.content_type == "application/json":
            try:
                body = json.loads(await request.text())
            except ValueError:
                raise Refused(400, "not JSON", "Bad Request") from None
        elif request.can_read_body:
            form = await self._received(request, logged)
        body = body if isinstance(body, dict) else {}
        return Call(request.method, segments, request.query, origin, authorization, body, form)


def _reply(body: bytes, status: int) -> web.Response:
    return web.Response(status=status, body=body, content_type="application/json", charset="utf-8")


def _refusal(refused: Refused) -> web.Response:
    return web.json_response(refused.body, status=refused.status)
