"""What is counted and timed, for Prometheus. Every label has few values, and none is anybody's."""

from __future__ import annotations

import asyncio
import time
from collections import Counter as Counts
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import Connection

from mixbot.services import MIXCLOUD
from mixbot.store.engines import Database
from mixbot.transport.exchange import Exchange

T = TypeVar("T")

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0)
FAILURES = 3  # after which people are told; one is nothing
LAG_EVERY = 1.0  # seconds
OURS = frozenset(
    """
    oauth access_token authorize search popular hot new me categories genres upload edit
    cloudcasts favorites listens followers following feed comments playlists similar listeners
    favorite follow repost listen-later embed-json embed-html oembed latest
    token sign-out resolve tracks users likes reposts followings related
    """.split()
)


class Metrics:
    """All of them, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.interactions = self._counter(
            "interactions", "What people did, and what became of it", "kind", "name", "outcome"
        )
        self.acknowledged = self._histogram(
            "acknowledge_seconds", "Until Discord was answered for the first time", "kind"
        )
        self.calls = self._counter(
            "upstream_calls", "Requests to a service", "service", "route", "status"
        )
        self.call_seconds = self._histogram(
            "upstream_seconds", "What they took", "service", "route"
        )
        self.links = self._counter("link_steps", "Linking, step by step", "step", "outcome")
        self.uploads = self._counter("uploads", "Shows that were sent from chat", "outcome")
        self.store_seconds = self._histogram(
            "store_seconds", "What questions to the database took", "kind"
        )
        self.lag = self._gauge("loop_lag_seconds", "How late the event loop is")
        # Looking a metric up by its labels takes longer than counting; there are few of each.
        self._interaction = cache(self.interactions.labels)
        self._acknowledged = cache(self.acknowledged.labels)
        self._call = cache(self.calls.labels)
        self._call_seconds = cache(self.call_seconds.labels)
        self._failures = Counts[str]()  # of a service, one after the other
        self._failing_since: dict[str, datetime] = {}
        self.largest_lag = self._gauge("loop_lag_largest_seconds", "The most it was since start")

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(f"mixbot_{name}", about, labels, registry=self.registry)

    def _gauge(self, name: str, about: str) -> Gauge:
        return Gauge(f"mixbot_{name}", about, registry=self.registry)

    def _histogram(self, name: str, about: str, *labels: str) -> Histogram:
        return Histogram(f"mixbot_{name}", about, labels, buckets=SECONDS, registry=self.registry)

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self.registry)

    def interacted(self, kind: str, name: str, outcome: str, acknowledged: float) -> None:
        """Count an interaction that is over, and after how many seconds Discord was answered."""
        self._interaction(kind, name, outcome).inc()
        self._acknowledged(kind).observe(acknowledged)

    def exchanged(self, exchange: Exchange, service: str = MIXCLOUD) -> None:
        """Count a request to a service."""
        route = route_of(exchange.method, exchange.path)
        self._call(service, route, str(exchange.status or "none")).inc()
        self._call_seconds(service, route).observe(exchange.seconds)
        if exchange.status is not None and exchange.status < 500:
            self._failures[service] = 0
            return
        if not self._failures[service]:
            self._failing_since[service] = datetime.now(UTC)
        self._failures[service] += 1

    def fails_since(self, service: str) -> datetime | None:
        """Since when a service has given no usable answer, several times; None if it does."""
        return self._failing_since[service] if self._failures[service] >= FAILURES else None

    def step(self, step: str, outcome: str) -> None:
        """Count a step of linking."""
        self.links.labels(step, outcome).inc()

    def uploaded(self, outcome: str) -> None:
        """Count what came of an upload."""
        self.uploads.labels(outcome).inc()

    def watch(
        self,
        name: str,
        about: str,
        values: Callable[[], Mapping[str, float]],
        *,
        label: str = "shard",
    ) -> None:
        """Tell of `values` whenever somebody asks; by `label`, or under an empty name."""
        self.registry.register(_Asked(f"mixbot_{name}", about, values, label))

    async def measure_lag(self) -> None:
        """Measure, again and again, how late the event loop is."""
        loop, largest = asyncio.get_running_loop(), 0.0
        while True:
            due = loop.time() + LAG_EVERY
            await asyncio.sleep(LAG_EVERY)
            lag = max(0.0, loop.time() - due)
            largest = max(largest, lag)
            self.lag.set(lag)
            self.largest_lag.set(largest)


class _Asked(Collector):
    """Values that are looked up when they are asked for."""

    def __init__(
        self, name: str, about: str, values: Callable[[], Mapping[str, float]], label: str
    ) -> None:
        self._name = name
        self._about = about
        self._values = values
        self._label = label

    def collect(self) -> Iterator[GaugeMetricFamily]:
        values = self._values()
        family = GaugeMetricFamily(
            self._name, self._about, labels=[] if "" in values else [self._label]
        )
        for label, value in values.items():
            family.add_metric([label] if label else [], value)
        yield family


def route_of(method: str, path: str) -> str:
    """A request without what is anybody's: names of people and shows become `*`.

    >>> route_of("POST", "/spartacus/party-time/favorite/"), route_of("GET", "/genres/funk/hot/")
    ('POST /*/*/favorite/', 'GET /genres/*/hot/')
    """
    parts = [part if part in OURS else "*" for part in path.split("/") if part][:6]
    return f"{method} /{'/'.join(parts)}/" if parts else f"{method} /"


class Timed:
    """A database whose answers are timed."""

    def __init__(self, database: Database, metrics: Metrics) -> None:
        self.name = database.name
        self._database = database
        self._read = metrics.store_seconds.labels("read")
        self._write = metrics.store_seconds.labels("write")

    async def read(self, question: Callable[[Connection], T]) -> T:
        started = time.perf_counter()
        try:
            return await self._database.read(question)
        finally:
            self._read.observe(time.perf_counter() - started)

    async def write(self, change: Callable[[Connection], T], *, patient: bool = False) -> T:
        started = time.perf_counter()
        try:
            return await self._database.write(change, patient=patient)
        finally:
            self._write.observe(time.perf_counter() - started)

    async def close(self) -> None:
        await self._database.close()
