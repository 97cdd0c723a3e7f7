"""From the person's consent to a token."""

import traceback
from dataclasses import dataclass
from secrets import token_hex
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from aiohttp import web

from mixbot.mixcloud import (
    InvalidArgument,
    Mixcloud,
    MixcloudError,
    MixcloudOAuth,
    MixcloudOAuthError,
    RateLimited,
    Unreachable,
)
from mixbot.sandbox import MixcloudServer
from mixbot.sandbox.mixcloud import CutBody, Fault, Hang, Html403, RateLimit, Redirect, ServerError
from mixbot.sandbox.mixcloud.faults import Situation
from tests.mixcloud.conftest import Client

BACK = "https://bot.example/oauth/mixcloud/callback/a b+c?x=1&y=é"


@pytest.fixture
def oauth(mixcloud: Mixcloud) -> MixcloudOAuth:
    return MixcloudOAuth(
        client_id="client", client_secret="secret", redirect_uri=BACK, mixcloud=mixcloud
    )


@dataclass
class Says:
    """An answer of the token endpoint, word for word."""

    text: str
    status: int = 200
    content_type: str = "application/json"

    async def answer(self, situation: Situation) -> web.StreamResponse:
        return web.Response(text=self.text, status=self.status, content_type=self.content_type)


def test_where_the_person_is_sent() -> None:
    oauth = MixcloudOAuth(client_id="the client", redirect_uri=BACK)
    address = urlsplit(oauth.authorization_url)
    assert address.geturl().startswith("https://www.mixcloud.com/oauth/authorize?")
    query = dict(parse_qsl(address.query))
    assert query == {"client_id": "the client", "redirect_uri": BACK, "response_type": "code"}


def test_what_is_missing_is_said() -> None:
    for oauth in (MixcloudOAuth(client_id="x"), MixcloudOAuth(redirect_uri=BACK)):
        with pytest.raises(InvalidArgument, match="client_id and redirect_uri"):
            _ = oauth.authorization_url


async def test_a_secret_is_needed() -> None:
    with pytest.raises(InvalidArgument, match="client_secret"):
        await MixcloudOAuth(client_id="x", redirect_uri=BACK).access_token("code")


async def test_a_code_becomes_a_token_once(
    oauth: MixcloudOAuth, server: MixcloudServer, mixcloud: Mixcloud
) -> None:
    code = server.code_for("ada", "client", BACK)
    mixcloud.access_token = await oauth.access_token(code)
    assert (await mixcloud.me()).username == "ada"
    assert (server.requests[0].method, server.requests[0].path) == ("GET", "/oauth/access_token")
    with pytest.raises(MixcloudOAuthError):
        await oauth.access_token(code)


async def test_it_works_without_a_client_of_ours(server: MixcloudServer) -> None:
    oauth = MixcloudOAuth(
        f"{server.site_url}/oauth", client_id="client", client_secret="secret", redirect_uri=BACK
    )
    assert await oauth.access_token(server.code_for("ada", "client", BACK))


async def test_another_address_or_secret_is_refused(
    server: MixcloudServer, mixcloud: Mixcloud
) -> None:
    for wrong in ({"redirect_uri": "https://else.example/"}, {"client_secret": "guess"}):
        given: dict[str, Any] = {"client_id": "client", "client_secret": "secret"}
        oauth = MixcloudOAuth(mixcloud=mixcloud, **given | {"redirect_uri": BACK} | wrong)
        with pytest.raises(MixcloudOAuthError):
            await oauth.access_token(server.code_for("ada", "client", BACK))


@pytest.mark.parametrize(
    "answer",
    [
        Says('{"access_token": "abc"}'),
        Says('{"access_token": "abc"}', content_type="text/javascript"),
        Says('{"access_token": "abc", "token_type": "bearer", "expires_in": 3600}'),
        Says("access_token=abc", content_type="text/html"),
        Says("access_token=abc\n", content_type="text/plain"),
    ],
)
async def test_the_token_comes_in_either_form(
    oauth: MixcloudOAuth, server: MixcloudServer, answer: Fault
) -> None:
    server.fault("GET", "/oauth/**", answer)
    assert await oauth.access_token("code") == "abc"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Says('{"error": "invalid_grant"}'), MixcloudOAuthError),
        (Says('{"error": "invalid_grant"}', 400), MixcloudOAuthError),
        (Says('{"error": {"message": "No.", "type": "OAuthException"}}', 401), MixcloudOAuthError),
        (Says("error=invalid_grant"), MixcloudOAuthError),
        (Says("{}"), MixcloudOAuthError),
        (Says('{"access_token": ""}'), MixcloudOAuthError),
        (Says('{"access_token": null}'), MixcloudOAuthError),
        (Says('{"access_token": 5}'), MixcloudOAuthError),
        (Says("[]"), MixcloudOAuthError),
        (Says("null"), MixcloudOAuthError),
        (Says("5"), MixcloudOAuthError),
        (Says("", content_type="text/plain"), MixcloudOAuthError),
        (Says("<!DOCTYPE html>", content_type="text/html"), Unreachable),
        (Says('{"access_', 200), MixcloudOAuthError),
        (ServerError(), Unreachable),
        (CutBody(), Unreachable),
        (Html403(), Unreachable),
        (RateLimit(5), RateLimited),
        (Redirect("https://evil.tld/"), MixcloudError),
        (Hang(), Unreachable),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, type) else value.__name__,
)
async def test_what_goes_wrong_is_said_without_the_code_and_the_secret(
    client: Client, server: MixcloudServer, answer: Fault, error: type[Exception]
) -> None:
    code, secret = token_hex(8), token_hex(8)
    oauth = MixcloudOAuth(
        client_id="client",
        client_secret=secret,
        redirect_uri=BACK,
        mixcloud=client(timeout=0.3),
    )
    server.fault("GET", "/oauth/**", answer)
    with pytest.raises(MixcloudError) as caught:
        await oauth.access_token(code)
    assert isinstance(caught.value, error)
    assert len(server.requests) == 1  # a code may be spent though no answer came
    said = "".join(traceback.format_exception(caught.value)) + repr(oauth)
    assert code not in said
    assert secret not in said


class Echo:
    """A refusal that repeats what it refuses."""

    async def answer(self, situation: Situation) -> web.StreamResponse:
        query = situation.request.query
        return web.json_response({"error": f"{query['code']} of {query['client_secret']}"})


async def test_what_mixcloud_repeats_is_taken_out(
    oauth: MixcloudOAuth, server: MixcloudServer
) -> None:
    server.fault("GET", "/oauth/**", Echo())
    with pytest.raises(MixcloudOAuthError) as caught:
        await oauth.access_token("c0dec0de")
    assert str(caught.value) == "… of …"


async def test_a_token_given_is_not_sent_along(acting: Mixcloud, server: MixcloudServer) -> None:
    oauth = MixcloudOAuth(
        client_id="client", client_secret="secret", redirect_uri=BACK, mixcloud=acting
    )
    await oauth.access_token(server.code_for("ada", "client", BACK))
    assert set(server.requests[-1].query) == {"client_id", "client_secret", "code", "redirect_uri"}


def test_the_secret_is_not_shown() -> None:
    oauth = MixcloudOAuth(client_id="client", client_secret="5ecret", mixcloud=Mixcloud())
    assert "5ecret" not in f"{oauth} {oauth!r}"


async def test_a_refused_code_can_be_none(server: MixcloudServer, client: Client) -> None:
    quiet: dict[str, Any]
    for quiet in ({"raise_exceptions": False}, {"mixcloud": client(raise_exceptions=False)}):
        oauth = MixcloudOAuth(
            f"{server.site_url}/oauth",
            client_id="client",
            client_secret="secret",
            redirect_uri="https://example.com/",
            **quiet,
        )
        token: object = await oauth.access_token("wrong")
        assert token is None
