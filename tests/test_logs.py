"""What is written down of what happens: enough to follow one interaction, and nobody's words."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from mixbot import logs
from mixbot.sandbox.discord import InteractionFailed
from mixbot.sandbox.mixcloud import ServerError
from mixbot.settings import Settings
from tests.conftest import Scene

CONFIGURED = """
    aiohttp aiohttp.server discord.http discord.webhook discord.gateway discord.state
    discord.client discord.app_commands.tree
""".split()


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger; afterwards all loggers are as they were."""
    root = logging.getLogger()
    found = [root, *(logging.getLogger(name) for name in CONFIGURED)]
    before = [(one, one.handlers[:], one.filters[:], one.level) for one in found]
    yield root
    for one, handlers, filters, level in before:
        one.handlers[:], one.filters[:] = handlers, filters
        one.setLevel(level)


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


async def test_an_interaction_is_a_line(
    scene: Scene, root: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(scene.settings.model_copy(update={"log_format": "json"}))
    interaction = await scene.ada.slash(scene.channel, "mixcloud search", query="secret wishes")
    await interaction.reply()
    await scene.parts.bot.drain()
    (said,) = [line for line in lines(capsys.readouterr().err) if line["event"] == "interaction"]
    assert said["command"] == "mixcloud search"
    assert said["interaction"] == int(interaction.id)
    assert said["place"] == "server"
    assert said["outcome"] == "done"
    assert said["acknowledged"] <= said["milliseconds"] < 10_000
    assert said["level"] == "info"
    assert "secret wishes" not in json.dumps(said)


async def test_what_is_logged_meanwhile_names_the_interaction(
    scene: Scene, root: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(scene.settings.model_copy(update={"log_format": "json"}))
    scene.mixcloud.fault("GET", "/**", ServerError(503))
    interaction = await scene.ada.slash(scene.channel, "mixcloud search", query="jazz")
    await interaction.reply()
    await scene.parts.bot.drain()
    logging.getLogger("mixbot").warning("unrelated")
    written = lines(capsys.readouterr().err)
    unrelated = next(line for line in written if line["event"] == "unrelated")
    assert "interaction" not in unrelated
    outcome = next(line for line in written if line["event"] == "interaction")
    assert outcome["outcome"] == "mixcloud"


async def test_suggestions_that_come_too_late_are_no_bug(
    scene: Scene, root: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(scene.settings.model_copy(update={"log_format": "json"}))
    scene.discord.fault("POST", "/interactions/*/*/callback", status=404, code=10062)
    with pytest.raises(InteractionFailed):
        await scene.ada.autocomplete(scene.channel, "mixcloud search", focused="query", query="ja")
    await scene.parts.bot.drain()
    (said,) = [line for line in lines(capsys.readouterr().err) if "autocomplete" in line["event"]]
    assert said["level"] == "warning"
    assert "exception" not in said


def test_for_people_it_is_a_sentence(
    root: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(Settings(discord_token="a.b.c"))
    logging.getLogger("mixbot").warning("%s is too late", "It")
    assert "It is too late" in capsys.readouterr().err
