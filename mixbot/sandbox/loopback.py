"""A server on loopback that stands for a real one: it can fail, and knows what it was asked."""

import asyncio
import math
from abc import ABC, abstractmethod
from collections import deque
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Self
from urllib.parse import unquote

from aiohttp import web

from mixbot.sandbox.mixcloud import uploads
from mixbot.sandbox.mixcloud.arrivals import Arrival, Arrivals, Cut
from mixbot.sandbox.mixcloud.faults import Fault, Situation, hang_up

LOGGED_REQUESTS = 20_000


@dataclass(slots=True)
class LoggedRequest:
    """A request that arrived. `status` is None until it is answered."""

    method: str
    path: str  # as it was sent, percent-encoded
    query: dict[str, str]
    authorization: str = field(default="", repr=False)
    status: int | None = None
    arrival: Arrival | None = field(default=None, repr=False)  # of an upload
    form: uploads.Form | None = field(default=None, repr=False)  # that came with it

    def is_for(self, method: str, path: str) -> bool:
        """Whether it is `method` on a path like `path`, in which `*` stands for one segment."""
        return self.method == method and path_matches(path, self.path)


@dataclass(slots=True)
class SwitchedOn:
    """A fault, where it strikes, and how often it still will."""

    method: str
    path: str
    fault: Fault
    times: float = math.inf


@dataclass(slots=True)
class Expected:
    """Somebody waits for a request."""

    method: str
    path: str
    arrival: asyncio.Future[LoggedRequest] = field(repr=False)


class Loopback(ABC):
    """Listens, logs, and lets faults answer in place of the real thing."""

    def __init__(self, host: str, port: int) -> None:
        self.requests: deque[LoggedRequest] = deque(maxlen=LOGGED_REQUESTS)
        self.reading_speed: float | None = None
        self._arrivals = Arrivals()
        self._host = host
        self._port = port
        self._faults: list[SwitchedOn] = []
        self._expected: list[Expected] = []
        self._closing = asyncio.Event()
        self._runner: web.ServerRunner | None = None

    @abstractmethod
    async def _answer(self, request: web.BaseRequest, logged: LoggedRequest) -> web.Response:
        """What the real thing would say."""

    @abstractmethod
    def _invalid_token(self) -> web.Response:
        """What it says to a token that it does not accept."""

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def start(self) -> None:
        """Listen; from here on `url` says where."""
        self._closing.clear()
        server = web.Server(self._handle, handler_cancellation=True, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=2)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError:  # the port is taken
            await self.close()
            raise
        self._port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Stop at once; whoever was kept waiting loses the connection."""
        self._closing.set()
        for arrival in self.arriving:
            arrival.abandon()
        for expected in self._expected:
            expected.arrival.cancel()
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    @property
    def url(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    # Faults

    def fault(self, method: str, path: str, fault: Fault, times: float = math.inf) -> None:
        """Let `fault` answer the next `times` requests of `method` to `path`.

        In `path` each `*` stands for one segment or a part of one, `**` at the end for any rest;
        a `method` of `*` is all. Of several faults that fit, the first switched on strikes.
        """
        self._faults.append(SwitchedOn(method, path, fault, times))

    def clear_faults(self) -> None:
        self._faults.clear()

    def _strike(self, request: LoggedRequest) -> Fault | None:
        for switched in self._faults:
            if switched.method in (request.method, "*") and path_matches(
                switched.path, request.path
            ):
                switched.times -= 1
                if switched.times <= 0:
                    self._faults.remove(switched)
                return switched.fault
        return None

    # What was asked

    @property
    def arrivals(self) -> list[Arrival]:
        """All uploads and edits since the beginning, from their first byte on, oldest first."""
        return self._arrivals.all

    @property
    def arriving(self) -> list[Arrival]:
        """The uploads that are on their way now."""
        return self._arrivals.running

    @property
    def most_arriving(self) -> int:
        """How many uploads were on their way at once, at most."""
        return self._arrivals.most_at_once

    async def arrival(self, number: int = 1, *, timeout: float = 10) -> Arrival:
        """The `number`-th upload or edit since the beginning, once it has begun."""
        return await self._arrivals.number(number, timeout)

    def requests_to(self, method: str, path: str) -> list[LoggedRequest]:
        """The requests so far of `method` to `path`, in which `*` stands for one segment."""
        return [request for request in self.requests if request.is_for(method, path)]

    async def requested(self, method: str, path: str, *, timeout: float = 10) -> LoggedRequest:
        """The next request of `method` to `path`, once it is answered or kept waiting."""
        arrival: asyncio.Future[LoggedRequest] = asyncio.get_running_loop().create_future()
        expected = Expected(method, path, arrival)
        self._expected.append(expected)
        try:
            return await asyncio.wait_for(arrival, timeout)
        finally:
            self._expected.remove(expected)

    def _announce(self, request: LoggedRequest) -> None:
        for expected in self._expected:
            if not expected.arrival.done() and request.is_for(expected.method, expected.path):
                expected.arrival.set_result(request)

    # Answering

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        logged = LoggedRequest(
            request.method,
            request.rel_url.raw_path,
            dict(request.query),
            request.headers.get("Authorization", ""),
        )
        self.requests.append(logged)
        try:
            if self._faults and (fault := self._strike(logged)):
                response = await fault.answer(self._situation(request, logged))
            else:
                response = await self._answer(request, logged)
        except Cut:
            return hang_up(request)
        except ConnectionError:  # the client has left; nobody reads this
            return web.Response()
        else:
            logged.status = response.status
            return response
        finally:
            if logged.arrival and not logged.arrival.over:
                logged.arrival.end(whole=False)
            self._announce(logged)

    def _situation(self, request: web.BaseRequest, logged: LoggedRequest) -> Situation:
        return Situation(
            request=request,
            proceed=lambda: self._answer(request, logged),
            invalid_token=self._invalid_token,
            kept_waiting=lambda: self._announce(logged),
            closing=self._closing,
            arrival=lambda: self._arrival_of(request, logged),
            read=lambda: self._received(request, logged),
        )

    def _arrival_of(self, request: web.BaseRequest, logged: LoggedRequest) -> Arrival:
        if logged.arrival is None:
            expected = request.content_length
            logged.arrival = self._arrivals.begin(logged.path, expected, self.reading_speed)
        return logged.arrival

    async def _received(self, request: web.BaseRequest, logged: LoggedRequest) -> uploads.Form:
        """The form of an upload, read once."""
        if logged.form is None:
            logged.form = await uploads.receive(request, self._arrival_of(request, logged))
        return logged.form


def path_matches(glob: str, path: str) -> bool:
    """Whether `path` fits `glob`, segment by segment; `**` at the end of `glob` fits any rest."""
    wanted, given = unquote(glob).split("/"), unquote(path).split("/")
    if wanted[-1] == "**":
        wanted, given = wanted[:-1], given[: len(wanted) - 1]
    return len(wanted) == len(given) and all(map(fnmatchcase, given, wanted))
