"""Signing in with Discord: the consent page, codes and tokens."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from mixbot.sandbox import DiscordServer
from mixbot.sandbox.discord import User

BACK = "http://localhost:8080/oauth/discord/callback"
VERIFIER = "a-verifier-that-is-long-enough-to-be-one-of-them"
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
)


class Browser:
    """Ada's browser, and the application's side of the exchange."""

    def __init__(self, server: DiscordServer, session: aiohttp.ClientSession) -> None:
        self.server = server
        self.session = session
        self.ada: User = server.user("ada", display_name="Ada <3")
        self.bob: User = server.user("bob")
        self.params = {
            "client_id": server.application_id,
            "redirect_uri": BACK,
            "response_type": "code",
            "scope": "identify",
            "state": "s t&te",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }

    def sign_in(self, user: User) -> None:
        self.session.cookie_jar.update_cookies({"sandbox_user": user.id})

    async def open(self, **changes: str | None) -> tuple[int, str]:
        params = {k: v for k, v in {**self.params, **changes}.items() if v is not None}
        async with self.session.get(self.server.authorize_url, params=params) as response:
            return response.status, await response.text()

    async def answer(self, answer: str, **headers: str) -> tuple[int, dict[str, str]]:
        async with self.session.post(
            self.server.authorize_url,
            params=self.params,
            data={"answer": answer},
            headers=headers,
            allow_redirects=False,
        ) as response:
            location = response.headers.get("Location", "")
        assert not location or location.startswith(BACK + "?")
        return response.status, {k: v[0] for k, v in parse_qs(urlsplit(location).query).items()}

    async def exchange(self, code: str, **changes: str) -> tuple[int, Any]:
        form = {
            "client_id": self.server.application_id,
            "client_secret": self.server.client_secret,
            "grant_type": "authorization_code",
            "redirect_uri": BACK,
            "code_verifier": VERIFIER,
            "code": code,
            **changes,
        }
        url = self.server.api_url + "/oauth2/token"
        async with self.session.post(url, data=form) as response:
            return response.status, await response.json()

    async def who(self, token: str, path: str = "/users/@me") -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}"}
        async with self.session.get(self.server.api_url + path, headers=headers) as response:
            return response.status, await response.json()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    jar = aiohttp.CookieJar(unsafe=True)
    async with DiscordServer() as server, aiohttp.ClientSession(cookie_jar=jar) as session:
        server.redirect_uris.add(BACK)
        yield Browser(server, session)


async def test_a_person_agrees(browser: Browser) -> None:
    browser.sign_in(browser.ada)
    status, page = await browser.open()
    assert status == 200
    assert "Ada &lt;3" in page
    assert "mixbot" in page
    status, answer = await browser.answer("authorize")
    assert (status, answer["state"]) == (302, "s t&te")
    status, token = await browser.exchange(answer["code"])
    assert (status, token["token_type"], token["scope"]) == (200, "Bearer", "identify")
    status, me = await browser.who(token["access_token"])
    assert (me["id"], me["username"]) == (browser.ada.id, "ada")
    _, authorization = await browser.who(token["access_token"], "/oauth2/@me")
    assert authorization["user"]["id"] == browser.ada.id


async def test_a_code_works_once(browser: Browser) -> None:
    browser.sign_in(browser.ada)
    _, answer = await browser.answer("authorize")
    assert (await browser.exchange(answer["code"]))[0] == 200
    assert await browser.exchange(answer["code"]) == (
        400,
        {"error": "invalid_grant", "error_description": 'Invalid "code" in request.'},
    )


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"redirect_uri": BACK + "/"}, "invalid_grant"),
        ({"code_verifier": "another"}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
async def test_wrong_exchanges(browser: Browser, changes: dict[str, str], error: str) -> None:
    browser.sign_in(browser.ada)
    _, answer = await browser.answer("authorize")
    status, refusal = await browser.exchange(answer["code"], **changes)
    assert status in (400, 401)
    assert refusal["error"] == error


async def test_basic_authentication(browser: Browser) -> None:
    browser.sign_in(browser.ada)
    _, answer = await browser.answer("authorize")
    form = {
        "grant_type": "authorization_code",
        "redirect_uri": BACK,
        "code": answer["code"],
        "code_verifier": VERIFIER,
    }
    auth = aiohttp.encode_basic_auth(browser.server.application_id, browser.server.client_secret)
    async with browser.session.post(
        browser.server.api_url + "/oauth2/token", data=form, headers={"Authorization": auth}
    ) as response:
        assert response.status == 200


async def test_a_person_declines(browser: Browser) -> None:
    browser.sign_in(browser.bob)
    status, answer = await browser.answer("cancel")
    assert (status, answer["error"], answer["state"]) == (302, "access_denied", "s t&te")
    assert "code" not in answer


async def test_nobody_is_signed_in_yet(browser: Browser) -> None:
    _, page = await browser.open()
    assert "Who are you?" in page
    back = "/oauth2/authorize?client_id=1"
    async with browser.session.post(
        browser.server.url + "/oauth2/person",
        data={"person": browser.bob.id, "back": back},
        allow_redirects=False,
    ) as response:
        assert (response.status, response.headers["Location"]) == (303, back)
    assert "Signed in as <b>bob</b>" in (await browser.open())[1]
    assert "Who are you?" in (await browser.open(switch="1"))[1]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"client_id": "1"}, "Unknown application"),
        ({"redirect_uri": "http://evil.example/"}, "redirect_uri"),
        ({"response_type": "token"}, "response type"),
        ({"scope": "identify everything"}, "Invalid scope"),
        ({"scope": None}, "Invalid scope"),
        ({"code_challenge_method": "plain"}, "challenge method"),
    ],
)
async def test_requests_that_are_not_right(
    browser: Browser, changes: dict[str, str | None], problem: str
) -> None:
    browser.sign_in(browser.ada)
    status, page = await browser.open(**changes)
    assert status == 400
    assert problem in page
    assert "Authorize" not in page


async def test_another_site_cannot_agree(browser: Browser) -> None:
    browser.sign_in(browser.ada)
    status, answer = await browser.answer("authorize", Origin="http://evil.example")
    assert (status, answer) == (403, {})


async def test_a_wrong_token(browser: Browser) -> None:
    assert (await browser.who("wrong"))[0] == 401
