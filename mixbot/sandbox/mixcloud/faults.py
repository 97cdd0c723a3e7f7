"""Everything that can go wrong with Mixcloud, to be switched on for a route.

server.fault("POST", "/*/*/favorite/", RateLimit(30), times=1)
server.fault("GET", "/**", Hang())

Uploads (`POST /upload/`, `POST /upload/*/*/edit/`) can besides be read slowly (`SlowReading`), or
up to a point (`HoldReading`), be broken off (`CutUpload`), be answered by another fault only after
all of it has come (`AfterUpload(RateLimit(30))`), or be done without an answer (`LostAnswer`). All
other faults answer at once, while the client may still be sending.
"""

import asyncio
import itertools
import json
import zlib
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web

from mixbot.sandbox.mixcloud.arrivals import Arrival

HTML = "text/html"
FORBIDDEN_PAGE = """<!DOCTYPE html>
<html lang="en"><head><title>Attention Required!</title></head>
<body><h1>Sorry, you have been blocked</h1>
<p>You are unable to access this site. The action you just performed triggered the security
solution.</p></body></html>"""
TROUBLE_PAGE = """<html><head><title>{status} {reason}</title></head>
<body><center><h1>{status} {reason}</h1></center><hr><center>nginx</center></body></html>"""
MISSING_PAGE = """<!DOCTYPE html>
<html lang="en"><head><title>Page Not Found</title></head>
<body><h1>Oops, there is nothing here</h1></body></html>"""


@dataclass(frozen=True, slots=True)
class Situation:
    """A request that a fault gets hold of."""

    request: web.BaseRequest
    proceed: Callable[[], Awaitable[web.Response]]  # the answer there would have been
    invalid_token: Callable[[], web.Response]
    kept_waiting: Callable[[], None]  # tells whoever waits for this request that it is here
    closing: asyncio.Event  # set when the server is about to close
    arrival: Callable[[], Arrival]  # of the upload that this is, from now on
    read: Callable[[], Awaitable[object]]  # the whole of the upload, before anything is said


class Fault(Protocol):
    """Something that answers in place of Mixcloud."""

    async def answer(self, situation: Situation) -> web.StreamResponse: ...


@dataclass(frozen=True, slots=True)
class RateLimit:
    """403 and the seconds to wait: in the header, and in the body unless `json` is off."""

    seconds: int = 60
    retry_after: bool = True
    json: bool = True

    async def answer(self, situation: Situation) -> web.StreamResponse:
        headers = {"Retry-After": str(self.seconds)} if self.retry_after else {}
        if not self.json:
            return web.Response(status=403, text=FORBIDDEN_PAGE, content_type=HTML, headers=headers)
        message = f"You have hit your rate limit. Retry after {self.seconds} seconds."
        error: dict[str, str | int] = {"message": message, "type": "RateLimitException"}
        if self.retry_after:
            error["retry_after"] = self.seconds
        return web.Response(
            status=403,
            text=json.dumps({"error": error}, indent=4),
            content_type="text/javascript",
            charset="utf-8",
            headers=headers,
        )


@dataclass(frozen=True, slots=True)
class Html403:
    """The page of a guard in front of Mixcloud that does not like our address."""

    async def answer(self, situation: Situation) -> web.StreamResponse:
        return web.Response(status=403, text=FORBIDDEN_PAGE, content_type=HTML)


@dataclass(frozen=True, slots=True)
class ServerError:
    """Trouble behind the scenes, told in HTML."""

    status: int = 503

    async def answer(self, situation: Situation) -> web.StreamResponse:
        response = web.Response(status=self.status, content_type=HTML)
        response.text = TROUBLE_PAGE.format(status=self.status, reason=response.reason)
        return response


@dataclass(frozen=True, slots=True)
class NotFoundHtml:
    """404 as the site says it, not as an API would."""

    async def answer(self, situation: Situation) -> web.StreamResponse:
        return web.Response(status=404, text=MISSING_PAGE, content_type=HTML)


@dataclass(frozen=True, slots=True)
class InvalidToken:
    """Every token is refused, whoever's it is."""

    async def answer(self, situation: Situation) -> web.StreamResponse:
        return situation.invalid_token()


@dataclass(frozen=True, slots=True)
class Hang:
    """No answer at all, until the client gives up or the server closes."""

    async def answer(self, situation: Situation) -> web.StreamResponse:
        situation.kept_waiting()
        await situation.closing.wait()
        return hang_up(situation.request)


@dataclass(frozen=True, slots=True)
class Slow:
    """The right answer, late."""

    seconds: float

    async def answer(self, situation: Situation) -> web.StreamResponse:
        situation.kept_waiting()
        with suppress(TimeoutError):
            await asyncio.wait_for(situation.closing.wait(), self.seconds)
        return await situation.proceed()


@dataclass(frozen=True, slots=True)
class CutBody:
    """The connection breaks in the middle of the right answer."""

    async def answer(self, situation: Situation) -> web.StreamResponse:
        whole = await situation.proceed()
        body = _body(whole)
        response = web.StreamResponse(status=whole.status)
        response.content_type = whole.content_type
        response.content_length = len(body)
        await response.prepare(situation.request)
        await response.write(body[: len(body) // 2])
        return hang_up(situation.request)


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection breaks before the answer, or between its headers and its body."""

    after_headers: bool = False

    async def answer(self, situation: Situation) -> web.StreamResponse:
        if self.after_headers:
            response = web.StreamResponse(headers={"Content-Length": "1000"})
            await response.prepare(situation.request)
        return hang_up(situation.request)


@dataclass(frozen=True, slots=True)
class Raw:
    """These very bytes in place of an answer, HTTP or not; then the connection closes.

    With `open` it stays open instead, until the client gives up or the server closes.
    """

    data: bytes
    open: bool = False

    async def answer(self, situation: Situation) -> web.StreamResponse:
        transport = situation.request.transport
        if transport is not None:
            transport.write(self.data)
            situation.kept_waiting()
            if self.open:
                await situation.closing.wait()
            transport.close()
        return web.Response()


@dataclass(frozen=True, slots=True)
class Trickle:
    """A slow loris: `start`, and then a byte of `data` every few milliseconds, without end."""

    start: bytes = b""
    data: bytes = b"x"
    seconds: float = 0.01

    async def answer(self, situation: Situation) -> web.StreamResponse:
        transport = situation.request.transport
        if transport is not None:
            transport.write(self.start)
            situation.kept_waiting()
            for byte in itertools.cycle(self.data):
                if transport.is_closing() or situation.closing.is_set():
                    break
                transport.write(bytes([byte]))
                await asyncio.sleep(self.seconds)
        return hang_up(situation.request)


@dataclass(frozen=True, slots=True)
class HalfJson:
    """A complete answer that holds half of a JSON text."""

    async def answer(self, situation: Situation) -> web.StreamResponse:
        whole = await situation.proceed()
        body = _body(whole)
        return web.Response(
            status=whole.status, body=body[: len(body) // 2], content_type=whole.content_type
        )


@dataclass(frozen=True, slots=True)
class EndlessBody:
    """JSON that never ends, as fast as it is read."""

    async def answer(self, situation: Situation) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_type = "text/javascript"
        response.enable_chunked_encoding()
        await response.prepare(situation.request)
        await response.write(b'{"data": [')
        while not situation.closing.is_set():
            await response.write(b'"again and again", ' * 2000)
        return response


@dataclass(frozen=True, slots=True)
class GzipBomb:
    """A little gzip that unpacks into `megabytes` of spaces."""

    megabytes: int = 1024

    async def answer(self, situation: Situation) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Encoding": "gzip"})
        response.content_type = "text/javascript"
        response.enable_chunked_encoding()
        await response.prepare(situation.request)
        gzip = zlib.compressobj(wbits=31)
        for _ in range(self.megabytes):
            await response.write(gzip.compress(b" " * 1_000_000))
            await asyncio.sleep(0)  # so little goes out that writing never waits
            if situation.closing.is_set():
                break
        await response.write(gzip.flush())
        return response


@dataclass(frozen=True, slots=True)
class Redirect:
    """Sends the client elsewhere."""

    to: str
    status: int = 302

    async def answer(self, situation: Situation) -> web.StreamResponse:
        return web.Response(status=self.status, headers={"Location": self.to})


@dataclass(frozen=True, slots=True)
class SlowReading:
    """An upload is read at `bytes_per_second`; the client is kept waiting with the rest.

    `MixcloudServer.reading_speed` does it to all uploads, and goes with any fault.
    """

    bytes_per_second: float

    async def answer(self, situation: Situation) -> web.StreamResponse:
        situation.arrival().bytes_per_second = self.bytes_per_second
        return await situation.proceed()


@dataclass(frozen=True, slots=True)
class HoldReading:
    """Of an upload's files `after` bytes, or a few more, are read; the rest after its `release()`.

    Systems buffer what is sent: the client may be some megabytes ahead, but not more.
    """

    after: int

    async def answer(self, situation: Situation) -> web.StreamResponse:
        situation.arrival().hold_after = self.after
        return await situation.proceed()


@dataclass(frozen=True, slots=True)
class CutUpload:
    """The connection breaks once `after` bytes of an upload's files, or a few more, were read."""

    after: int

    async def answer(self, situation: Situation) -> web.StreamResponse:
        situation.arrival().cut_after = self.after
        return await situation.proceed()


@dataclass(frozen=True, slots=True)
class AfterUpload:
    """An upload is read to its end, makes no show, and is answered by `fault`."""

    fault: Fault

    async def answer(self, situation: Situation) -> web.StreamResponse:
        await situation.read()
        return await self.fault.answer(situation)


@dataclass(frozen=True, slots=True)
class LostAnswer:
    """What was asked is done, but the connection breaks before the answer."""

    async def answer(self, situation: Situation) -> web.StreamResponse:
        await situation.proceed()
        return hang_up(situation.request)


def _body(response: web.Response) -> bytes:
    return response.body if isinstance(response.body, bytes) else b""


def hang_up(request: web.BaseRequest) -> web.Response:
    """Close the connection without a goodbye; what is returned reaches nobody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
