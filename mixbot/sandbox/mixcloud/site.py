"""What a browser sees of Mixcloud: consent, pages, the player, short links and pictures."""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

from aiohttp import web

from mixbot.sandbox.browsing import PAGE_POLICY, Templates, may_return_to, picture
from mixbot.sandbox.mixcloud.api import Manners
from mixbot.sandbox.mixcloud.catalogue import Catalogue
from mixbot.sandbox.mixcloud.embedding import oembed, oembed_xml
from mixbot.sandbox.mixcloud.faults import MISSING_PAGE
from mixbot.sandbox.mixcloud.grants import ExchangeRefused, Grants
from mixbot.sandbox.mixcloud.palettes import palette_of
from mixbot.sandbox.mixcloud.records import Show, User
from mixbot.sandbox.mixcloud.render import SITE, THUMBNAILER, dumps

LARGEST_PICTURE = 2048
OFFERED_ACCOUNTS = ("juno-park", "theo_m", "ada.w")
CODE_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"


class Site:
    """Every answer that is not the API's."""

    def __init__(self, catalogue: Catalogue, grants: Grants, manners: Manners) -> None:
        self._catalogue = catalogue
        self._grants = grants
        self._manners = manners
        self._page = Templates(
            "mixbot.sandbox.mixcloud",
            SITE=SITE,
            THUMBNAILER=THUMBNAILER,
            catalogue=catalogue,
            palette_of=palette_of,
        ).page
        self.signed_in = [name for name in OFFERED_ACCOUNTS if catalogue.user(name)]

    async def answer(self, request: web.BaseRequest, segments: tuple[str, ...]) -> web.Response:
        match segments:
            case ("oauth", "authorize") if request.method == "POST":
                return self._decided(await request.post())
            case ("oauth", "authorize"):
                return self._consent(request.query)
            case ("oauth", "access_token") if request.method == "POST":
                return self._exchange(await request.post())
            case ("oauth", "access_token"):
                return self._exchange(request.query)
            case ("settings", "applications") if request.method == "POST":
                return self._disconnected(await request.post())
            case ("settings", "applications"):
                return self._applications()
            case ("oembed",):
                return self._oembed(request)
            case ("widget", "iframe"):
                return self._player(request.query)
            case ("thumbnailer", *rest):
                return await self._picture(rest)
            case ("i", code):
                return self._short_link(code)
            case ():
                return self._page("home.html", shows=self._catalogue.hot()[:30])
            case (username,) if user := self._catalogue.user(username):
                return self._page("user.html", user=user, shows=self._catalogue.shows_of(user))
            case (username, slug) if show := self._catalogue.show(f"{username}/{slug}"):
                if show.visibility == "private":
                    return self._page("problem.html", 403, problem="This show is private.")
                return self._page("show.html", show=show)
        return self._page("problem.html", 404, problem="There is nothing here.")

    # Consent

    def _consent(self, query: Mapping[str, str]) -> web.Response:
        """The page that asks; it says what is wrong instead when the application is."""
        app = self._grants.app(query.get("client_id", ""))
        redirect_uri = query.get("redirect_uri", "")
        if app is None:
            return self._page("problem.html", 400, problem="This application is not known.")
        if redirect_uri and not may_return_to(redirect_uri, app.redirect_uri):
            return self._page("problem.html", 400, problem="This redirect address is not allowed.")
        accounts = [user for name in self.signed_in if (user := self._catalogue.user(name))]
        return self._page(
            "consent.html",
            app=app,
            redirect_uri=redirect_uri,
            accounts=accounts,
            back=urlsplit(redirect_uri).netloc,
        )

    def _decided(self, form: Mapping[str, Any]) -> web.Response:
        """Back to the application with a code, or without one. `state` is never echoed."""
        fields = {name: str(value) for name, value in form.items()}
        page = self._consent(fields)
        if page.status != 200:
            return page
        redirect_uri = fields.get("redirect_uri", "")
        if fields.get("decision") != "accept":
            answer = {} if self._manners.denial == "bare" else {"error": "access_denied"}
            if not redirect_uri:
                return self._page("problem.html", 200, problem="You did not allow it.")
            return _redirect(_with_query(redirect_uri, answer))
        user = self._catalogue.user(fields.get("username", ""))
        if user is None:
            return self._page("problem.html", 400, problem="Choose an account to go on with.")
        code = self._grants.give_code(user.username, fields["client_id"], redirect_uri)
        if not redirect_uri:
            app = self._grants.app(fields["client_id"])
            return self._page("code.html", code=code, app=app)
        return _redirect(_with_query(redirect_uri, {"code": code}))

    def _exchange(self, fields: Mapping[str, Any]) -> web.Response:
        try:
            token = self._grants.exchange(
                code=str(fields.get("code", "")),
                client_id=str(fields.get("client_id", "")),
                client_secret=str(fields.get("client_secret", "")),
                redirect_uri=str(fields.get("redirect_uri", "")),
            )
        except ExchangeRefused as refused:
            return web.json_response({"error": str(refused)}, status=400)
        return web.json_response({"access_token": token})

    def _applications(self) -> web.Response:
        connections = [
            (user, app)
            for username, app in self._grants.connections()
            if (user := self._catalogue.user(username))
        ]
        return self._page("applications.html", connections=connections)

    def _disconnected(self, form: Mapping[str, Any]) -> web.Response:
        """The only way to be rid of a token: its owner takes it back in the browser."""
        self._grants.revoke_all(str(form.get("username", "")), str(form.get("client_id", "")))
        return _redirect("/settings/applications/")

    # Embedding

    def _oembed(self, request: web.BaseRequest) -> web.Response:
        asked = request.query
        subject = self._subject(asked.get("url", ""))
        if subject is None:
            return _missing(404)
        if isinstance(subject, Show) and subject.visibility == "private":
            return _missing(403)
        answer = oembed(subject, asked)
        if asked.get("format") == "xml":
            return web.Response(body=oembed_xml(answer), content_type="text/xml", charset="utf-8")
        text = dumps(answer)
        if callback := asked.get("callback"):
            return web.Response(text=f"{callback}({text})", content_type="text/javascript")
        return web.Response(text=text, content_type="application/json")

    def _player(self, query: Mapping[str, str]) -> web.Response:
        subject = self._subject(query.get("feed", ""))
        show = subject if isinstance(subject, Show) else None
        if isinstance(subject, User):
            show = next(iter(self._catalogue.shows_of(subject)), None)
        if show is None or show.visibility == "private":
            return _missing(404)
        page = self._page(
            "player.html",
            show=show,
            light=query.get("light") == "1",
            mini=query.get("mini") == "1",
            bar=query.get("hide_cover") == "1",
            artwork=query.get("hide_artwork") != "1",
        )
        page.headers["Content-Security-Policy"] = PAGE_POLICY  # anybody may frame a player
        return page

    def _subject(self, address: str) -> Show | User | None:
        """What a page address or a key stands for, encoded once or twice."""
        parts = urlsplit(address)
        if "%2F" in parts.path.upper():
            parts = urlsplit(unquote(address))
        host = (parts.hostname or "").lower()
        if host and not re.fullmatch(r"(?:(?:www|m|beta)\.)?mixcloud\.com|127\.0\.0\.1", host):
            return None
        segments = [unquote(segment) for segment in parts.path.split("/") if segment]
        match segments:
            case [username]:
                return self._catalogue.user(username)
            case [username, slug]:
                return self._catalogue.show(f"{username}/{slug}")
        return None

    # Short links and pictures

    def short_code(self, show: Show) -> str:
        """`C` and five letters or digits, as in links of 2012 to 2016."""
        digest = sha256(show.key.encode()).digest()
        return "C" + "".join(CODE_ALPHABET[byte % len(CODE_ALPHABET)] for byte in digest[:5])

    def _short_link(self, code: str) -> web.Response:
        for show in self._catalogue.shows:
            if self.short_code(show) == code:
                return _redirect(SITE + show.key)
        return _missing(404)

    async def _picture(self, rest: list[str]) -> web.Response:
        size, *path = (rest[1:] if rest[:1] == ["unsafe"] else rest) or [""]
        match = re.fullmatch(r"([1-9]\d{0,3})x([1-9]\d{0,3})", size)
        if not match or not path:
            return _missing(404)
        width, height = (min(int(side), LARGEST_PICTURE) for side in match.groups())
        return await picture("/".join(path), width, height)


def _with_query(address: str, query: Mapping[str, str]) -> str:
    if not query:
        return address
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"


def _redirect(address: str) -> web.Response:
    return web.Response(status=302, headers={"Location": address, "Cache-Control": "no-store"})


def _missing(status: int) -> web.Response:
    return web.Response(status=status, text=MISSING_PAGE, content_type="text/html")
