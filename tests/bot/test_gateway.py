"""The bot's connection to Discord: lost, renewed, and split into shards."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Scene, staged


@pytest.mark.parametrize("trouble", ["dropped", "told to reconnect", "session invalid"])
async def test_it_comes_back_and_answers(scene: Scene, trouble: str) -> None:
    match trouble:
        case "dropped":
            await scene.discord.close_gateway(4000)
        case "told to reconnect":
            scene.discord.reconnect()
        case _:
            scene.discord.invalidate(resumable=True)
    card = await scene.use(scene.ada, "mixcloud search", query="jazz")
    assert "1 of 20+" in card.text


async def test_in_several_shards_it_answers_everywhere(tmp_path: Path) -> None:
    async with staged(tmp_path, shards=2) as scene:
        assert scene.parts.bot.shard_count == 2
        assert len(scene.parts.bot.shards) == 2
        for number in range(4):
            guild = scene.discord.guild(f"Server {number}")
            guild.join(scene.ada)
            channel = guild.channel("general")
            interaction = await scene.ada.slash(channel, "mixcloud search", query="jazz")
            assert "1 of 20+" in (await interaction.reply()).text
        chat = await (await scene.ada.slash(scene.ada.dm(), "mixcloud help")).reply()
        assert "mixbot" in chat.text


async def test_a_process_may_hold_some_of_the_shards(tmp_path: Path) -> None:
    async with staged(tmp_path, shards=2, shard_count=2, shard_ids=(1,)) as scene:
        assert list(scene.parts.bot.shards) == [1]


async def test_it_asks_for_no_intent_and_keeps_no_members(scene: Scene) -> None:
    assert scene.parts.bot.intents.value == 0
    await scene.use(scene.ada, "mixcloud search", query="jazz")
    assert not [guild for guild in scene.parts.bot.guilds if len(guild.members) > 1]
