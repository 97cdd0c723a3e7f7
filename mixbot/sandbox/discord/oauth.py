"""Signing in with Discord: the consent page, codes and tokens."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from .errors import Json, Refusal, unauthorized

if TYPE_CHECKING:
    from .people import User
    from .server import DiscordServer
    from .world import World

COOKIE = "sandbox_user"
SCOPES = {
    "identify": "Access your username and avatar",
    "email": "Access your email address",
    "guilds": "Know what servers you’re in",
    "applications.commands": "Add commands to a server",
    "bot": "Add a bot to a server",
}


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person agreed to, kept under a code and later under a token."""

    user: User
    scopes: tuple[str, ...]
    redirect_uri: str
    challenge: str | None = None


class OAuth:
    """Discord's OAuth2 server for the one application there is."""

    def __init__(self, server: DiscordServer, world: World) -> None:
        self._server = server
        self._world = world
        self.codes: dict[str, Grant] = {}
        self.tokens: dict[str, Grant] = {}

    def add_to(self, app: web.Application) -> None:
        for path in ("/oauth2/authorize", "/api/oauth2/authorize", "/api/v10/oauth2/authorize"):
            app.router.add_get(path, self.show)
            app.router.add_post(path, self.decide)
        app.router.add_post("/oauth2/person", self.choose_person)

    # What the browser sees.

    async def show(self, request: web.Request) -> web.Response:
        """Ask who is there, and whether they agree."""
        if problem := self._problem(request):
            return _page("Something is wrong", f"<p>{escape(problem)}</p>", status=400)
        user = self._user(request)
        if user is None or "switch" in request.query:
            return self._picker(request)
        return self._consent(request, user)

    async def decide(self, request: web.Request) -> web.Response:
        """Send the browser back, with a code or with `access_denied`."""
        if problem := self._problem(request):
            return _page("Something is wrong", f"<p>{escape(problem)}</p>", status=400)
        user = self._user(request)
        if user is None:
            return self._picker(request)
        form = await request.post()
        if urlsplit(request.headers.get("Origin", "")).netloc not in ("", request.host):
            return _page("Something is wrong", "<p>This form came from elsewhere.</p>", status=403)
        query = request.query
        answer = {"error": "access_denied", "error_description": "The resource owner or "
                  "authorization server denied the request"}  # fmt: skip
        if form.get("answer") == "authorize":
            code = secrets.token_urlsafe(22)
            scopes = tuple(query["scope"].split())
            challenge = query.get("code_challenge")
            self.codes[code] = Grant(user, scopes, query["redirect_uri"], challenge)
            answer = {"code": code}
        if "state" in query:
            answer["state"] = query["state"]
        target = query["redirect_uri"]
        joint = "&" if "?" in target else "?"
        return web.Response(status=302, headers={"Location": target + joint + urlencode(answer)})

    async def choose_person(self, request: web.Request) -> web.Response:
        """Sign in as somebody, and return to the page that asked."""
        form = await request.post()
        back = str(form.get("back", ""))
        person = str(form.get("person", ""))
        if person not in self._world.users or not back.startswith("/oauth2/authorize?"):
            return _page("Something is wrong", "<p>There is no such person.</p>", status=400)
        response = web.Response(status=303, headers={"Location": back})
        response.set_cookie(COOKIE, person, httponly=True, samesite="Lax", path="/")
        return response

    def _problem(self, request: web.Request) -> str | None:
        query = request.query
        if query.get("client_id") != self._world.application_id:
            return "Unknown application"
        if query.get("redirect_uri") not in self._server.redirect_uris:
            return "Invalid OAuth2 redirect_uri"
        if query.get("response_type") != "code":
            return "Unsupported response type"
        scopes = query.get("scope", "").split()
        if not scopes or any(scope not in SCOPES for scope in scopes):
            return "Invalid scope"
        if "code_challenge" in query and query.get("code_challenge_method") != "S256":
            return "Invalid code challenge method"
        return None

    def _user(self, request: web.Request) -> User | None:
        user = self._world.users.get(request.cookies.get(COOKIE, ""))
        return None if user is None or user.is_bot else user

    def _picker(self, request: web.Request) -> web.Response:
        people = [user for user in self._world.users.values() if not user.is_bot]
        query = [(name, value) for name, value in request.query.items() if name != "switch"]
        back = "/oauth2/authorize?" + urlencode(query)
        buttons = "".join(
            f'<button name="person" value="{user.id}">{_avatar(user)}'
            f"<span>{escape(user.display_name)}<small>@{escape(user.name)}</small></span></button>"
            for user in people
        )
        return _page(
            "Who are you?",
            f'<form class="people" method="post" action="/oauth2/person">'
            f'<input type="hidden" name="back" value="{escape(back)}">{buttons}</form>',
        )

    def _consent(self, request: web.Request, user: User) -> web.Response:
        name = escape(self._world.app_name)
        host = escape(request.query["redirect_uri"].split("?")[0])
        scopes = "".join(f"<li>{SCOPES[scope]}</li>" for scope in request.query["scope"].split())
        return _page(
            f"{name} wants to access your account",
            f'<p class="who">{_avatar(user)}<span>Signed in as '
            f"<b>{escape(user.display_name)}</b> <small>@{escape(user.name)}</small></span>"
            f'<a href="?{escape(request.query_string)}&amp;switch=1">Not you?</a></p>'
            f"<p>This will allow <b>{name}</b> to:</p><ul>{scopes}</ul>"
            f'<p class="fine">Then you return to {host}</p>'
            '<form method="post"><button name="answer" value="cancel" class="plain">Cancel</button>'
            '<button name="answer" value="authorize">Authorize</button></form>',
        )

    # What the application asks.

    def exchange(self, form: Json, basic: tuple[str, str] | None) -> Json:
        """A code for a token."""
        self._check_client(form, basic)
        if form.get("grant_type") != "authorization_code":
            raise _bad_request("unsupported_grant_type", "Unsupported grant type")
        grant = self.codes.pop(str(form.get("code")), None)
        if grant is None:
            raise _bad_request("invalid_grant", 'Invalid "code" in request.')
        if form.get("redirect_uri") != grant.redirect_uri:
            raise _bad_request("invalid_grant", 'Invalid "redirect_uri" in request.')
        if grant.challenge is not None and _challenge(form.get("code_verifier")) != grant.challenge:
            raise _bad_request("invalid_grant", 'Invalid "code_verifier" in request.')
        token = secrets.token_urlsafe(22)
        self.tokens[token] = grant
        return {
            "token_type": "Bearer",
            "access_token": token,
            "expires_in": 604800,
            "refresh_token": secrets.token_urlsafe(22),
            "scope": " ".join(grant.scopes),
        }

    def revoke(self, form: Json, basic: tuple[str, str] | None) -> Json:
        self._check_client(form, basic)
        self.tokens.pop(str(form.get("token")), None)
        return {}

    def _check_client(self, form: Json, basic: tuple[str, str] | None) -> None:
        given = basic or (form.get("client_id"), form.get("client_secret"))
        if given != (self._world.application_id, self._world.client_secret):
            raise OAuthRefusal(401, "invalid_client")

    def _grant(self, authorization: str) -> Grant:
        scheme, _, token = authorization.partition(" ")
        grant = self.tokens.get(token)
        if scheme != "Bearer" or grant is None:
            raise unauthorized()
        return grant

    def me(self, authorization: str) -> Json:
        """The person a token stands for."""
        grant = self._grant(authorization)
        if "identify" not in grant.scopes:
            raise unauthorized()
        me = grant.user.to_json() | {"locale": grant.user.locale, "mfa_enabled": False, "flags": 0}
        if "email" in grant.scopes:
            me |= {"email": f"{grant.user.name}@example.org", "verified": True}
        return me

    def authorization(self, authorization: str) -> Json:
        """What a token permits, and for whom."""
        grant = self._grant(authorization)
        answer: Json = {
            "application": {"id": self._world.application_id, "name": self._world.app_name},
            "scopes": list(grant.scopes),
            "expires": "2099-01-01T00:00:00+00:00",
        }
        if "identify" in grant.scopes:
            answer["user"] = grant.user.to_json()
        return answer


class OAuthRefusal(Refusal):
    """An error in OAuth2's own form."""

    def __init__(self, status: int, error: str, description: str | None = None) -> None:
        super().__init__(status, 0, error)
        self.body = {"error": error}
        if description:
            self.body["error_description"] = description


def _bad_request(error: str, description: str) -> OAuthRefusal:
    return OAuthRefusal(400, error, description)


def _challenge(verifier: Any) -> str:
    digest = hashlib.sha256(str(verifier).encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _avatar(user: User) -> str:
    hue = int(user.id) * 137 % 360
    initial = escape(user.display_name[:1].upper())
    return f'<i style="background:hsl({hue} 55% 45%)" aria-hidden="true">{initial}</i>'


STYLE = """
:root { color-scheme: dark }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: #1e1f22;
  color: #dbdee1; font: 16px/1.5 system-ui, sans-serif }
main { width: min(26rem, 92vw); background: #313338; border-radius: 12px; padding: 2rem;
  box-sizing: border-box; box-shadow: 0 8px 30px #0006 }
h1 { font-size: 1.3rem; line-height: 1.3; margin: 0 0 1rem; color: #fff; text-align: center }
i { display: grid; place-items: center; width: 2.5rem; height: 2.5rem; border-radius: 50%;
  color: #fff; font-style: normal; font-weight: 600; flex: none }
small { color: #a5a9b0; font-size: .85rem }
.who { display: flex; gap: .8rem; align-items: center; background: #2b2d31; padding: .7rem;
  border-radius: 8px }
.who a { margin-left: auto; color: #a8b3ff; font-size: .85rem; white-space: nowrap }
ul { padding-left: 1.2rem } .fine { color: #a5a9b0; font-size: .8rem; overflow-wrap: anywhere }
form { display: flex; gap: .8rem; margin-top: 1.5rem }
form button { flex: 1; padding: .7rem; border: 0; border-radius: 8px; font: inherit; color: #fff;
  background: #5865f2; cursor: pointer } form button.plain { background: #4e5058 }
form button:hover { filter: brightness(1.1) } button:focus-visible { outline: 3px solid #fff }
.people { flex-direction: column } .people button { display: flex; gap: .8rem; text-align: left;
  align-items: center; background: #2b2d31 } .people small { display: block }
"""


def _page(title: str, body: str, *, status: int = 200) -> web.Response:
    text = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style>'
        f"<main><h1>{title}</h1>{body}</main></html>"
    )
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
        "frame-ancestors 'none'",
    }
    return web.Response(text=text, content_type="text/html", status=status, headers=headers)
