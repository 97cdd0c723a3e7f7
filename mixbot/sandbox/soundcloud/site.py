"""What a browser and an application see of secure.soundcloud.com, and what it links to."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

from aiohttp import web

from mixbot.sandbox.browsing import may_return_to
from mixbot.sandbox.soundcloud.catalogue import Catalogue
from mixbot.sandbox.soundcloud.grants import App, GrantRefused, Grants
from mixbot.sandbox.soundcloud.pages import Pages

OFFERED_ACCOUNTS = ("juno-park", "theo_m", "ada-w")
MOST_APP_TOKENS = 50  # in twelve hours; here: ever


class Site:
    """Every answer that is not the API's."""

    def __init__(self, catalogue: Catalogue, grants: Grants) -> None:
        self._catalogue = catalogue
        self._grants = grants
        self._app_tokens = 0
        self._pages = Pages(catalogue)
        self._page = self._pages.templates.page
        self.signed_in: Sequence[str] = [n for n in OFFERED_ACCOUNTS if catalogue.user(n)]

    async def answer(self, request: web.BaseRequest, segments: tuple[str, ...]) -> web.Response:
        match request.method, segments:
            case "GET", ("authorize",):
                return self._consent(request.query)
            case "POST", ("authorize",):
                form = await request.post()
                return self._decided({name: str(value) for name, value in form.items()})
            case "POST", ("oauth", "token"):
                form = await request.post()
                fields = {name: str(value) for name, value in form.items()}
                return self._token(fields, request.headers.get("Authorization", ""))
            case "POST", ("sign-out",):
                return self._sign_out(await request.text())
            case "GET", ("pictures", name):
                return await self._pages.picture(name)
            case "GET", ("site", *path):
                return self._pages.page(path)
        return self._page("problem.html", 404, problem="There is nothing here.")

    def _consent(self, query: Mapping[str, str]) -> web.Response:
        """The page that asks; it says what is wrong instead when the application is.

        Who may be redirected to is told there: nowhere else, as nobody else can be trusted.
        """
        app = self._grants.app(query.get("client_id", ""))
        redirect_uri = query.get("redirect_uri", "")
        if app is None:
            return self._page("problem.html", 400, problem="This application is not known.")
        if not may_return_to(redirect_uri, app.redirect_uri):
            return self._page("problem.html", 400, problem="This redirect address is not allowed.")
        if query.get("response_type") != "code":
            return _back(query, error="unsupported_response_type")
        if query.get("code_challenge_method") != "S256" or not query.get("code_challenge"):
            return _back(query, error="invalid_request")
        accounts = [user for name in self.signed_in if (user := self._catalogue.user(name))]
        return self._page(
            "consent.html", app=app, accounts=accounts, asked=query, back=urlsplit(redirect_uri)
        )

    def _decided(self, form: Mapping[str, str]) -> web.Response:
        """Back to the application, with a code or without, and with its `state`."""
        page = self._consent(form)
        if page.status != 200:
            return page
        if form.get("decision") != "accept":
            return _back(form, error="access_denied")
        user = self._catalogue.user(form.get("account", ""))
        if user is None:
            return self._page("problem.html", 400, problem="Choose an account to go on with.")
        code = self._grants.give_code(
            user.permalink, form["client_id"], form["redirect_uri"], form["code_challenge"]
        )
        return _back(form, code=code)

    def _token(self, form: Mapping[str, str], authorization: str) -> web.Response:
        try:
            return web.json_response(self._given(form, _with_basic(form, authorization)))
        except GrantRefused as refused:
            return web.json_response({"error": str(refused)}, status=refused.status)

    def _given(self, form: Mapping[str, str], who: tuple[str, str | None]) -> Any:
        app = self._grants.known(*who)
        match form.get("grant_type"):
            case "authorization_code":
                return self._grants.exchange(
                    app,
                    form.get("code", ""),
                    form.get("redirect_uri", ""),
                    form.get("code_verifier", ""),
                )
            case "refresh_token":
                return self._grants.refresh(app, form.get("refresh_token", ""))
            case "client_credentials":
                return self._of_app(app)
        raise GrantRefused("unsupported_grant_type")

    def _of_app(self, app: App) -> Any:
        if app.client_secret is None:
            raise GrantRefused("unauthorized_client", 401)
        if self._app_tokens >= MOST_APP_TOKENS:
            raise GrantRefused("rate_limit_exceeded", 429)
        self._app_tokens += 1
        return self._grants.begin(None, app.client_id)

    def _sign_out(self, body: str) -> web.Response:
        try:
            token = str(json.loads(body)["access_token"])
        except (ValueError, KeyError, TypeError):
            return web.json_response({"error": "invalid_request"}, status=400)
        session = self._grants.session(token)
        if session is None:
            return web.json_response({"error": "invalid_token"}, status=401)
        self._grants.end(session)
        return web.Response()


def _with_basic(form: Mapping[str, str], authorization: str) -> tuple[str, str | None]:
    """Who asks for a token: told in the form, or as a user and a password are."""
    if authorization.startswith("Basic "):
        try:
            told = base64.b64decode(authorization[6:], validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise GrantRefused("invalid_client", 401) from None
        client_id, _, secret = told.partition(":")
        return unquote(client_id), unquote(secret)
    return form.get("client_id", ""), form.get("client_secret")


def _back(asked: Mapping[str, str], **answer: str) -> web.Response:
    """To where the application wants people back, with `answer` and its `state`."""
    if state := asked.get("state"):
        answer["state"] = state
    address = asked["redirect_uri"]
    location = f"{address}{'&' if '?' in address else '?'}{urlencode(answer)}"
    return web.Response(status=302, headers={"Location": location, "Cache-Control": "no-store"})
