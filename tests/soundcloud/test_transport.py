"""What goes wrong on the way to SoundCloud and back, over real sockets."""

import asyncio
import gc
import traceback
from secrets import token_hex

import aiohttp
import pytest
from aiohttp import web

from mixbot.sandbox import SoundCloudServer
from mixbot.sandbox.mixcloud.faults import Situation
from mixbot.sandbox.soundcloud import (
    CutBody,
    EndlessBody,
    Fault,
    GzipBomb,
    HalfJson,
    Hang,
    Html403,
    InvalidToken,
    NotFoundHtml,
    RateLimit,
    Redirect,
    ServerError,
    Slow,
)
from mixbot.soundcloud import (
    Blocked,
    Exchange,
    Gate,
    InvalidArgument,
    NotFound,
    RateLimited,
    SoundCloud,
    SoundCloudError,
    Unauthorized,
    Unreachable,
)
from mixbot.soundcloud.client import MOST_REDIRECTS, READ_ATTEMPTS
from tests.soundcloud.conftest import Client

PASSING = [ServerError(), ServerError(500), CutBody(), HalfJson()]


def names(value: object) -> str:
    return type(value).__name__


@pytest.mark.parametrize("fault", PASSING, ids=names)
async def test_a_read_is_tried_again_but_not_for_ever(
    acting: SoundCloud, server: SoundCloudServer, fault: Fault
) -> None:
    server.fault("GET", "/**", fault, times=READ_ATTEMPTS - 1)
    assert (await acting.track(293)).title == "Flickermood"
    assert len(server.requests) == READ_ATTEMPTS
    server.fault("GET", "/**", fault)
    with pytest.raises(Unreachable):
        await acting.track(293)
    assert len(server.requests) == 2 * READ_ATTEMPTS


@pytest.mark.parametrize("fault", [*PASSING, Html403(), NotFoundHtml(), Hang()], ids=names)
async def test_an_action_is_not_tried_again(
    client: Client, server: SoundCloudServer, fault: Fault
) -> None:
    acting = client(access_token=server.token_for("listener"), timeout=0.3)
    server.fault("*", "/**", fault)
    for call in (acting.like(293), acting.put("/me", user={"description": "x"})):
        with pytest.raises(SoundCloudError):
            await call
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Html403(), Blocked),
        (NotFoundHtml(), NotFound),
        (InvalidToken(), Unauthorized),
        (RateLimit(5), RateLimited),
        (EndlessBody(), Blocked),
        (GzipBomb(), Blocked),
        (Redirect("https://evil.tld/"), Blocked),
    ],
    ids=names,
)
async def test_what_will_not_pass_is_not_tried_again(
    acting: SoundCloud, server: SoundCloudServer, fault: Fault, error: type[Exception]
) -> None:
    server.fault("GET", "/**", fault)
    with pytest.raises(error) as caught:
        await acting.track(293)
    assert type(caught.value) is error
    assert len(server.requests) == 1


async def test_nobody_there(unused_tcp_port: int) -> None:
    nowhere = f"http://127.0.0.1:{unused_tcp_port}"
    async with SoundCloud(nowhere, access_token="x") as soundcloud:
        with pytest.raises(Unreachable):
            await soundcloud.me()


async def test_a_call_ends_in_time_even_if_nothing_comes(
    client: Client, server: SoundCloudServer
) -> None:
    acting = client(access_token=server.token_for("listener"), timeout=0.2)
    server.fault("GET", "/**", Hang())
    with pytest.raises(Unreachable, match=r"0\.2 seconds"):
        await acting.me()


@pytest.mark.parametrize("fault", [Hang(), Slow(30)], ids=names)
async def test_a_cancelled_call_leaves_nothing_open(server: SoundCloudServer, fault: Fault) -> None:
    server.fault("GET", "/**", fault, times=1)
    # With room for one connection, the next call is stuck if this one keeps it.
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as session:
        soundcloud = SoundCloud(
            server.api_url, session=session, access_token=server.token_for("forss")
        )
        call = asyncio.create_task(soundcloud.me())
        await server.requested("GET", "/me")
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert (await soundcloud.me()).username == "Forss"
    gc.collect()  # what was left open would warn, and a warning is an error here


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_of_a_read_is_followed_with_the_token(
    acting: SoundCloud, server: SoundCloudServer, status: int
) -> None:
    server.fault("GET", "/old", Redirect("/me", status))
    assert (await acting.get("/old")).username == "Listener"


async def test_a_redirect_of_an_action_is_not(acting: SoundCloud, server: SoundCloudServer) -> None:
    server.fault("POST", "/**", Redirect("/me"))
    await acting.like(293)
    assert len(server.requests) == 1


async def test_redirects_end(acting: SoundCloud, server: SoundCloudServer) -> None:
    server.fault("GET", "/**", Redirect("/me"))
    with pytest.raises(Blocked, match="without end"):
        await acting.me()
    assert len(server.requests) == MOST_REDIRECTS + 1


@pytest.mark.parametrize("address", ["http://{}/me", "//{}/me", "http://user@{}/me"])
async def test_no_redirect_leads_off_the_api_and_no_token_goes_there(
    acting: SoundCloud, server: SoundCloudServer, address: str
) -> None:
    async with SoundCloudServer(server.catalogue) as elsewhere:
        server.fault("GET", "/**", Redirect(address.format(elsewhere.url.removeprefix("http://"))))
        with pytest.raises(Blocked, match="allow_redirects=False"):
            await acting.me()
        assert not elsewhere.requests


async def test_a_stream_is_not_followed(acting: SoundCloud) -> None:
    with pytest.raises(Blocked, match="allow_redirects=False tells where"):
        await acting.get("/tracks/293/stream")


# Rate limits


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_a_rate_limit_of_all_stops_every_caller_until_it_is_over(
    client: Client, server: SoundCloudServer
) -> None:
    clock = Clock()
    gate = Gate(clock=clock)
    app = client(gate=gate)
    one = app.with_token(server.token_for("listener"))
    server.fault("GET", "/me", RateLimit(30), times=1)
    with pytest.raises(RateLimited) as caught:
        await one.me()
    assert 28 < caught.value.retry_after < 33
    asked = len(server.requests)
    for call in (app.track(293), one.like(293), client(gate=gate).search("x")):
        with pytest.raises(RateLimited, match="asks to wait"):
            await call
    assert len(server.requests) == asked
    clock.now += 40
    assert (await one.me()).username == "Listener"


@pytest.mark.parametrize("fault", [RateLimit(30, group="plays"), RateLimit(30, spam=True)])
async def test_a_rate_limit_of_something_stops_nothing_else(
    acting: SoundCloud, server: SoundCloudServer, fault: Fault
) -> None:
    server.fault("*", "/likes/**", fault)
    server.fault("*", "/tracks/*/stream", fault)
    with pytest.raises(RateLimited) as caught:
        await acting.like(293)
    assert caught.value.group in ("plays", "spam")
    with pytest.raises(RateLimited):
        await acting.get("/tracks/293/stream", allow_redirects=False)
    assert (await acting.me()).username == "Listener"


# Proxies


async def answer_as_proxy(request: web.BaseRequest) -> web.Response:
    """A proxy that answers everything itself, and tells what it was asked for."""
    body = {"kind": "user", "id": 1, "urn": "soundcloud:users:1", "username": str(request.url)}
    return web.json_response(body)


@pytest.mark.parametrize("form", ["{}", "http", "host"])
async def test_a_proxy_is_asked(form: str) -> None:
    runner = web.ServerRunner(web.Server(answer_as_proxy))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host = "{}:{}".format(*runner.addresses[0])
    proxy = {"http": host} if form == "{}" else f"http://{host}" if form == "http" else host
    try:
        async with SoundCloud(
            "http://api.nowhere.invalid", access_token="x", proxy=proxy
        ) as soundcloud:
            assert (await soundcloud.me()).username == "http://api.nowhere.invalid/me"
    finally:
        await runner.cleanup()


async def test_a_session_brings_its_own() -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(InvalidArgument):
            SoundCloud(session=session, proxy={"http": "a:1"})


# Secrets


class Echo:
    """A refusal that repeats the token."""

    async def answer(self, situation: Situation) -> web.StreamResponse:
        token = situation.request.headers["Authorization"]
        return web.json_response({"code": 401, "message": f"{token} is wrong"}, status=401)


@pytest.mark.parametrize(
    "fault", [*PASSING, Html403(), InvalidToken(), RateLimit(), Hang(), Echo()], ids=names
)
async def test_no_error_says_the_token(server: SoundCloudServer, fault: Fault) -> None:
    token = token_hex(16)
    async with SoundCloud(server.api_url, access_token=token, timeout=0.3) as acting:
        server.fault("*", "/**", fault)
        said = [repr(acting)]
        for call in (acting.me(), acting.like(293)):
            with pytest.raises(SoundCloudError) as caught:
                await call
            said += [*traceback.format_exception(caught.value), repr(caught.value.__dict__)]
    assert token not in "".join(said)


async def test_every_request_is_told_of(client: Client, server: SoundCloudServer) -> None:
    told: list[Exchange] = []
    acting = client(access_token=server.token_for("forss"), on_exchange=told.append)
    await acting.search("secret words")
    assert [(one.method, one.path, one.status) for one in told] == [("GET", "/tracks", 200)]
