"""What goes wrong on the way to Mixcloud and back, over real sockets."""

import asyncio
import gc
import logging
import time
import traceback

import aiohttp
import pytest
from aiohttp import web

from mixbot.mixcloud import (
    Blocked,
    Gate,
    Mixcloud,
    MixcloudError,
    NotFound,
    RateLimited,
    Unauthorized,
    Unreachable,
)
from mixbot.mixcloud import client as client_module
from mixbot.mixcloud.client import MOST_REDIRECTS, READ_ATTEMPTS
from mixbot.mixcloud.gate import MARGIN
from mixbot.sandbox import MixcloudServer
from mixbot.sandbox.mixcloud import (
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
from mixbot.sandbox.mixcloud.faults import Situation
from tests.mixcloud.conftest import Client

SHOW = "juno/show-1"
PASSING = [ServerError(), ServerError(500), CutBody(), HalfJson()]


def names(value: object) -> str:
    return type(value).__name__


# Trying again


@pytest.mark.parametrize("fault", PASSING, ids=names)
async def test_a_read_is_tried_again(
    mixcloud: Mixcloud, server: MixcloudServer, fault: Fault
) -> None:
    server.fault("GET", "/**", fault, times=READ_ATTEMPTS - 1)
    assert (await mixcloud.get(SHOW)).name == "Show 1"
    assert len(server.requests) == READ_ATTEMPTS


@pytest.mark.parametrize("fault", PASSING, ids=names)
async def test_but_not_for_ever(mixcloud: Mixcloud, server: MixcloudServer, fault: Fault) -> None:
    server.fault("GET", "/**", fault)
    with pytest.raises(Unreachable):
        await mixcloud.get(SHOW)
    assert len(server.requests) == READ_ATTEMPTS


@pytest.mark.parametrize("fault", [*PASSING, Html403(), NotFoundHtml(), Hang()], ids=names)
async def test_an_action_is_not_tried_again(
    client: Client, server: MixcloudServer, fault: Fault
) -> None:
    acting = client(access_token=server.token_for("listener"), timeout=0.3)
    server.fault("POST", "/**", fault)
    with pytest.raises(MixcloudError):
        await acting.favorite(SHOW)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Html403(), Blocked),
        (NotFoundHtml(), NotFound),
        (InvalidToken(), Unauthorized),
        (RateLimit(5), RateLimited),
        (RateLimit(5, json=False), RateLimited),
        (RateLimit(5, retry_after=False), RateLimited),
        (EndlessBody(), Blocked),
        (GzipBomb(), Blocked),
        (Redirect("https://evil.tld/"), Blocked),
    ],
    ids=names,
)
async def test_what_will_not_pass_is_not_tried_again(
    acting: Mixcloud, server: MixcloudServer, fault: Fault, error: type[Exception]
) -> None:
    server.fault("GET", "/**", fault)
    with pytest.raises(error) as caught:
        await acting.get(SHOW)
    assert type(caught.value) is error
    assert len(server.requests) == 1


async def test_there_is_a_pause_between_two_tries_and_nothing_is_printed(
    client: Client,
    server: MixcloudServer,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(client_module, "PAUSE", (0.05, 0.1))
    server.fault("GET", "/**", ServerError(), times=2)
    times: list[float] = []
    mixcloud = client(on_exchange=lambda exchange: times.append(time.monotonic()))
    await mixcloud.get(SHOW)
    assert len(times) == 3
    assert times[1] - times[0] > 0.05 < times[2] - times[1]
    assert capfd.readouterr() == ("", "")


async def test_nobody_there(unused_tcp_port: int) -> None:
    async with Mixcloud(f"http://127.0.0.1:{unused_tcp_port}") as mixcloud:
        with pytest.raises(Unreachable):
            await mixcloud.popular()
    async with Mixcloud("http://nowhere.invalid") as mixcloud:
        with pytest.raises(Unreachable):
            await mixcloud.popular()


# Time


async def test_a_call_ends_in_time_even_if_nothing_comes(
    client: Client, server: MixcloudServer
) -> None:
    mixcloud = client(timeout=0.2)
    server.fault("GET", "/**", Hang())
    with pytest.raises(Unreachable, match=r"0\.2 seconds"):
        await mixcloud.get(SHOW)


async def test_the_time_is_for_all_tries_together(client: Client, server: MixcloudServer) -> None:
    mixcloud = client(timeout=0.5)
    server.fault("GET", "/**", ServerError(), times=1)
    server.fault("GET", "/**", Hang())
    with pytest.raises(Unreachable, match=r"0\.5 seconds"):
        await mixcloud.get(SHOW)
    assert len(server.requests) == 2


async def test_the_time_of_the_caller_stays_the_caller_s(
    mixcloud: Mixcloud, server: MixcloudServer
) -> None:
    server.fault("GET", "/**", Hang())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await mixcloud.get(SHOW)


class Half:
    """Half an answer, and then nothing more."""

    async def answer(self, situation: Situation) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(situation.request)
        await response.write(b" " * 500)
        situation.kept_waiting()
        await situation.closing.wait()
        return response


@pytest.mark.parametrize("fault", [Hang(), Slow(30), Half()], ids=names)
async def test_a_cancelled_call_leaves_nothing_open(server: MixcloudServer, fault: Fault) -> None:
    server.fault("GET", "/**", fault, times=1)
    # With room for one connection, the next call is stuck if this one keeps it.
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as session:
        mixcloud = Mixcloud(server.api_url, session=session)
        call = asyncio.create_task(mixcloud.get(SHOW))
        await server.requested("GET", f"/{SHOW}/")
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert (await mixcloud.get(SHOW)).name == "Show 1"
    gc.collect()  # what was left open would warn, and a warning is an error here


# Size


async def test_an_answer_may_be_large_but_not_larger(
    client: Client, server: MixcloudServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = len(str((await client().popular(limit=45)).data))
    monkeypatch.setattr(client_module, "LARGEST_ANSWER", whole * 2)
    assert len(await client().popular(limit=45)) == 45
    monkeypatch.setattr(client_module, "LARGEST_ANSWER", whole // 2)
    with pytest.raises(Blocked, match="larger"):
        await client().popular(limit=45)


# Redirects


async def test_a_missing_slash_is_found_again(mixcloud: Mixcloud, server: MixcloudServer) -> None:
    show = await mixcloud.get(f"{server.api_url}/{SHOW}?metadata=1&x=1", relative=False)
    assert show.name == "Show 1"
    assert [request.status for request in server.requests] == [301, 200]
    assert server.requests[-1].query == {"metadata": "1", "x": "1"}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_on_the_api_itself_keeps_the_token(
    acting: Mixcloud, server: MixcloudServer, status: int
) -> None:
    server.fault("GET", "/juno/old/", Redirect("/juno/show-1/", status))
    assert (await acting.get("juno/old")).name == "Show 1"
    assert server.requests[-1].query == {"access_token": acting.access_token}


async def test_redirects_end(mixcloud: Mixcloud, server: MixcloudServer) -> None:
    server.fault("GET", "/**", Redirect("/juno/again/"))
    with pytest.raises(Blocked, match="without end"):
        await mixcloud.get(SHOW)
    assert len(server.requests) == MOST_REDIRECTS + 1


@pytest.mark.parametrize(
    "address", ["http://{}/me/", "//{}/me/", "http://user@{}/me/", "HTTP:\\\\{}/me/"]
)
async def test_no_redirect_leads_off_the_api_and_no_token_goes_there(
    acting: Mixcloud, server: MixcloudServer, address: str
) -> None:
    async with MixcloudServer(server.catalogue) as elsewhere:
        host = elsewhere.url.removeprefix("http://")
        server.fault("*", "/**", Redirect(address.format(host)))
        for call in (acting.get(SHOW), acting.me(), acting.favorite(SHOW)):
            with pytest.raises(MixcloudError):
                await call
        assert not elsewhere.requests


async def test_another_port_or_scheme_is_another_host(
    acting: Mixcloud, server: MixcloudServer
) -> None:
    for target in ("https://127.0.0.1/me/", f"https://{server.url[7:]}/me/", "ftp://127.0.0.1/"):
        server.clear_faults()
        server.fault("GET", "/**", Redirect(target))
        with pytest.raises(Blocked, match="another host"):
            await acting.me()


# Rate limits


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_a_rate_limit_stops_every_caller_at_once_until_it_is_over(
    client: Client, server: MixcloudServer
) -> None:
    clock = Clock()
    gate = Gate(clock=clock)
    mixcloud, other = client(gate=gate), client(gate=gate)
    acting = mixcloud.with_token(server.token_for("listener"))
    server.fault("GET", f"/{SHOW}/", RateLimit(30), times=1)
    with pytest.raises(RateLimited) as caught:
        await mixcloud.get(SHOW)
    assert caught.value.retry_after == 30 + MARGIN
    clock.now += 10
    for call in (
        mixcloud.popular(),
        other.get("juno"),
        acting.favorite(SHOW),
        acting.me(),
        mixcloud.oembed(SHOW),
    ):
        with pytest.raises(RateLimited) as caught:
            await call
        assert caught.value.retry_after == 20 + MARGIN
    assert len(server.requests) == 1
    clock.now += 20 + MARGIN
    assert (await other.get(SHOW)).name == "Show 1"
    assert (await acting.favorite(SHOW)).result.success


async def test_an_action_may_meet_the_rate_limit_too(
    acting: Mixcloud, server: MixcloudServer
) -> None:
    server.fault("POST", "/**", RateLimit(30))
    for _ in range(3):
        with pytest.raises(RateLimited):
            await acting.follow("juno")
    assert len(server.requests) == 1


async def test_a_rate_limit_while_others_are_on_their_way(
    mixcloud: Mixcloud, server: MixcloudServer
) -> None:
    server.fault("GET", f"/{SHOW}/", RateLimit(30))
    server.fault("GET", "/juno/", Slow(0.1))
    slow = asyncio.create_task(mixcloud.get("juno"))
    await server.requested("GET", "/juno/")
    with pytest.raises(RateLimited):
        await mixcloud.get(SHOW)
    assert (await slow).username == "juno"


def test_a_gate_tells_when_it_closes_for_longer() -> None:
    clock, told = Clock(), list[float]()
    gate = Gate(on_close=told.append, clock=clock)
    assert gate.seconds_left() == 0
    gate.check()
    gate.close(30)
    gate.close(20)
    gate.close(40)
    assert told == [30, 40]
    assert gate.seconds_left() == 40
    clock.now += 15
    with pytest.raises(RateLimited, match="25 seconds"):
        gate.check()
    clock.now += 25
    gate.check()
    assert gate.seconds_left() == 0


# Secrets


@pytest.mark.parametrize(
    "fault",
    [
        *PASSING,
        Html403(),
        NotFoundHtml(),
        InvalidToken(),
        RateLimit(),
        Hang(),
        EndlessBody(),
        Redirect("/a?access_token=elsewhere"),
        Redirect("http://[bad/"),
        None,
    ],
    ids=names,
)
async def test_no_error_says_the_token(
    client: Client,
    server: MixcloudServer,
    fault: Fault | None,
    caplog: pytest.LogCaptureFixture,
    unused_tcp_port: int,
) -> None:
    token = server.token_for("listener")
    with caplog.at_level(logging.DEBUG):
        acting = client(access_token=token, timeout=0.3)
        if fault is None:
            acting.api_root = f"http://127.0.0.1:{unused_tcp_port}"
        else:
            server.fault("*", "/**", fault)
        said = [repr(acting), str(vars(acting.gate))]
        for call in (acting.get(SHOW), acting.favorite(SHOW)):
            with pytest.raises(MixcloudError) as caught:
                await call
            said += [*traceback.format_exception(caught.value), repr(caught.value.__dict__)]
    assert token not in "".join(said) + caplog.text


class Echo:
    """A refusal that repeats the token."""

    async def answer(self, situation: Situation) -> web.StreamResponse:
        token = situation.request.query["access_token"]
        error = {"message": f"The token {token} is not yours.", "type": "OAuthException"}
        return web.json_response({"error": error}, status=400)


async def test_a_token_that_mixcloud_repeats_is_taken_out(
    acting: Mixcloud, server: MixcloudServer
) -> None:
    server.fault("*", "/**", Echo())
    for call in (acting.me(), acting.favorite(SHOW)):
        with pytest.raises(Unauthorized) as caught:
            await call
        assert str(caught.value) == caught.value.message == "The token … is not yours."


def test_nothing_shows_the_token() -> None:
    mixcloud = Mixcloud(access_token="5ecret5ecret")
    assert "5ecret" not in f"{mixcloud} {mixcloud!r}"


class Says:
    """Any JSON at all, and any headers."""

    def __init__(self, data: object, **headers: str) -> None:
        self.data = data
        self.headers = headers

    async def answer(self, situation: Situation) -> web.StreamResponse:
        return web.json_response(self.data, headers=self.headers)


@pytest.mark.parametrize("data", [{}, {"data": {}}, {"data": "abc"}, {"data": [{}, None]}, []])
async def test_a_list_is_a_list_of_objects(
    mixcloud: Mixcloud, server: MixcloudServer, data: object
) -> None:
    server.fault("GET", "/popular/", Says(data))
    with pytest.raises(Unreachable):
        await mixcloud.popular()


async def test_a_location_alone_is_no_redirect(mixcloud: Mixcloud, server: MixcloudServer) -> None:
    server.fault("GET", "/**", Says({"key": "/juno/"}, Location="https://evil.tld/"))
    assert (await mixcloud.get("juno")).key == "/juno/"
    assert len(server.requests) == 1
