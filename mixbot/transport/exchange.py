"""One request and its answer over aiohttp: bounded, without cookies, and without redirects."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, TypeVar
from urllib.parse import quote_plus

import aiohttp

READ_BUFFER = 256 * 1024  # bytes; aiohttp's 64 KB have a page of a hundred read in more steps
NO_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=None)  # we have our own

Answer: TypeAlias = tuple[int, Mapping[str, str], bytes]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request that went out, and what became of it: what `on_exchange` is told."""

    method: str
    path: str  # without the query, in which tokens ride
    seconds: float
    status: int | None  # None when there was no answer
    size: int  # bytes of the answer, unpacked


def new_session(
    connector: aiohttp.BaseConnector | None, proxy: str | None
) -> aiohttp.ClientSession:
    """A session that keeps no cookies and has no time limit of its own."""
    return aiohttp.ClientSession(
        connector=connector,
        connector_owner=connector is None,
        proxy=proxy,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=NO_TIMEOUT,
        read_bufsize=READ_BUFFER,
        headers={"User-Agent": "mixbot (Python, aiohttp)", "Accept": "*/*"},
    )


async def body_of(
    response: aiohttp.ClientResponse, largest: int, too_large: Callable[[str], Exception]
) -> bytes:
    """The body, unpacked: of more than `largest` bytes no more is read, and `too_large` raised."""
    content = response.content
    chunks: list[bytes] = []
    room = largest
    while not content.at_eof():
        chunk = await content.readany()
        room -= len(chunk)
        if room < 0:
            response.close()
            raise too_large(f"The answer is larger than {largest} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


async def again(
    first: Exception,
    ask: Callable[[], Awaitable[T]],
    *,
    may_pass: Callable[[BaseException], bool],
    attempts: int,
    pause: tuple[float, float],
) -> T:
    """What `ask` answers in the end, after `first` went wrong: for reads, which change nothing.

    `attempts` include the first one; between two there are `pause` seconds, at random.
    """
    # It is left to the rare case: it would cost the usual one a tenth of its time.
    import tenacity

    async for attempt in tenacity.AsyncRetrying(
        retry=tenacity.retry_if_exception(may_pass),
        stop=tenacity.stop_after_attempt(attempts),
        wait=tenacity.wait_random(*pause),
        reraise=True,
    ):
        with attempt:
            if attempt.retry_state.attempt_number == 1:
                raise first
            return await ask()
    raise first


def with_query(address: str, query: Mapping[str, object]) -> str:
    """`address` with `query` added to whatever query it has."""
    if not query:
        return address
    pairs = [f"{name}={quote_plus(str(value), errors='replace')}" for name, value in query.items()]
    return f"{address}{'&' if '?' in address else '?'}{'&'.join(pairs)}"
