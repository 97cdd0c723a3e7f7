"""A process from its start to its end: patient at the one, and orderly at the other."""

from __future__ import annotations

import asyncio
import json
import signal
import socket

import aiohttp
import pytest

from mixbot.metrics import route_of
from mixbot.pulse import Pulse
from mixbot.sandbox import DiscordServer
from mixbot.sandbox.discord import Interaction
from mixbot.sandbox.mixcloud import HoldReading, RateLimit, ServerError, Slow
from mixbot.store import open_store
from tests.bot.test_publishing import filled_in
from tests.conftest import Scene
from tests.forked import Program
from tests.test_command_line import Operator, operator

__all__ = ["operator"]

ANSWERED = 'service="mixcloud",status="200"'


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


async def line_with(process: Program, text: str) -> str:
    """The next line of a process's log that has `text` in it."""
    async with asyncio.timeout(20):
        while line := (await process.stderr.readline()).decode():
            if text in line:
                return line
    raise AssertionError(f"no line says {text!r}")


async def test_discord_may_come_later(operator: Operator) -> None:
    port = free_port()
    async with DiscordServer(port=port) as discord:
        places = {
            "DISCORD_TOKEN": discord.bot_token,
            "DISCORD_API_URL": discord.api_url,
            "DISCORD_GATEWAY_URL": discord.gateway_url,
        }
        discord.fault("GET", "/users/@me", status=503, times=1)
        process = await operator.start("run", **places)
        await line_with(process, "Discord does not answer")
        await discord.ready()
        assert discord.gateway.identified == 1
        process.send_signal(signal.SIGTERM)
        assert (await process.finish()).code == 0


async def test_it_stops_while_it_waits_for_discord(operator: Operator) -> None:
    process = await operator.start("run", DISCORD_API_URL="http://127.0.0.1:1/api/v10")
    await line_with(process, "It is tried again")
    process.send_signal(signal.SIGTERM)
    assert (await process.finish()).code == 0


async def test_a_database_that_is_away_is_waited_for(operator: Operator) -> None:
    process = await operator.start(
        "run", MIXBOT_DATABASE_URL=f"postgresql://ada:s3cret@127.0.0.1:{free_port()}/mixbot"
    )
    line = await line_with(process, "It is tried again")
    assert "The database cannot be opened" in line
    assert "s3cret" not in line
    process.send_signal(signal.SIGTERM)
    await process.finish()


async def test_it_waits_until_discord_lets_it_in(operator: Operator) -> None:
    """Each connection takes one of a thousand a day, and after them Discord resets the token."""
    limit = {"total": 1000, "remaining": 0, "reset_after": 100, "max_concurrency": 1}
    body = {"url": operator.discord.gateway_url, "shards": 1, "session_start_limit": limit}
    operator.discord.fault("GET", "/gateway/bot", status=200, body=body, times=1)
    process = await operator.start("run")
    await line_with(process, "Discord lets no shard in for 1 seconds")
    assert operator.discord.gateway.identified == 0
    await operator.discord.ready()
    process.send_signal(signal.SIGTERM)
    await process.finish()


async def test_what_is_under_way_is_finished_and_what_comes_then_is_told(scene: Scene) -> None:
    scene.mixcloud.fault("GET", "/search/", Slow(0.5), times=1)
    waiting = await scene.ada.slash(scene.channel, "mixcloud search", query="jazz")
    await scene.mixcloud.requested("GET", "/search/")
    draining = asyncio.create_task(scene.parts.bot.drain())
    await asyncio.sleep(0)
    late = await scene.use(scene.noor, "mixcloud help")
    assert late.ephemeral
    assert late.text == "I am being restarted. Try again in a minute."
    assert "1 of 20+" in (await waiting.reply()).text
    await draining


async def test_a_button_is_told_too(scene: Scene) -> None:
    card = await scene.use(scene.ada, "mixcloud search", query="jazz")
    await scene.parts.bot.drain()
    answer = await (await scene.ada.click(card, "♥ Favorite")).reply()
    assert "I am being restarted" in answer.text
    assert not (await scene.parts.store.remembered(int(scene.ada.id)))["link_attempts"]


async def test_an_upload_does_not_hold_it_up(scene: Scene) -> None:
    await scene.link(scene.ada, "ada.plays")
    preview = await filled_in(scene)
    scene.mixcloud.fault("POST", "/upload/", HoldReading(0), times=1)
    await scene.ada.click(preview, "Publish")
    arrival = await scene.mixcloud.arrival()
    await scene.parts.bot.drain()
    assert "I was restarted while this was sent" in preview.text
    arrival.release()


async def test_nobody_is_told_anything_once_discord_is_left(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bot = scene.parts.bot
    answering: asyncio.Future[asyncio.Task[object]] = asyncio.get_running_loop().create_future()

    async def while_it_stops(text: str) -> str:
        if (task := asyncio.current_task()) and not answering.done():
            answering.set_result(task)
        closing = asyncio.create_task(bot.close())
        await asyncio.sleep(0)
        assert bot.is_closed()
        await bot.http.close()
        closing.add_done_callback(lambda closing: closing.result())
        return text

    monkeypatch.setattr(bot, "clickable", while_it_stops)
    with caplog.at_level("INFO", "mixbot.ui.replies"):
        await scene.ada.slash(scene.channel, "favorite")
        await asyncio.wait([await answering])
    assert answering.result().exception() is None
    assert "came while the bot stopped" in caplog.text


async def get(scene: Scene, path: str, **headers: str) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(scene.settings.public_url + path, headers=headers) as response,
    ):
        return response.status, await response.text()


async def test_it_tells_how_it_is(scene: Scene) -> None:
    status, text = await get(scene, "/healthz")
    health = json.loads(text)
    assert (status, health["status"]) == (200, "ok")
    assert set(health["heartbeat_acknowledged_seconds_ago"]) == {"0"}
    assert health["last_event_seconds_ago"] < 60
    assert await get(scene, "/readyz") == (200, "ready\n")
    bot = scene.parts.bot
    bot.draining = True
    assert (await get(scene, "/readyz"))[0] == 503
    assert (await get(scene, "/healthz"))[0] == 200


async def test_a_connection_without_life_is_not_healthy(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    for shard in scene.parts.bot.shards.values():
        keeper = shard._parent.ws._keep_alive
        assert keeper
        monkeypatch.setattr(keeper, "_last_ack", keeper._last_ack - 301)
    status, text = await get(scene, "/healthz")
    assert (status, json.loads(text)["status"]) == (503, "not ok")


async def test_a_connection_that_is_being_made_anew_is_given_time(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulse = Pulse(scene.parts.bot, scene.parts.store)
    pulse._heard -= 1000  # it has run for a while
    assert pulse.health().healthy
    with monkeypatch.context() as patch:  # the bot needs it to stop
        for shard in scene.parts.bot.shards.values():
            patch.setattr(shard._parent.ws, "_keep_alive", None)
        assert pulse.health().healthy
        pulse._heard -= 1000
        assert not pulse.health().healthy


async def test_mixcloud_down_is_not_unhealthy(scene: Scene) -> None:
    await scene.mixcloud.close()
    answer = await scene.use(scene.ada, "mixcloud search", query="jazz")
    assert "Mixcloud does not answer" in answer.text
    assert (await get(scene, "/healthz"))[0] == 200
    assert (await get(scene, "/readyz"))[0] == 200


async def test_help_is_honest_about_mixcloud(scene: Scene) -> None:
    assert "⚠" not in (await scene.use(scene.ada, "mixcloud help")).text
    scene.mixcloud.fault("GET", "/**", ServerError(503))
    for _ in range(2):
        await scene.use(scene.ada, "mixcloud search", query="jazz")
    assert (
        "⚠ Mixcloud has not answered since <t:"
        in (await scene.use(scene.ada, "mixcloud help")).text
    )
    scene.mixcloud.clear_faults()
    await scene.use(scene.ada, "mixcloud search", query="jazz")
    assert "⚠" not in (await scene.use(scene.ada, "mixcloud help")).text
    scene.mixcloud.fault("GET", "/search/", RateLimit(60), times=1)
    await scene.use(scene.ada, "mixcloud search", query="ambient")
    assert (
        "⚠ Mixcloud asks me to wait until <t:" in (await scene.use(scene.ada, "mixcloud help")).text
    )


async def done(interaction: Interaction) -> None:
    await interaction.reply()


async def test_what_happens_is_counted_without_names(scene: Scene) -> None:
    await scene.link(scene.ada, "ada.plays")
    card = await scene.use(scene.ada, "mixcloud search", query="jazz")
    await done(await scene.ada.click(card, "♥ Favorite"))
    await done(await scene.noor.click(card, "♥ Favorite"))
    await scene.use(scene.ada, "mixcloud show", mix="nobody/nothing")
    status, text = await get(scene, "/metrics")
    assert status == 200
    for line in (
        'mixbot_interactions_total{kind="command",name="mixcloud search",outcome="done"} 1.0',
        'mixbot_interactions_total{kind="command",name="mixcloud show",outcome="refused"} 1.0',
        'mixbot_interactions_total{kind="component",name="act",outcome="done"} 2.0',
        f'mixbot_upstream_calls_total{{route="GET /search/",{ANSWERED}}} 1.0',
        f'mixbot_upstream_calls_total{{route="POST /*/*/favorite/",{ANSWERED}}} 1.0',
        'mixbot_link_steps_total{outcome="done",step="start"} 1.0',
        'mixbot_gate_closed_seconds{service="mixcloud"} 0.0',
    ):
        assert line in text, text
    assert 'mixbot_shard_heartbeat_age_seconds{shard="0"}' in text
    assert 'mixbot_acknowledge_seconds_count{kind="command"} 2.0' in text
    assert 'mixbot_store_seconds_count{kind="write"}' in text
    for name in ("jazz", "ada", "nobody", scene.ada.id):
        assert name not in text
    assert (await get(scene, "/metrics", **{"X-Forwarded-For": "203.0.113.5"}))[0] == 404


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/search/", "GET /search/"),
        ("/ada/party-time/", "GET /*/*/"),
        ("/ada/party-time/similar/", "GET /*/*/similar/"),
        ("/ada/playlists/one/cloudcasts/", "GET /*/playlists/*/cloudcasts/"),
        ("/genres/house/popular/", "GET /genres/*/popular/"),
        ("/", "GET /"),
        ("/" + "x/" * 50, "GET /*/*/*/*/*/*/"),
    ],
)
def test_routes_have_no_names_in_them(path: str, route: str) -> None:
    assert route_of("GET", path) == route


async def test_the_store_is_probed_by_writing(scene: Scene) -> None:
    async with open_store(scene.settings.database_url) as other:
        before = await other.gate("")
        await get(scene, "/readyz")
        assert await other.gate("") != before
