"""Answers that no sane server gives, byte by byte: each call ends, and the next one works."""

import asyncio
import gc
import gzip
import traceback
import tracemalloc

import aiohttp
import pytest

from mixbot.mixcloud import Gate, Mixcloud, MixcloudError, RateLimited, Rejected, Unreachable
from mixbot.mixcloud.answers import DEFAULT_RETRY_AFTER, LONGEST_RETRY_AFTER
from mixbot.mixcloud.gate import MARGIN
from mixbot.sandbox import MixcloudServer
from mixbot.sandbox.mixcloud import GzipBomb, Raw, Redirect, Reset, Trickle
from mixbot.sandbox.mixcloud.faults import Fault
from tests.mixcloud.conftest import Client

SHOW = "juno/show-1"
PATH = f"/{SHOW}/"


def http(body: bytes, status: str = "200 OK", *headers: str, length: int | None = None) -> Raw:
    size = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {size}", "Connection: close", *headers]
    return Raw("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


JSON = b'{"key": "/juno/show-1/", "name": "Show 1"}'
NO_ANSWERS: dict[str, Fault] = {
    "reset": Reset(),
    "reset after the headers": Reset(after_headers=True),
    "no HTTP": Raw(b"\x16\x03\x01 this is no HTTP at all\r\n\r\n"),
    "nothing": Raw(b""),
    "half a status line": Raw(b"HTTP/1.1 2"),
    "a status of its own": http(JSON, "999 Odd"),
    "huge header": http(JSON, "200 OK", "X-Much: " + "x" * 100_000),
    "header without a name": http(JSON, "200 OK", ": x"),
    "two lengths": http(JSON, "200 OK", "Content-Length: 3"),
    "shorter than it says": http(JSON, length=1000),
    "cut by its length": http(JSON, length=10),
    "chunks that are none": Raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nx"),
    "gzip that is none": http(JSON, "200 OK", "Content-Encoding: gzip"),
    "half a gzip": http(gzip.compress(JSON * 99)[:40], "200 OK", "Content-Encoding: gzip"),
    "deflate that is none": http(JSON, "200 OK", "Content-Encoding: deflate"),
    "brotli that is none": http(b"\xff" * 50, "200 OK", "Content-Encoding: br"),
    "not UTF-8": http(b'{"name": "\xff\xfe"}'),
    "half a character": http(b'{"name": "\\ud800"}'),
    "deep": http(b'{"data": ' + b"[" * 100_000),
    "not a number": http(b'{"play_count": NaN}'),
    "a list": http(b"[1, 2]"),
    "a number": http(b"42"),
    "null": http(b"null"),
    "text": http(b'"text"'),
    "empty": http(b""),
    "no content": Raw(b"HTTP/1.1 204 No Content\r\n\r\n"),
    "not modified": Raw(b"HTTP/1.1 304 Not Modified\r\n\r\n"),
    "a redirect to nowhere": http(b"", "302 Found"),
    "continue and no more": Raw(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "an odd redirect": Redirect("http://[half"),
    "a redirect off http": Redirect("file:///etc/passwd"),
    "a redirect with a name": Redirect("http://user@127.0.0.1/"),
    "a redirect to a host": Redirect("//elsewhere.example/juno/"),
}


@pytest.mark.parametrize("fault", NO_ANSWERS.values(), ids=NO_ANSWERS)
async def test_it_is_no_answer_and_the_next_call_works(
    client: Client, server: MixcloudServer, fault: Fault
) -> None:
    # With room for one connection, the next call is stuck if this one keeps it.
    token = server.token_for("listener")
    async with aiohttp.TCPConnector(limit=1) as connector:
        mixcloud = client(connector=connector, access_token=token, timeout=10)
        server.fault("GET", PATH, fault)
        with pytest.raises(Unreachable) as caught:
            await mixcloud.get(SHOW)
        assert token not in "".join(traceback.format_exception(caught.value))
        server.clear_faults()
        assert (await mixcloud.get(SHOW)).name == "Show 1"
    gc.collect()  # what was left open would warn, and a warning is an error here


@pytest.mark.parametrize(
    "start",
    [
        b"HTTP/1.1 200 O",
        b"HTTP/1.1 200 OK\r\nX-Slow: ",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n",
    ],
)
async def test_a_slow_loris_is_given_up(
    client: Client, server: MixcloudServer, start: bytes
) -> None:
    server.fault("GET", PATH, Trickle(start))
    with pytest.raises(Unreachable, match=r"No answer in 0\.3 seconds"):
        await client(timeout=0.3).get(SHOW)


async def test_a_gzip_bomb_takes_no_memory(client: Client, server: MixcloudServer) -> None:
    mixcloud = client()
    await mixcloud.get(SHOW)
    server.fault("GET", PATH, GzipBomb(200))
    tracemalloc.start()
    with pytest.raises(Unreachable, match="larger"):
        await mixcloud.get(SHOW)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 60_000_000  # three times what an answer may have, of the 200 MB there are


async def test_a_connection_that_went_stale(acting: Mixcloud, server: MixcloudServer) -> None:
    await acting.get(SHOW)  # it is kept alive for the next call
    server.fault("GET", PATH, Reset(), times=1)
    assert (await acting.get(SHOW)).name == "Show 1"
    before = len(server.requests_to("POST", "/*/*/favorite/"))
    server.fault("POST", "/*/*/favorite/", Reset())
    with pytest.raises(Unreachable):
        await acting.favorite(SHOW)
    assert len(server.requests_to("POST", "/*/*/favorite/")) == before + 1


async def test_an_action_follows_no_redirect(acting: Mixcloud, server: MixcloudServer) -> None:
    server.fault("POST", "/*/*/favorite/", Redirect("/juno/show-2/favorite/", status=307))
    with pytest.raises(MixcloudError):
        await acting.favorite(SHOW)
    assert not server.requests_to("POST", "/juno/show-2/favorite/")


async def test_no_other_server_hears_of_a_token(client: Client, server: MixcloudServer) -> None:
    async with MixcloudServer() as other:
        mixcloud = client(access_token=server.token_for("listener"))
        server.fault("GET", PATH, Redirect(f"{other.url}{PATH}"))
        with pytest.raises(Unreachable, match="another host"):
            await mixcloud.get(SHOW)
        assert not other.requests


LIMIT = b'{"error": {"message": "Slow down", "type": "RateLimitException"%s}}'


@pytest.mark.parametrize(
    ("member", "header", "wait"),
    [
        (b"", "", DEFAULT_RETRY_AFTER),
        (b', "retry_after": 30', "", 30),
        (b', "retry_after": "30"', "", 30),
        (b"", "Retry-After: 30", 30),
        (b', "retry_after": -5', "Retry-After: -5", DEFAULT_RETRY_AFTER),
        (b', "retry_after": 1e400', "", DEFAULT_RETRY_AFTER),
        (b', "retry_after": 99999999999', "", LONGEST_RETRY_AFTER),
        (b', "retry_after": null', "Retry-After: soon", DEFAULT_RETRY_AFTER),
        (b', "retry_after": {"a": 1}', "Retry-After: nan", DEFAULT_RETRY_AFTER),
    ],
)
async def test_how_long_a_rate_limit_lasts(
    client: Client, server: MixcloudServer, member: bytes, header: str, wait: float
) -> None:
    headers = [header] if header else []
    server.fault("GET", PATH, http(LIMIT % member, "403 Forbidden", *headers))
    try:
        with pytest.raises(RateLimited) as caught:
            await client().get(SHOW)
    except Unreachable:  # 1e400 is no JSON to every reader
        assert b"e400" in member
    else:
        assert caught.value.retry_after == wait + MARGIN


async def test_403_is_not_always_a_rate_limit(client: Client, server: MixcloudServer) -> None:
    body = b'{"error": {"message": "Not yours", "type": "PermissionDenied"}}'
    server.fault("GET", PATH, http(body, "403 Forbidden"))
    mixcloud = client()
    with pytest.raises(Rejected, match="Not yours"):
        await mixcloud.get(SHOW)
    assert not mixcloud.gate.seconds_left()


def test_a_clock_that_goes_backwards_opens_the_gate_late_but_does() -> None:
    now = 1000.0
    gate = Gate(clock=lambda: now)
    gate.close(30)
    now = 400.0
    with pytest.raises(RateLimited) as caught:
        gate.check()
    assert caught.value.retry_after == 630
    gate.close(10)
    assert gate.seconds_left() == 630
    now = 1030.0
    gate.check()


async def test_who_is_in_a_hurry_can_say_so(mixcloud: Mixcloud, server: MixcloudServer) -> None:
    server.fault("GET", PATH, Trickle(b"HTTP/1.1 200 OK\r\n"))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await mixcloud.get(SHOW)


async def test_a_client_may_be_closed_while_it_is_asked(
    client: Client, server: MixcloudServer
) -> None:
    mixcloud = client(timeout=30)
    server.fault("GET", PATH, Trickle(b"HTTP/1.1 200 OK\r\n"))
    call = asyncio.create_task(mixcloud.get(SHOW))
    await server.requested("GET", PATH)
    await mixcloud.close()
    with pytest.raises(Unreachable, match="was closed"):
        await call
