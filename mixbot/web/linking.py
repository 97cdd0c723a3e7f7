"""The pages between Discord and a music service. What they mean is decided in `mixbot.accounts`."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from ipaddress import ip_address
from typing import Any

from aiohttp import web
from cachetools import TTLCache

from mixbot.accounts import Accounts, CodeToEnter, LinkFailed
from mixbot.languages import N_, speak
from mixbot.services import MIXCLOUD, NAMES, SOUNDCLOUD

from .pages import TooManyRequests, content_policy, page

COOKIE_SECONDS = 30 * 60  # the ten minutes of a link, twice, and some
REQUESTS_ALLOWED = 30  # a minute and address


class CookiesNeeded(LinkFailed):
    sentence = N_(
        "Your browser did not keep our cookie, without which we cannot tell that it is yours. "
        "Allow cookies for this page, then open the link in Discord again."
    )


class Linking:
    """The routes of linking."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._secure = accounts.public_url.startswith("https:")
        # Browsers refuse a cookie of that prefix without `Secure`, and `Secure` without https.
        self._cookie = "__Host-mixbot" if self._secure else "mixbot"
        # Of this process alone: it is there to slow down guessing, and guessing is hopeless.
        self._requests: TTLCache[str, list[None]] = TTLCache(maxsize=10_000, ttl=60)

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/link/{link}", self.ask)
        app.router.add_post("/link/{link}", self.agree)
        app.router.add_get("/oauth/discord/callback", self.back_from_discord, allow_head=False)
        app.router.add_get(
            "/oauth/mixcloud/callback/{nonce}", self.back_from_mixcloud, allow_head=False
        )
        app.router.add_get(
            "/oauth/soundcloud/callback", self.back_from_soundcloud, allow_head=False
        )

    async def ask(self, request: web.Request) -> web.Response:
        """Say who is being linked to what. Previewers come here too, so nothing changes."""
        link = request.match_info["link"]
        attempt = await self._accounts.open_link(link)
        if attempt.language:
            speak(attempt.language)
        browser = request.cookies.get(self._cookie) or secrets.token_urlsafe(24)
        response = page(
            request,
            "link.html",
            {
                "name": attempt.user_name,
                "provider": attempt.provider,
                "service": NAMES[attempt.provider],
                "token": form_token(browser, link),
                "asks_for_code": self._accounts.asks_for_code,
            },
            # Chromium holds the redirects that follow a form to this, too.
            policy=content_policy(
                form_action=("'self'", *self._accounts.goes_to(attempt.provider))
            ),
        )
        self._remember(response, browser)
        return response

    async def agree(self, request: web.Request) -> web.Response:
        """The user pressed Continue: tie the attempt to this browser, and send it on."""
        self._count(request)
        link = request.match_info["link"]
        browser = request.cookies.get(self._cookie)
        token = await sent_token(request)
        if not browser or not hmac.compare_digest(token, form_token(browser, link).encode()):
            raise CookiesNeeded
        onward = await self._accounts.continue_link(link, browser=browser)
        response = web.Response(status=303, headers={"Location": onward})
        self._remember(response, browser)
        return response

    async def back_from_discord(self, request: web.Request) -> web.Response:
        self._count(request)
        onward = await self._accounts.signed_in(
            request.query.get("state", ""),
            request.query.get("code", ""),
            browser=request.cookies.get(self._cookie, ""),
        )
        return web.Response(status=303, headers={"Location": onward})

    async def back_from_mixcloud(self, request: web.Request) -> web.Response:
        return await self._back(request, request.match_info["nonce"], MIXCLOUD)

    async def back_from_soundcloud(self, request: web.Request) -> web.Response:
        return await self._back(request, request.query.get("state", ""), SOUNDCLOUD)

    async def _back(self, request: web.Request, nonce: str, provider: str) -> web.Response:
        """The browser is back from where its user was asked; say what came of it."""
        self._count(request)
        outcome = await self._accounts.finish_link(
            nonce,
            request.query.get("code", ""),
            browser=request.cookies.get(self._cookie, ""),
            provider=provider,
        )
        told: dict[str, Any] = {"provider": provider, "service": NAMES[provider]}
        if isinstance(outcome, CodeToEnter):
            half = len(outcome.code) // 2
            code = outcome.code[:half], outcome.code[half:]
            return page(request, "code.html", told | {"code": code})
        told |= {"name": outcome.account.name, "waiting": outcome.waiting is not None}
        return page(request, "linked.html", told)

    def _remember(self, response: web.Response, browser: str) -> None:
        response.set_cookie(
            self._cookie,
            browser,
            max_age=COOKIE_SECONDS,
            path="/",
            httponly=True,
            samesite="Lax",
            secure=self._secure,
        )

    def _count(self, request: web.Request) -> None:
        requests = self._requests.setdefault(address_of(request), [])
        requests.append(None)
        if len(requests) > REQUESTS_ALLOWED:
            raise TooManyRequests


def form_token(browser: str, link: str) -> str:
    """Proof that a form came from a page of ours: only this browser knows its cookie."""
    return hmac.new(browser.encode(), f"form {link}".encode(), hashlib.sha256).hexdigest()


async def sent_token(request: web.Request) -> bytes:
    """The token in the form that was sent; other kinds of content are not read."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise web.HTTPUnsupportedMediaType
    try:
        return str((await request.post()).get("token", "")).encode()
    except (LookupError, ValueError):  # an unknown charset, or not of it
        raise web.HTTPBadRequest from None


def address_of(request: web.Request) -> str:
    """Who asks. A proxy on our own network is believed when it says for whom it asks."""
    remote = request.remote or ""
    forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return forwarded if forwarded and _is_private(remote) else remote


def _is_private(address: str) -> bool:
    try:
        return ip_address(address).is_private
    except ValueError:
        return False
