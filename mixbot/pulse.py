"""Whether this process is alive, and whether it can do its work."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mixbot.store import Store

if TYPE_CHECKING:
    from mixbot.bot import MixBot

# discord.py gives up a connection without a sign of life after a minute, and makes another. What
# has not heard from Discord for this long does not come back by itself.
LIFELESS_SECONDS = 300.0
WRITABLE_SECONDS = 5.0  # for which an answer of the store holds


@dataclass(frozen=True, slots=True)
class Health:
    """What `/healthz` says; not healthy is what only a restart helps."""

    healthy: bool
    details: Mapping[str, object]


class Pulse:
    """Looks at the bot's connection and at the store when it is asked."""

    def __init__(self, bot: MixBot, store: Store) -> None:
        self._bot = bot
        self._store = store
        self._heard = time.perf_counter()  # of Discord, on any shard; or else when this began
        self._wrote = -math.inf

    def health(self) -> Health:
        """Whether Discord was heard of lately. That Mixcloud is down is none of our faults."""
        ages = self.heartbeat_ages()
        silence = max(ages.values(), default=time.perf_counter() - self._heard)
        return Health(
            healthy=silence < LIFELESS_SECONDS or self._bot.is_waiting,
            details={
                "heartbeat_acknowledged_seconds_ago": _rounded(ages),
                "last_event_seconds_ago": round(self.event_age(), 1),
                "draining": self._bot.draining,
            },
        )

    def heartbeat_ages(self) -> dict[str, float]:
        """Seconds since Discord acknowledged a heartbeat, by shard; those connecting are left out.

        discord.py keeps them, but tells nobody.
        """
        now, ages = time.perf_counter(), {}
        for shard_id, shard in self._bot.shards.items():
            keeper = getattr(shard._parent.ws, "_keep_alive", None)
            if keeper is not None:
                ages[str(shard_id)] = now - keeper._last_ack
                self._heard = max(self._heard, keeper._last_ack)
        return ages

    def event_age(self) -> float:
        """Seconds since Discord sent anything that is no heartbeat."""
        return time.perf_counter() - self._bot.last_event

    async def ready(self) -> bool:
        """Whether the store can be written to and all shards are connected."""
        bot = self._bot
        connected = bot.is_ready() and not any(shard.is_closed() for shard in bot.shards.values())
        return connected and not bot.draining and await self._can_write()

    async def _can_write(self) -> bool:
        now = time.perf_counter()
        if now - self._wrote > WRITABLE_SECONDS:
            self._wrote = -math.inf  # until it is known
            await self._store.write_probe(datetime.now(UTC))
            self._wrote = now
        return True


def _rounded(ages: Mapping[str, float]) -> dict[str, float]:
    return {shard: round(age, 1) for shard, age in ages.items()}
