"""The connection to Discord's gateway, which whatever comes through it does not end.

To discord.py, a frame that it cannot read is the end of the program. An event is only one person's,
so it is skipped; a frame that is none may have torn a hole, so what came since the last event is
asked for again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, MutableMapping
from typing import Any

import aiohttp
import discord.shard
from discord.gateway import DiscordWebSocket, ReconnectWebSocket, WebSocketClosure

log = logging.getLogger(__name__)

ESSENTIAL = ("READY", "RESUMED")  # without which a connection is none


class Unreadable(aiohttp.ClientError):
    """Nothing that came through a connection could be read; discord.py makes another, later."""


class Socket(DiscordWebSocket):
    """A connection that is given up, and made again, when something comes that is no frame."""

    readable = False  # whether any event has been read

    async def received_message(self, msg: Any, /) -> None:
        before = self.sequence
        try:
            await super().received_message(msg)
        except (ReconnectWebSocket, WebSocketClosure, discord.ConnectionClosed, OSError):
            raise
        except Exception as error:
            log.exception("what Discord sent is no frame; shard %s connects again", self.shard_id)
            if self.readable:
                raise WebSocketClosure from error
            await self.close(code=4000)
            raise Unreadable from error
        self.readable = self.readable or self.sequence != before


def use_sockets() -> None:
    """Have discord.py connect through them; it takes no class to use."""
    discord.shard.DiscordWebSocket = Socket  # type: ignore[misc]


def forgive(parsers: MutableMapping[str, Callable[[Any], None]]) -> None:
    """Have events that one of `parsers` fails on skipped."""

    def forgiving(event: str, parse: Callable[[Any], None]) -> Callable[[Any], None]:
        def parsed(data: Any) -> None:
            try:
                parse(data)
            except Exception:
                log.exception("an event %s of Discord cannot be read; it is skipped", event)

        return parsed

    for event, parse in parsers.items():
        if event not in ESSENTIAL:
            parsers[event] = forgiving(event, parse)
