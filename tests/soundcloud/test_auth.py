"""From a person's consent to tokens, as SoundCloud's consent page and token endpoint have it."""

from __future__ import annotations

import re
import traceback
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import aiohttp
import pytest
from aiohttp import web

from mixbot.sandbox import SoundCloudServer
from mixbot.sandbox.mixcloud.faults import Situation
from mixbot.sandbox.soundcloud import CutBody, Hang, Html403, RateLimit, Redirect, ServerError
from mixbot.soundcloud import (
    InvalidArgument,
    RateLimited,
    SoundCloudError,
    SoundCloudOAuth,
    SoundCloudOAuthError,
    Tokens,
    Unauthorized,
    Unreachable,
)
from mixbot.soundcloud.auth import Authorization, challenge_of
from tests.soundcloud.conftest import Client

BACK = "https://example.com/back"


@pytest.fixture
def oauth(client: Client) -> SoundCloudOAuth:
    return flow(client)


def flow(client: Client, **options: Any) -> SoundCloudOAuth:
    given = {"client_id": "client", "client_secret": "secret", "redirect_uri": BACK}
    return SoundCloudOAuth(**given | options, soundcloud=client(timeout=0.5))


async def agree(started: Authorization, **decision: str) -> dict[str, str]:
    """What the application is told after the person has decided in the browser."""
    async with aiohttp.ClientSession() as browser:
        page = await (await browser.get(started.url)).text()
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
        form = hidden | {"account": "listener", "decision": "accept"} | decision
        address = started.url.partition("?")[0]
        async with browser.post(address, data=form, allow_redirects=False) as response:
            return dict(parse_qsl(urlsplit(response.headers["Location"]).query))


@pytest.fixture(autouse=True)
def signed_in(server: SoundCloudServer) -> None:
    server.signed_in = ["listener"]


async def test_a_consent_becomes_tokens_that_act(
    oauth: SoundCloudOAuth, client: Client, server: SoundCloudServer
) -> None:
    started = oauth.authorization()
    answer = await agree(started)
    assert answer["state"] == started.state
    tokens = await oauth.tokens(answer["code"], started.code_verifier)
    assert tokens.refresh_token
    assert tokens.expires_at
    left = tokens.expires_at - datetime.now(UTC)
    assert timedelta(minutes=59) < left < timedelta(hours=1)
    assert (await client(access_token=tokens.access_token).me()).username == "Listener"


def test_the_address_says_what_oauth_wants() -> None:
    oauth = SoundCloudOAuth(client_id="client", redirect_uri=BACK)
    started = oauth.authorization(state="s&t", code_verifier="v" * 43)
    assert started.url.startswith("https://secure.soundcloud.com/authorize?")
    assert parse_qs(urlsplit(started.url).query) == {
        "client_id": ["client"],
        "redirect_uri": [BACK],
        "response_type": ["code"],
        "code_challenge": [challenge_of("v" * 43)],
        "code_challenge_method": ["S256"],
        "state": ["s&t"],
    }
    assert "v" * 43 not in started.url + repr(started)
    assert oauth.authorization() != oauth.authorization()


async def test_a_denial_comes_back_with_its_state(oauth: SoundCloudOAuth) -> None:
    started = oauth.authorization()
    answer = await agree(started, decision="deny")
    assert answer == {"error": "access_denied", "state": started.state}


async def test_a_code_works_once_and_with_its_verifier_only(
    oauth: SoundCloudOAuth, server: SoundCloudServer
) -> None:
    started = oauth.authorization()
    code = (await agree(started))["code"]
    other = oauth.authorization()
    with pytest.raises(SoundCloudOAuthError) as caught:
        await oauth.tokens(code, other.code_verifier)
    assert caught.value.code == "invalid_grant"
    with pytest.raises(SoundCloudOAuthError):  # it is used up
        await oauth.tokens(code, started.code_verifier)
    code = server.code_for("listener", "client", BACK, started.code_verifier)
    await oauth.tokens(code, started.code_verifier)


@pytest.mark.parametrize(
    "wrong",
    [{"client_secret": "wrong"}, {"client_id": "nobody"}, {"redirect_uri": "https://a.example/"}],
)
async def test_who_asks_has_to_be_who_started(
    client: Client, server: SoundCloudServer, wrong: dict[str, str]
) -> None:
    code = server.code_for("listener", "client", BACK, "v" * 43)
    with pytest.raises(SoundCloudOAuthError):
        await flow(client, **wrong).tokens(code, "v" * 43)


async def test_a_public_client_has_no_secret(client: Client, server: SoundCloudServer) -> None:
    server.register_app("public", None)
    oauth = flow(client, client_id="public", client_secret=None)
    code = server.code_for("listener", "public", BACK, "v" * 43)
    tokens = await oauth.tokens(code, "v" * 43)
    assert (await oauth.refresh(tokens)).access_token != tokens.access_token
    with pytest.raises(InvalidArgument, match="client_secret"):
        await oauth.client_credentials()


async def test_refreshing_spends_the_old_token(
    oauth: SoundCloudOAuth, server: SoundCloudServer
) -> None:
    told = server.tokens_for("listener", "client")
    new = await oauth.refresh(told["refresh_token"])
    assert new.refresh_token != told["refresh_token"]
    with pytest.raises(SoundCloudOAuthError):
        await oauth.refresh(told["refresh_token"])
    assert server.reuses == 1
    with pytest.raises(SoundCloudOAuthError):  # and with it all that came of it
        await oauth.refresh(new)
    with pytest.raises(SoundCloudOAuthError):
        await oauth.refresh(Tokens("no refresh token"))


async def test_the_application_s_own_token_reads_what_is_public(
    oauth: SoundCloudOAuth, client: Client
) -> None:
    tokens = await oauth.client_credentials()
    soundcloud = client(access_token=tokens.access_token)
    assert (await soundcloud.track(293)).title == "Flickermood"
    with pytest.raises(Unauthorized):
        await soundcloud.me()


async def test_signing_out_ends_it_and_twice_is_fine(
    oauth: SoundCloudOAuth, client: Client, server: SoundCloudServer
) -> None:
    token = server.token_for("listener")
    assert await oauth.sign_out(token)
    assert not await oauth.sign_out(token)
    await client(access_token=token).sign_out()
    with pytest.raises(Unauthorized):
        await client(access_token=token).me()


class Says:
    """Any answer at all."""

    def __init__(self, text: str, status: int = 200) -> None:
        self.text = text
        self.status = status

    async def answer(self, situation: Situation) -> web.StreamResponse:
        return web.Response(text=self.text, status=self.status, content_type="application/json")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Says('{"error": "invalid_grant"}', 400), SoundCloudOAuthError),
        (Says('{"code": 401, "message": "invalid_grant"}', 401), SoundCloudOAuthError),
        (Says('{"error_code": "invalid_grant", "error": null}', 401), SoundCloudOAuthError),
        (Says('{"error": "rate_limit_exceeded"}', 429), RateLimited),
        (Says("{}"), SoundCloudOAuthError),
        (Says('{"access_token": ""}'), SoundCloudOAuthError),
        (Says('{"access_token": 5}'), SoundCloudOAuthError),
        (Says("[]"), SoundCloudOAuthError),
        (Says("null"), SoundCloudOAuthError),
        (Says(""), SoundCloudOAuthError),
        (Says("<!DOCTYPE html>"), Unreachable),
        (Says('{"access_', 200), Unreachable),
        (ServerError(), Unreachable),
        (CutBody(), Unreachable),
        (Html403(), Unreachable),
        (RateLimit(5), RateLimited),
        (Redirect("https://evil.tld/"), SoundCloudError),
        (Hang(), Unreachable),
    ],
    ids=lambda value: getattr(value, "__name__", getattr(value, "text", type(value).__name__)),
)
async def test_what_goes_wrong_is_said_without_secrets_and_asked_once(
    client: Client, server: SoundCloudServer, answer: Any, error: type[Exception]
) -> None:
    code, secret, verifier = token_hex(8), token_hex(8), token_hex(32)
    oauth = flow(client, client_secret=secret)
    server.fault("POST", "/oauth/**", answer)
    with pytest.raises(SoundCloudError) as caught:
        await oauth.tokens(code, verifier)
    assert isinstance(caught.value, error)
    assert len(server.requests) == 1  # a code may be spent though no answer came
    said = "".join(traceback.format_exception(caught.value)) + repr(oauth)
    assert not [hidden for hidden in (code, secret, verifier) if hidden in said]


async def test_what_soundcloud_repeats_is_taken_out(
    oauth: SoundCloudOAuth, server: SoundCloudServer
) -> None:
    server.fault("POST", "/oauth/**", Says('{"error": "no c0dec0de of secret"}', 400))
    with pytest.raises(SoundCloudOAuthError) as caught:
        await oauth.tokens("c0dec0de", "v" * 43)
    assert "c0dec0de" not in f"{caught.value} {caught.value.data} {caught.value.message}"


def test_what_is_missing_is_named() -> None:
    with pytest.raises(InvalidArgument, match="client_id and redirect_uri"):
        SoundCloudOAuth().authorization()
    with pytest.raises(InvalidArgument, match="43 to 128"):
        SoundCloudOAuth(client_id="a", redirect_uri=BACK).authorization(code_verifier="short")


def test_passwords_are_refused_with_a_sentence() -> None:
    with pytest.raises(InvalidArgument, match=r"agree in the\s+browser"):
        SoundCloudOAuth(client_id="client", username="me", password="5ecret")
