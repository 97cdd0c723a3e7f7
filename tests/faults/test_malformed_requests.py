"""Malformed HTTP on every route: refused, never a mistake of ours, and nothing grows.

`MIXBOT_FAULTS=10000 pytest tests/faults/test_malformed_requests.py` sends that many.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random

import aiohttp

from tests.faults.machine import Machine, machine

log = logging.getLogger(__name__)

AT_HAND = 1500
REQUESTS = int(os.environ.get("MIXBOT_FAULTS", AT_HAND))
AT_ONCE = 25
GROWTH = 8_000_000  # bytes that Python's allocator may keep of it, however many there were
ROUTES = (
    "/mixbot.css",
    "/mixbot.svg",
    "/healthz",
    "/readyz",
    "/interactions",
    "/metrics",
    "/link/nobodys",
    "/oauth/discord/callback",
    "/oauth/mixcloud/callback/nobodys",
    "/play/oembed.json",
    "/play/spartacus/party-time",
    "/play/spartacus/party-time/",
    "/",
    "/nowhere",
)
METHODS = ("GET", "POST", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT")
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
FORM = "Content-Type: application/x-www-form-urlencoded"
ODD_TEXT = (
    "%",
    "%zz",
    "%00",
    "%ff%fe",
    "\x00",
    "é",
    "%F0%9F%8E",
    "..%2f..",
    "'\"><b>",
    "%0d%0aX:1",
)


def request(method: str, path: str, *headers: str, body: bytes = b"", host: str = "x") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + body


def sized(method: str, path: str, body: bytes, *headers: str) -> bytes:
    return request(method, path, f"Content-Length: {len(body)}", *headers, body=body)


def from_somewhere(luck: Random) -> str:
    """A header that has it counted as somebody else's."""
    return f"X-Forwarded-For: 203.0.{luck.randrange(256)}.{luck.randrange(256)}"


def bad_line(luck: Random, path: str) -> bytes:
    line = luck.choice(
        [
            "GET",
            f"GET {path}",
            f"GET {path} HTTP/9.9",
            f"GET  {path}  HTTP/1.1",
            f"G\x00T {path} HTTP/1.1",
            f"GET {path} HTTP/1.1 twice",
            f"GET http:///{path} HTTP/1.1",
            f"GET http://[::1{path} HTTP/1.1",
            f"{'X' * 9000} {path} HTTP/1.1",
            f"\x16\x03\x01\x02{path}",  # somebody speaks TLS
            "PRI * HTTP/2.0",
        ]
    )
    return line.encode() + b"\r\nHost: x\r\n\r\n"


def bad_path(luck: Random, path: str) -> bytes:
    odd = luck.choice(ODD_TEXT)
    target = luck.choice([path + odd, f"{path}/{odd}", f"{odd}{path}", path.replace("/", odd)])
    return request("GET", target, from_somewhere(luck))


def bad_query(luck: Random, path: str) -> bytes:
    odd = luck.choice(ODD_TEXT)
    query = luck.choice(
        [
            odd,
            f"url=https://x/play/{odd}/{odd}/",
            f"url=/play/a/{'b' * 3000}/",
            f"t={'9' * 4000}",
            f"t={odd}",
            f"code={odd}&state={odd}",
            "&".join("a=b" for _ in range(1500)),
            "code=" + "x" * 7000,
            "x" * 20_000,
        ]
    )
    return request(luck.choice(["GET", "HEAD"]), f"{path}?{query}", from_somewhere(luck))


def bad_header(luck: Random, path: str) -> bytes:
    header = luck.choice(
        [
            "Cookie: mixbot=" + luck.choice([*ODD_TEXT, "x" * 4000, "a; mixbot=b; $Version=9"]),
            "Cookie: " + "; ".join(f"c{n}=v" for n in range(400)),
            "Cookie: =;;=;mixbot",
            "X-Forwarded-For: " + luck.choice(["not an address", ",,,", "é", "::1%eth0"]),
            "Accept-Language: "
            + luck.choice(["x" * 5000, ";q=", "de;q=nan,*", "é", ",".join("xx" * 9)]),
            "Big: " + "x" * 20_000,
            "No colon",
            "Bad name: x",
            ": nameless",
            "Folded: a\r\n b",
            "Zero: a\x00b",
            "Expect: 200-ok",
            "Upgrade: websocket",
            "Content-Encoding: gzip",
            "Host: y",
            "Range: bytes=0-1,9-",
            "\r\n".join(f"H{n}: x" for n in range(500)),
        ]
    )
    return request(luck.choice(["GET", "POST"]), path, header)


def bad_body(luck: Random, path: str) -> bytes:
    body = luck.choice([b"", b"\x00", b"{", b"null", b"[]", b"token=%", b"a" * 20_000, bytes(500)])
    kind = luck.choice(
        [
            FORM,
            f"{FORM}; charset=nonsense",
            f"{FORM}; charset=utf-16",
            "Content-Type: multipart/form-data",
            "Content-Type: multipart/form-data; boundary=b",
            "Content-Type: application/json",
            "Content-Type: ;;;",
            f"{FORM}\r\nContent-Encoding: gzip",
            f"{FORM}\r\nContent-Encoding: br",
        ]
    )
    method = luck.choice(["POST", "POST", "GET", "PUT"])
    return sized(method, path, body, kind, from_somewhere(luck), "Cookie: mixbot=x")


def bad_signature(luck: Random, path: str) -> bytes:
    signature = luck.choice(["", "00", "zz", "é", "0" * 128, "f" * 128, "0" * 9000])
    body = luck.choice([b"", b"{}", b"\xff\xfe", b"[" * 10_000])
    return sized(
        "POST",
        luck.choice(["/interactions", path]),
        body,
        f"X-Signature-Ed25519: {signature}",
        f"X-Signature-Timestamp: {luck.choice(['', '0', 'é', 'x' * 900])}",
    )


def bad_framing(luck: Random, path: str) -> bytes:
    headers, body = luck.choice(
        [
            (["Transfer-Encoding: chunked"], b"zz\r\nabc\r\n0\r\n\r\n"),
            (["Transfer-Encoding: chunked"], b"5\r\nabc"),
            (["Transfer-Encoding: chunked"], b"fffffffffffffffff\r\n"),
            (["Transfer-Encoding: chunked"], b"-1\r\n\r\n"),
            (["Transfer-Encoding: chunked", "Content-Length: 3"], b"0\r\n\r\n"),
            (["Transfer-Encoding: gzip, chunked"], b"0\r\n\r\n"),
            (["Transfer-Encoding: nonsense"], b"abc"),
            (["Content-Length: -1"], b""),
            (["Content-Length: x"], b""),
            (["Content-Length: 1", "Content-Length: 2"], b"ab"),
            (["Content-Length: 99999999999999999999"], b"ab"),
            (["Content-Length: 100"], b"too little"),
            (["Content-Length: 1"], b"too much of it"),
        ]
    )
    return request(luck.choice(["POST", "GET", "PUT"]), path, FORM, *headers, body=body)


def wrong_method(luck: Random, path: str) -> bytes:
    return request(luck.choice([*METHODS, "BREW", "get"]), path, from_somewhere(luck))


def pipelined(luck: Random, path: str) -> bytes:
    one = request("GET", path).replace(b"Connection: close\r\n", b"")
    return one * luck.randint(2, 40) + luck.choice([b"", b"\x00\x01", b"GET"])


def half(luck: Random, path: str) -> bytes:
    whole = sized("POST", path, b"token=1", FORM)
    return whole[: luck.randrange(len(whole))]


def noise(luck: Random, path: str) -> bytes:
    return luck.randbytes(luck.randrange(1, 2000))


KINDS: Sequence[Callable[[Random, str], bytes]] = (
    bad_line,
    bad_path,
    bad_query,
    bad_header,
    bad_body,
    bad_signature,
    bad_framing,
    wrong_method,
    pipelined,
    half,
    noise,
)
UNFINISHED = (bad_line, bad_body, bad_framing, pipelined, half, noise)  # more may be to come
PATIENT, HURRIED = 10.0, 0.1  # seconds


async def sent(machine: Machine, data: bytes, *, patience: float) -> bytes:
    """What comes back, until the connection ends or nothing has come for so many seconds."""
    reader, writer = await asyncio.open_connection("127.0.0.1", machine.port)
    answer = b""
    try:
        writer.write(data)
        with suppress(OSError, TimeoutError):
            await writer.drain()
            while part := await asyncio.wait_for(reader.read(1 << 16), patience):
                answer += part
    finally:
        writer.close()
    return answer


def resident_bytes(machine: Machine) -> int:
    assert machine.process
    pages = Path(f"/proc/{machine.process.pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def descriptors(machine: Machine) -> int:
    assert machine.process
    return len(list(Path(f"/proc/{machine.process.pid}/fd").iterdir()))


async def bombarded(machine: Machine, numbers: range) -> Counter[str]:
    """Send the requests of these numbers, some at once; how often each status came back."""
    statuses: Counter[str] = Counter()
    left = iter(numbers)

    async def one_after_another() -> None:
        for number in left:
            luck = Random(number)
            kind = KINDS[number % len(KINDS)]
            path = ROUTES[number // len(KINDS) % len(ROUTES)]
            data = kind(luck, path)
            patience = HURRIED if kind in UNFINISHED else PATIENT
            answer = await sent(machine, data, patience=patience)
            found = [status.decode() for status in STATUS.findall(answer)]
            statuses.update(found or ["none"])
            wrong = [s for s in found if s[0] == "5" and s not in ("501", "505")]
            assert not wrong, (number, kind.__name__, data[:300], answer[:2000])

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(one_after_another())
    return statuses


async def test_malformed_requests_are_refused_and_leave_nothing_behind(tmp_path: Path) -> None:
    settings = {"DISCORD_PUBLIC_KEY": "a" * 64}
    async with machine(tmp_path, settings=settings) as made, aiohttp.ClientSession() as web:
        await made.switch_on()
        await made.ready()
        warm_up = REQUESTS // 2
        statuses = await bombarded(made, range(warm_up))
        loris = [await asyncio.open_connection("127.0.0.1", made.port) for _ in range(50)]
        for _, writer in loris:
            writer.write(b"POST /link/x HTTP/1.1\r\nContent-Length: 10\r\n")
        before, open_before = resident_bytes(made), descriptors(made)
        statuses += await bombarded(made, range(warm_up, REQUESTS))
        async with web.get(f"{made.url}/healthz") as response:
            assert response.status == 200
        grown = resident_bytes(made) - before
        for _, writer in loris:
            writer.close()
        answer = await made.use(made.ada, "mixcloud search", query="jazz")
        assert "1 of 20+" in answer.text
        written = "".join(made.log)
        assert "Traceback" not in written, written[written.index("Traceback") - 500 :][:3000]
        assert descriptors(made) <= open_before + 5
        assert grown < GROWTH
        log.info("%s malformed requests: %s; %+.1f MB", REQUESTS, statuses, grown / 1e6)
