"""The sandbox's Mixcloud: faults, the log of requests, starting and closing."""

import asyncio
import json
import zlib
from collections.abc import AsyncIterator
from contextlib import suppress

import aiohttp
import pytest

from mixbot.sandbox import MixcloudServer
from mixbot.sandbox.loopback import path_matches
from mixbot.sandbox.mixcloud import (
    Catalogue,
    CutBody,
    EndlessBody,
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
from tests.sandbox.mixcloud_calls import Calls, calling


@pytest.fixture
async def mixcloud() -> AsyncIterator[MixcloudServer]:
    catalogue = Catalogue()
    catalogue.add_show("ada", "Night Shift")
    async with MixcloudServer(catalogue) as server:
        yield server


@pytest.fixture
async def call(mixcloud: MixcloudServer) -> AsyncIterator[Calls]:
    async with calling(mixcloud) as calls:
        yield calls


# Faults


async def test_the_rate_limit_is_told_twice(mixcloud: MixcloudServer, call: Calls) -> None:
    mixcloud.fault("GET", "/ada/", RateLimit(452))
    answer = await call.get("/ada/")
    assert answer.status == 403
    assert answer.headers["Retry-After"] == "452"
    assert answer.json == {
        "error": {
            "message": "You have hit your rate limit. Retry after 452 seconds.",
            "type": "RateLimitException",
            "retry_after": 452,
        }
    }


async def test_the_rate_limit_may_keep_its_secret(mixcloud: MixcloudServer, call: Calls) -> None:
    mixcloud.fault("GET", "/ada/", RateLimit(452, retry_after=False), times=1)
    answer = await call.get("/ada/")
    assert "Retry-After" not in answer.headers
    assert "retry_after" not in answer.json["error"]
    mixcloud.fault("GET", "/ada/", RateLimit(452, json=False), times=1)
    answer = await call.get("/ada/")
    assert (answer.status, answer.headers["Retry-After"]) == (403, "452")
    assert answer.text.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("fault", "status"),
    [(Html403(), 403), (ServerError(), 503), (ServerError(502), 502), (NotFoundHtml(), 404)],
)
async def test_trouble_in_html(
    mixcloud: MixcloudServer,
    call: Calls,
    fault: Html403 | ServerError | NotFoundHtml,
    status: int,
) -> None:
    mixcloud.fault("GET", "/ada/", fault)
    answer = await call.get("/ada/")
    assert (answer.status, answer.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert "<html" in answer.text


async def test_a_fault_strikes_as_often_as_told(mixcloud: MixcloudServer, call: Calls) -> None:
    mixcloud.fault("GET", "/ada/", ServerError(), times=2)
    assert [(await call.get("/ada/")).status for _ in range(3)] == [503, 503, 200]


async def test_faults_strike_in_order_and_can_be_cleared(
    mixcloud: MixcloudServer, call: Calls
) -> None:
    mixcloud.fault("GET", "/ada/", ServerError(500), times=1)
    mixcloud.fault("*", "/**", ServerError(502))
    assert [(await call.get("/ada/")).status for _ in range(2)] == [500, 502]
    mixcloud.clear_faults()
    assert (await call.get("/ada/")).status == 200


async def test_a_fault_strikes_its_method_and_route_alone(
    mixcloud: MixcloudServer, call: Calls
) -> None:
    mixcloud.fault("POST", "/*/*/favorite/", RateLimit(1))
    token = {"access_token": mixcloud.token_for("bob")}
    path = "/ada/night-shift/favorite/"
    assert (await call("POST", path, params=token)).status == 403
    assert (await call("DELETE", path, params=token)).status == 404
    assert (await call("POST", "/ada/follow/", params=token)).status == 200


@pytest.mark.parametrize(
    ("glob", "path", "fits"),
    [
        ("/*/", "/ada/", True),
        ("/*/", "/ada/night-shift/", False),
        ("/*/*/", "/ada/night-shift/", True),
        ("/ada/**", "/ada/night-shift/favorite/", True),
        ("/ada/**", "/adam/", False),
        ("/**", "/", True),
        ("/*/night-*/", "/ada/night-shift/", True),
        ("/é/", "/%C3%A9/", True),
        ("/%C3%A9/", "/%c3%a9/", True),
    ],
)
def test_globs(glob: str, path: str, fits: bool) -> None:
    assert path_matches(glob, path) is fits


async def test_every_token_can_be_refused(mixcloud: MixcloudServer, call: Calls) -> None:
    mixcloud.fault("GET", "/me/", InvalidToken())
    mixcloud.manners.token_error_status = 400
    answer = await call.get("/me/", access_token=mixcloud.token_for("ada"))
    assert answer.status == 400
    assert answer.json["error"]["message"] == "An invalid access token was provided"


async def test_a_cut_body_ends_before_its_length(mixcloud: MixcloudServer, call: Calls) -> None:
    mixcloud.fault("GET", "/ada/", CutBody())
    with pytest.raises(aiohttp.ClientPayloadError):
        await call.get("/ada/")


async def test_half_json_is_complete_and_useless(mixcloud: MixcloudServer, call: Calls) -> None:
    mixcloud.fault("GET", "/ada/", HalfJson())
    answer = await call.get("/ada/")
    assert answer.status == 200
    with pytest.raises(json.JSONDecodeError):
        _ = answer.json


async def test_a_redirect_leads_elsewhere(mixcloud: MixcloudServer, call: Calls) -> None:
    mixcloud.fault("GET", "/ada/", Redirect("http://127.0.0.2/", status=307))
    answer = await call.get("/ada/")
    assert (answer.status, answer.headers["Location"]) == (307, "http://127.0.0.2/")


async def test_an_endless_body_has_no_end(mixcloud: MixcloudServer, call: Calls) -> None:
    mixcloud.fault("GET", "/ada/", EndlessBody())
    async with call.session.get(f"{mixcloud.url}/ada/") as response:
        assert len(await response.content.readexactly(3_000_000)) == 3_000_000


async def test_a_gzip_bomb_is_small_on_the_wire(mixcloud: MixcloudServer) -> None:
    mixcloud.fault("GET", "/ada/", GzipBomb(megabytes=20))
    async with (
        aiohttp.ClientSession(auto_decompress=False) as session,
        session.get(f"{mixcloud.url}/ada/") as response,
    ):
        assert response.headers["Content-Encoding"] == "gzip"
        packed = await response.read()
    assert len(packed) < 100_000
    assert len(zlib.decompress(packed, wbits=31)) == 20_000_000


async def test_slow_answers_are_right_when_they_come(mixcloud: MixcloudServer, call: Calls) -> None:
    mixcloud.fault("GET", "/ada/", Slow(0.05))
    loop = asyncio.get_running_loop()
    before = loop.time()
    assert (await call.get("/ada/")).json["username"] == "ada"
    assert loop.time() - before >= 0.05


async def test_a_client_that_leaves_in_the_middle_is_no_error(
    mixcloud: MixcloudServer, caplog: pytest.LogCaptureFixture
) -> None:
    for fault in (EndlessBody(), GzipBomb()):
        mixcloud.fault("GET", "/ada/", fault, times=1)
        left = asyncio.create_task(mixcloud.requested("GET", "/ada/"))
        await asyncio.sleep(0)
        async with (
            aiohttp.ClientSession(auto_decompress=False) as session,
            session.get(f"{mixcloud.url}/ada/") as response,
        ):
            await response.content.readexactly(500)
            response.close()
        assert (await left).status is None
    assert not caplog.records


# Closing


async def test_closing_lets_everybody_go_who_was_kept_waiting() -> None:
    async with MixcloudServer(Catalogue()) as server, calling(server) as call:
        server.fault("GET", "/**", Hang())
        waiting = asyncio.create_task(call.get("/popular/"))
        await server.requested("GET", "/popular/")
        await asyncio.wait_for(server.close(), 5)
        with pytest.raises(aiohttp.ClientError):
            await waiting


async def test_closing_ends_slow_and_endless_answers() -> None:
    async with MixcloudServer(Catalogue()) as server, calling(server) as call:
        server.fault("GET", "/popular/", Slow(600))
        server.fault("GET", "/new/", EndlessBody())
        slow = asyncio.create_task(call.get("/popular/"))
        await server.requested("GET", "/popular/")
        async with call.session.get(f"{server.url}/new/") as response:
            await response.content.readexactly(1000)
            closing = asyncio.create_task(server.close())
            with suppress(aiohttp.ClientError):
                await response.read()
            await asyncio.wait_for(closing, 5)
        with suppress(aiohttp.ClientError):
            await slow


async def test_a_client_that_gives_up_frees_the_server() -> None:
    async with MixcloudServer(Catalogue()) as server, calling(server) as call:
        server.fault("GET", "/**", Hang(), times=1)
        timeout = aiohttp.ClientTimeout(total=0.05)
        with pytest.raises(TimeoutError):
            await call("GET", "/popular/", timeout=timeout)
        assert (await call.get("/popular/")).status == 200


async def test_it_can_be_started_again_where_it_was() -> None:
    server = MixcloudServer(Catalogue())
    await server.start()
    url = server.url
    await server.close()
    await server.start()
    async with calling(server) as call:
        assert server.url == url
        assert (await call.get("/popular/")).status == 200
    await server.close()
    await server.close()


async def test_a_taken_port_is_said_at_once(mixcloud: MixcloudServer) -> None:
    port = int(mixcloud.url.rpartition(":")[2])
    with pytest.raises(OSError, match="address already in use"):
        await MixcloudServer(Catalogue(), port=port).start()


async def test_two_servers_do_not_know_each_other() -> None:
    async with MixcloudServer(Catalogue()) as one, MixcloudServer(Catalogue()) as two:
        one.catalogue.add_user("ada")
        async with calling(one) as here, calling(two) as there:
            assert (await here.get("/ada/")).status == 200
            assert (await there.get("/ada/")).status == 404


# The log


async def test_requests_are_remembered_with_their_tokens(
    mixcloud: MixcloudServer, call: Calls
) -> None:
    await call.get("/me/", access_token="stale")
    await call.get("/nobody/")
    assert [(one.method, one.path, one.query, one.status) for one in mixcloud.requests] == [
        ("GET", "/me/", {"access_token": "stale"}, 401),
        ("GET", "/nobody/", {}, 404),
    ]
    assert len(mixcloud.requests_to("GET", "/*/")) == 2
    assert not mixcloud.requests_to("POST", "/*/")


async def test_a_test_can_wait_for_a_request(mixcloud: MixcloudServer, call: Calls) -> None:
    token = {"access_token": mixcloud.token_for("bob")}
    waiting = asyncio.create_task(mixcloud.requested("POST", "/ada/*/favorite/"))
    await asyncio.sleep(0)
    await call.get("/ada/night-shift/")
    assert not waiting.done()
    await call("POST", "/ada/night-shift/favorite/", params=token)
    request = await waiting
    assert (request.status, request.query) == (200, token)


async def test_waiting_for_what_never_comes_ends(mixcloud: MixcloudServer) -> None:
    with pytest.raises(TimeoutError):
        await mixcloud.requested("GET", "/never/", timeout=0.01)


async def test_closing_ends_the_waiting_for_requests() -> None:
    server = MixcloudServer(Catalogue())
    await server.start()
    waiting = asyncio.create_task(server.requested("GET", "/never/"))
    await asyncio.sleep(0)
    await server.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
