"""What holds for every answer."""

from __future__ import annotations

import logging

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request
from multidict import CIMultiDictProxy
from yarl import URL

from mixbot.accounts import Accounts, LinkingOff, Person
from mixbot.mixcloud import Mixcloud
from mixbot.sandbox.mixcloud.faults import ServerError
from mixbot.services.mixcloud import Credentials, MixcloudService
from mixbot.store import Store
from mixbot.vault import Vault
from mixbot.web import create_app
from tests.linking import SHOW, Stage
from tests.web.browser import Browser

ANSWERS = [
    ("GET", "/healthz", 200),
    ("GET", "/readyz", 200),
    ("GET", "/mixbot.css", 200),
    ("GET", "/mixbot.svg", 200),
    ("HEAD", "/healthz", 200),
    ("GET", "/link/none", 400),
    ("POST", "/link/none", 415),
    ("PUT", "/link/none", 405),
    ("GET", "/oauth/mixcloud/callback/none", 400),
    ("POST", "/oauth/mixcloud/callback/none", 405),
    ("GET", "/oauth/soundcloud/callback", 400),
    ("GET", "/oauth/discord/callback", 400),
    ("GET", f"/play{SHOW}", 200),
    ("GET", "/play/oembed.json?url=/play" + SHOW, 200),
    ("GET", f"/play{SHOW[:-1]}", 301),
    ("GET", "/nothing", 404),
    ("GET", "/", 404),
]


def careful(headers: CIMultiDictProxy[str]) -> bool:
    policy = headers["Content-Security-Policy"]
    return (
        headers["Cache-Control"] == "no-store"
        and headers["Referrer-Policy"] == "no-referrer"
        and headers["X-Content-Type-Options"] == "nosniff"
        and "frame-ancestors 'none'" in policy
        and "default-src 'none'" in policy
        and "script-src" not in policy
        and "unsafe" not in policy
    )


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
async def test_every_answer_tells_browsers_to_be_careful(
    stage: Stage, method: str, path: str, status: int
) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, stage.url + path, allow_redirects=False) as answer,
    ):
        assert answer.status == status
        assert careful(answer.headers)


ODD_PATHS = [
    "/link/%00",
    "/link/%ff",
    "/link/" + "x" * 4000,
    "/oauth/mixcloud/callback/%F0%9F?code=%ff&code=%00",
    "/oauth/discord/callback?state=%00&code=%ff",
    "/play/%ff%fe/x/",
    "/play/%00/x/",
    "/play/a/b/?t=%ff",
    "/play/%ED%A0%80/x/",
    "/play/oembed.json?url=http://[",
    "/play/oembed.json?url=/play/%ff/%00/",
    "/play/..%2f..%2f/x/",
]


@pytest.mark.parametrize("path", ODD_PATHS)
async def test_odd_requests_are_no_bug(stage: Stage, ada: Browser, path: str) -> None:
    stage.mixcloud.fault("GET", "/oembed/", ServerError())
    page = await ada.open(URL(stage.url + path, encoded=True))
    assert page.status in (200, 400, 404)


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("multipart/form-data", b"token=x", 415),
        ("application/json", b"{}", 415),
        ("application/x-www-form-urlencoded; charset=nonsense", b"token=x", 400),
        ("application/x-www-form-urlencoded", b"token=%ff%00&token=2", 400),
        ("application/x-www-form-urlencoded", b"\xff\xfe", 400),
    ],
)
async def test_odd_forms_are_no_bug(
    stage: Stage, content_type: str, body: bytes, status: int
) -> None:
    async with (
        aiohttp.ClientSession(cookies={"mixbot": "x"}) as session,
        session.post(
            await stage.start_link(), data=body, headers={"Content-Type": content_type}
        ) as answer,
    ):
        assert answer.status == status


async def test_the_linking_pages_are_careful_too(
    stage: Stage, sign_in_stage: Stage, ada: Browser
) -> None:
    page = await ada.open(await stage.start_link())
    assert careful(page.headers)
    assert (
        f"form-action 'self' {stage.mixcloud.url};" in page.headers["Content-Security-Policy"] + ";"
    )
    onward = await ada.press(page, "Continue to Mixcloud", follow=False)
    assert careful(onward.headers)
    back = await ada.press(await ada.open(onward.headers["Location"]), "Accept")
    assert careful(back.headers)
    page = await ada.open(await sign_in_stage.start_link())
    for origin in (sign_in_stage.mixcloud.url, sign_in_stage.discord.url):
        assert origin in page.headers["Content-Security-Policy"]


async def test_every_route_is_among_the_answers(store: Store) -> None:
    """So that a new one cannot be forgotten above."""
    async with Mixcloud() as mixcloud:
        app = create_app(Accounts(store, MixcloudService(mixcloud)), mixcloud)
    found = [
        await app.router.resolve(make_mocked_request(method, path)) for method, path, _ in ANSWERS
    ]
    asked = {match.route.resource for match in found}
    assert asked >= set(app.router.resources())


async def test_a_bug_gets_a_code_and_the_log_the_same(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    async def bug(request: web.Request) -> web.Response:
        raise ZeroDivisionError("s3cret")

    async with Mixcloud() as mixcloud:
        app = create_app(Accounts(store, MixcloudService(mixcloud)), mixcloud)
        app.router.add_get("/bug", bug)
        async with TestClient(TestServer(app)) as client, client.get("/bug") as answer:
            text = await answer.text()
            assert answer.status == 500
            assert careful(answer.headers)
    assert "s3cret" not in text
    (record,) = (record for record in caplog.records if record.name == "mixbot.web.app")
    assert record.exc_info
    assert record.getMessage().removeprefix("bug ") in text


@pytest.mark.parametrize(("outcome", "status"), [(True, 200), (False, 503), (OSError(), 503)])
async def test_readiness_is_what_the_rest_says(
    store: Store, outcome: bool | OSError, status: int
) -> None:
    async def ready() -> bool:
        if isinstance(outcome, OSError):
            raise outcome
        return outcome

    async with Mixcloud() as mixcloud:
        app = create_app(Accounts(store, MixcloudService(mixcloud)), mixcloud, ready=ready)
        async with TestClient(TestServer(app)) as client:
            assert (await client.get("/readyz")).status == status
            assert (await client.get("/healthz")).status == 200


async def test_the_log_names_routes_and_not_paths(
    stage: Stage, ada: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "aiohttp.access")
    for path in ("/link/s3cret", "/oauth/mixcloud/callback/s3cret?code=s3cret", "/s3cret"):
        await ada.open(stage.url + path)
    logged = [record.getMessage() for record in caplog.records if record.name == "aiohttp.access"]
    assert [line.rsplit(" ", 2)[0] for line in logged] == [
        "GET /link/{link} 400",
        "GET /oauth/mixcloud/callback/{nonce} 400",
        "GET (no route) 404",
    ]


async def test_without_credentials_linking_is_off_and_the_rest_works(store: Store) -> None:
    async with Mixcloud() as mixcloud:
        accounts = Accounts(store, MixcloudService(mixcloud))
        with pytest.raises(LinkingOff):
            await accounts.start_link(Person(1, "Ada"))
        async with TestClient(TestServer(create_app(accounts, mixcloud))) as client:
            assert (await client.get("/link/x")).status == 400
            assert (await client.get("/healthz")).status == 200


async def test_behind_a_path_the_pages_find_their_style(store: Store) -> None:
    async with Mixcloud() as mixcloud:
        accounts = Accounts(
            store, MixcloudService(mixcloud), public_url="https://example.org/mixbot/"
        )
        async with TestClient(TestServer(create_app(accounts, mixcloud))) as client:
            assert 'href="/mixbot/mixbot.css"' in await (await client.get("/nothing")).text()


async def test_over_https_the_cookie_is_for_this_host_and_https_only(store: Store) -> None:
    async with Mixcloud() as mixcloud:
        accounts = Accounts(
            store,
            MixcloudService(mixcloud, Credentials("id", "secret")),
            public_url="https://example.org",
            vault=Vault.from_keys(Vault.new_key()),
        )
        link = await accounts.start_link(Person(1, "Ada"))
        async with TestClient(TestServer(create_app(accounts, mixcloud))) as client:
            answer = await client.get(link.removeprefix("https://example.org"))
            cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-mixbot=")
    assert {"HttpOnly", "Secure", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
