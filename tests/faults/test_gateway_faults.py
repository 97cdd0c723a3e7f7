"""Discord's gateway cut, silent, or sending what cannot be read: the bot comes back and answers."""

from __future__ import annotations

from functools import partial
from typing import Any

import discord.shard
import orjson
import pytest
from discord.backoff import ExponentialBackoff

from mixbot.bot import MixBot
from tests.conftest import Scene
from tests.faults.conftest import Wiring

EVENTS = ("INTERACTION_CREATE", "MESSAGE_CREATE", "GUILD_CREATE", "GUILD_DELETE", "NO")


def dispatch(event: Any, data: Any) -> bytes:
    return orjson.dumps({"op": 0, "t": event, "s": None, "d": data})


ODD: list[Any] = [None, {}, [], "x", 1, {"id": None}]
UNREADABLE = [
    *(dispatch(event, data) for event in EVENTS for data in ODD),
    dispatch("INTERACTION_CREATE", {"id": "1", "type": 3, "token": "t", "application_id": "1"}),
    dispatch("INTERACTION_CREATE", {"id": "x" * 1_000_000, "type": 99}),
    orjson.dumps({"op": 99, "d": None}),
    orjson.dumps({"op": None}),
    orjson.dumps({"op": "0", "t": "READY"}),
    orjson.dumps({}),
]
BROKEN = [
    b"",
    b"not JSON",
    b"[]",
    b"null",
    b'{"op": 0, "t": "INTERACTION_CREATE", "d": {"id": ',
    b"[" * 100_000,
    orjson.dumps({"op": 10, "d": None}),
    orjson.dumps({"op": 10, "d": {"heartbeat_interval": "soon"}}),
    dispatch(["INTERACTION_CREATE"], {}),
    dispatch("READY", None),
    dispatch("RESUMED", None),
    dispatch("READY", {"session_id": "x", "resume_gateway_url": "ws://127.0.0.1:1", "user": None}),
]


def send(scene: Scene, frame: bytes) -> None:
    """Have Discord send these bytes to the bot."""
    for connection in scene.discord.gateway.connections:
        connection.send_frame(frame)


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """discord.py tries again sooner."""

    async def at_once(bot: MixBot, shard_id: int | None, *, initial: bool = False) -> None: ...

    monkeypatch.setattr(MixBot, "before_identify_hook", at_once)
    monkeypatch.setattr(discord.shard, "ExponentialBackoff", partial(ExponentialBackoff, base=0))


async def answers(scene: Scene) -> bool:
    answer = await scene.use(scene.ada, "mixcloud search", query="jazz")
    return "1 of 20+" in answer.text


async def test_events_that_cannot_be_read_are_skipped(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    for frame in UNREADABLE:
        send(scene, frame)
    assert await answers(scene)
    assert scene.discord.gateway.identified == 1
    assert scene.discord.gateway.resumed == 0
    assert "cannot be read" in caplog.text


@pytest.mark.parametrize("frame", BROKEN, ids=lambda frame: repr(frame[:40]))
async def test_after_a_broken_frame_it_connects_again(scene: Scene, frame: bytes) -> None:
    gateway = scene.discord.gateway
    send(scene, frame)
    await gateway.becomes(lambda: gateway.resumed + gateway.identified > 1, 10, "a connection")
    assert await answers(scene)


async def test_a_cut_is_mended_by_resuming(wiring: Wiring) -> None:
    scene, gateway = wiring.scene, wiring.scene.discord.gateway
    wiring.gateway.reset()
    asked = await scene.ada.slash(scene.channel, "mixcloud search", query="jazz")
    assert "1 of 20+" in (await asked.reply()).text  # it was sent while nobody was there
    assert (gateway.identified, gateway.resumed) == (1, 1)


async def test_a_cut_that_lasts_is_waited_out(wiring: Wiring) -> None:
    scene, gateway = wiring.scene, wiring.scene.discord.gateway
    wiring.gateway.cut()
    await wiring.gateway.becomes(lambda: wiring.gateway.refused, 10, "a connection to be tried")
    wiring.gateway.mend()
    await gateway.becomes(lambda: gateway.resumed + gateway.identified > 1, 20, "a connection")
    assert await answers(scene)


async def test_a_connection_that_went_silent_is_given_up(wiring: Wiring) -> None:
    scene, gateway = wiring.scene, wiring.scene.discord.gateway
    for shard in scene.parts.bot.shards.values():
        shard._parent.ws._max_heartbeat_timeout = 0.3  # a minute, otherwise
    assert await answers(scene)  # from which on it counts
    wiring.gateway.swallow(others_too=False)
    asked = await scene.ada.slash(scene.channel, "mixcloud search", query="jazz")
    assert "1 of 20+" in (await asked.reply()).text
    assert gateway.resumed == 1
