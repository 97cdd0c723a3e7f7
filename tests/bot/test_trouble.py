"""What a person reads when something is wrong, and how soon."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import discord
import pytest

from mixbot import app
from mixbot.app import shared_gate
from mixbot.mixcloud import Gate, Mixcloud
from mixbot.sandbox.mixcloud import (
    CutBody,
    Fault,
    HalfJson,
    Hang,
    Html403,
    RateLimit,
    ServerError,
    Slow,
)
from mixbot.services import MIXCLOUD
from mixbot.store import open_store
from mixbot.ui import cards, handling
from tests.conftest import Scene, staged

DOWN = "Mixcloud does not answer right now"


@pytest.mark.parametrize(
    "fault", [Hang(), Html403(), ServerError(503), CutBody(), HalfJson()], ids=lambda f: type(f)
)
@pytest.mark.parametrize("command", ["mixcloud search", "favorite"])
async def test_mixcloud_in_trouble_is_told_in_words(
    scene: Scene, fault: Fault, command: str
) -> None:
    await scene.link(scene.ada, "ada.plays")
    scene.mixcloud.fault("*", "/**", fault)
    options = {"query": "jazz"} if command == "mixcloud search" else {"mix": scene.jazz}
    interaction = await scene.ada.slash(scene.channel, command, **options)
    begun = time.monotonic()
    await interaction.acknowledged()  # the sandbox fails it after 3 seconds, as Discord does
    answer = await interaction.reply(timeout=12)
    assert DOWN in answer.content
    assert time.monotonic() - begun < 10


CALLBACK = "/interactions/*/*/callback"


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_an_answer_that_discord_cannot_take_now_is_given_again(
    scene: Scene, status: int
) -> None:
    busy = {"message": "Later", "retry_after": 0.01, "global": False}
    headers = {"Via": "1.1 google"}  # who is banned by Cloudflare has none, and stops
    scene.discord.fault("POST", CALLBACK, status=status, body=busy, headers=headers, times=1)
    answer = await scene.use(scene.ada, "mixcloud search", query="jazz")
    assert "1 of 20+" in answer.text


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, discord.HTTPException), (403, discord.Forbidden), (404, discord.NotFound)],
)
async def test_an_answer_that_discord_refuses_is_not_given_again(
    scene: Scene, status: int, kind: type[discord.HTTPException], monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.discord.fault("POST", CALLBACK, status=status, code=10062, message="No such thing")
    problems: asyncio.Queue[BaseException] = asyncio.Queue()

    async def report(interaction: object, error: BaseException) -> None:
        problems.put_nowait(error)

    monkeypatch.setattr("mixbot.bot.replies.report", report)
    await scene.ada.slash(scene.channel, "mixcloud search", query="jazz")
    async with asyncio.timeout(5):
        problem = await problems.get()
    problem = getattr(problem, "original", problem)
    assert isinstance(problem, kind)
    assert "No such thing" in str(problem)
    assert problem.code == 10062
    answers = [one for one in scene.discord.requests if one.path.endswith("/callback")]
    assert len(answers) == 1


async def test_a_rate_limit_is_told_and_holds_everyone(scene: Scene) -> None:
    scene.mixcloud.fault("GET", "/search/", RateLimit(452), times=1)
    answer = await scene.use(scene.ada, "mixcloud search", query="jazz")
    assert "Mixcloud asks to wait. Try again <t:" in answer.content
    calls = len(scene.mixcloud.requests)
    second = await scene.use(scene.noor, "mixcloud search", query="ambient")
    assert "Mixcloud asks to wait" in second.content
    assert len(scene.mixcloud.requests) == calls


async def test_a_rate_limit_holds_after_a_restart(tmp_path: Path) -> None:
    async with staged(tmp_path) as scene:
        scene.mixcloud.fault("GET", "/search/", RateLimit(452), times=1)
        await scene.use(scene.ada, "mixcloud search", query="jazz")
    async with (
        open_store(scene.settings.database_url) as store,
        shared_gate(store, MIXCLOUD, Gate()) as gate,
    ):
        assert 400 < gate.seconds_left() < 460


async def test_a_rate_limit_of_another_process_is_learnt(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "GATE_SECONDS", 0.01)
    store = scene.parts.store
    async with (
        shared_gate(store, MIXCLOUD, Gate()) as mine,
        shared_gate(store, MIXCLOUD, Gate()) as theirs,
    ):
        closed = asyncio.Event()
        theirs.on_close = lambda seconds: closed.set()
        mine.close(452)
        async with asyncio.timeout(10):
            await closed.wait()
        assert 440 < theirs.seconds_left() < 453


async def test_a_rate_limit_is_learnt_after_the_database_failed(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "GATE_SECONDS", 0.01)
    store = scene.parts.store
    async with shared_gate(store, MIXCLOUD, Gate()) as gate:
        read, closed = store.gate, asyncio.Event()
        gate.on_close = lambda seconds: closed.set()
        failures = iter([OSError("gone"), OSError("still gone")])

        async def gate_once_it_works(provider: str) -> datetime | None:
            if failure := next(failures, None):
                raise failure
            return await read(provider)

        monkeypatch.setattr(store, "gate", gate_once_it_works)
        await store.close_gate(MIXCLOUD, datetime.now(UTC) + timedelta(seconds=452))
        async with asyncio.timeout(10):
            await closed.wait()


async def test_a_connection_that_discord_ends_is_said_in_words(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def logged_in(bot: object, settings: object) -> None: ...

    async def ended() -> None:
        raise discord.GatewayNotFound

    monkeypatch.setattr(app, "log_in", logged_in)
    monkeypatch.setattr(app, "spare_the_collector", lambda: None)
    monkeypatch.setattr(scene.parts.bot, "connect", ended)
    with pytest.raises(app.CannotStart, match="Discord ended the connection for good"):
        await app.start(scene.parts.bot, scene.settings)


async def test_autocomplete_is_empty_rather_than_late(scene: Scene) -> None:
    scene.mixcloud.fault("*", "/**", Hang())
    assert (
        await scene.ada.autocomplete(scene.channel, "mixcloud show", focused="mix", mix="ja") == []
    )


async def test_a_bug_gets_a_code_and_the_log_the_same(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(self: Mixcloud, *args: object, **kwargs: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Mixcloud, "search", broken)
    with caplog.at_level(logging.ERROR):
        answer = await scene.use(scene.ada, "mixcloud search", query="jazz")
    assert "Something went wrong on my side" in answer.content
    code = answer.content.split("`")[1]
    assert code in caplog.text
    assert "ZeroDivisionError" in caplog.text


async def test_a_bug_in_a_button_is_answered_too(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scene.link(scene.ada, "ada.plays")
    card = await scene.use(scene.ada, "mixcloud search", query="jazz")

    async def broken(self: Mixcloud, *args: object, **kwargs: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Mixcloud, "favorite", broken)
    answer = await (await scene.ada.click(card, "♥ Favorite")).reply()
    assert "Something went wrong on my side" in answer.content


async def test_a_forgotten_short_id_is_explained(scene: Scene) -> None:
    answer = await scene.use(scene.ada, "mixcloud show", mix="~nowhere")
    assert "no longer know" in answer.content


async def test_help_names_every_command_and_what_is_seen(scene: Scene) -> None:
    answer = await scene.use(scene.ada, "mixcloud help")
    assert answer.ephemeral
    for command in scene.parts.bot.tree.walk_commands():
        if command.qualified_name != "mixcloud":
            assert f"</{command.qualified_name}:" in answer.text
    assert "I do not read your conversations" in answer.text


async def test_what_discord_refuses_to_show_is_answered_too(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cards, "show", lambda *a, **k: cards.Card(title="x" * 5000))
    answer = await scene.use(scene.ada, "mixcloud search", query="jazz")
    assert "Something went wrong on my side" in answer.content
    scene.mixcloud.fault("GET", "/**", Slow(1.5))
    answer = await scene.use(scene.ada, "mixcloud show", mix=scene.jazz)
    await answer.until(lambda answer: "Something went wrong on my side" in answer.content)


async def test_a_button_of_another_version_is_explained(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = await scene.use(scene.ada, "mixcloud search", query="jazz")
    monkeypatch.setattr(handling, "_handlers", [])
    answer = await (await scene.ada.click(card, "♥ Favorite")).reply()
    assert answer.ephemeral
    assert "no longer know" in answer.content
