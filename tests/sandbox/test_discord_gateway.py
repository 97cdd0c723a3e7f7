"""The gateway: shards, intents, resuming, and what it refuses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import discord
import pytest

from mixbot.sandbox import DiscordServer
from tests.sandbox.discord_bots import Bot, Interaction, ShardedBot, running


def add_ping(bot: Bot) -> None:
    @bot.tree.command(description="Answers")
    async def ping(interaction: Interaction) -> None:
        await interaction.response.send_message("pong")


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as server:
        yield server


async def test_sharded(monkeypatch: pytest.MonkeyPatch) -> None:
    async with DiscordServer(shards=3, compress=True) as server:
        ada = server.user("ada")
        channels = []
        for number in range(9):
            guild = server.guild(f"Guild {number}").furnish(channels=1, roles=2, emojis=1)
            guild.join(ada)
            channels.append(guild.channel("general"))
        bot = ShardedBot()
        add_ping(bot)
        async with running(bot, server, monkeypatch):
            assert len(bot.guilds) == 9
            assert {guild.shard_id for guild in bot.guilds} == {0, 1, 2}
            for channel in [*channels, ada.dm()]:
                reply = await (await ada.slash(channel, "ping")).reply()
                assert reply.content == "pong"


async def test_without_the_guilds_intent_nothing_is_told(
    server: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    guild = server.guild("Quiet")
    channel = guild.channel("general")
    ada = server.user("ada")
    guild.join(ada)
    bot = Bot(discord.Intents.none())
    add_ping(bot)
    async with running(bot, server, monkeypatch):
        assert [guild.unavailable for guild in bot.guilds] == [True]
        assert (await (await ada.slash(channel, "ping")).reply()).content == "pong"
        await ada.say(channel, "hello")
        direct = await ada.say(ada.dm(), "hello")
        assert direct.content == "hello"
        assert bot.messages.empty()


@pytest.mark.parametrize("how", ["close", "op7", "op9"])
async def test_what_was_missed_is_replayed(
    server: DiscordServer, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    guild = server.guild("Crate diggers")
    channel = guild.channel("general")
    ada = server.user("ada")
    guild.join(ada)
    bot = Bot()
    add_ping(bot)
    async with running(bot, server, monkeypatch):
        resumed = asyncio.create_task(bot.wait_for("resumed"))
        match how:
            case "close":
                await server.close_gateway(4000)
            case "op7":
                server.reconnect()
            case "op9":
                server.invalidate(resumable=True)
        interaction = await ada.slash(channel, "ping")
        await resumed
        assert (await interaction.reply()).content == "pong"
        assert server.gateway.resumed == 1
        assert server.gateway.identified == 1


async def test_an_unknown_session_identifies_anew(
    server: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = Bot()
    async with running(bot, server, monkeypatch):
        real_sleep = asyncio.sleep

        async def no_sleep(delay: float, result: Any = None) -> Any:
            return await real_sleep(0, result)

        monkeypatch.setattr("discord.gateway.asyncio.sleep", no_sleep)
        connected = asyncio.create_task(bot.wait_for("connect"))
        server.invalidate()
        await connected
        await server.ready()
        assert server.gateway.identified == 2


async def test_a_wrong_token_is_refused(
    server: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(server.gateway_url) as socket,
    ):
        assert (await socket.receive_json())["op"] == 10
        await socket.send_json({"op": 2, "d": {"token": "wrong", "intents": 0}})
        await socket.receive()
        assert socket.close_code == 4004


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("no json", 4002),
        ('{"op": 99, "d": null}', 4001),
        ('{"op": 3, "d": {}}', 4003),
        ('{"op": 2, "d": {"token": "$", "intents": -1}}', 4013),
        ('{"op": 2, "d": {"token": "$", "intents": 32768}}', 4014),
        ('{"op": 2, "d": {"token": "$", "intents": 0, "shard": [2, 2]}}', 4010),
        ('{"op": 6, "d": {"token": "wrong", "session_id": "1", "seq": 1}}', 4004),
    ],
)
async def test_closing_codes(frame: str, code: int) -> None:
    async with (
        DiscordServer(allowed_intents=1 << 15 ^ (1 << 26) - 1) as server,
        aiohttp.ClientSession() as session,
        session.ws_connect(server.gateway_url) as socket,
    ):
        await socket.receive_json()
        await socket.send_str(frame.replace("$", server.bot_token))
        await socket.receive()
        assert socket.close_code == code


async def test_too_many_events(server: DiscordServer) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(server.gateway_url) as socket,
    ):
        for _ in range(121):
            await socket.send_json({"op": 1, "d": None})
        async for _ in socket:
            pass
        assert socket.close_code == 4008


async def test_more_than_2500_servers_need_shards(server: DiscordServer) -> None:
    for number in range(2501):
        server.guild(f"Guild {number}")
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(server.gateway_url) as socket,
    ):
        await socket.receive_json()
        await socket.send_json({"op": 2, "d": {"token": server.bot_token, "intents": 0}})
        await socket.receive()
        assert socket.close_code == 4011


async def test_members_are_sent_on_request(
    server: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    guild = server.guild("Crate diggers")
    ada = server.user("ada")
    guild.join(ada)
    intents = discord.Intents.default()
    intents.members = True
    bot = Bot(intents)
    async with running(bot, server, monkeypatch):
        known = bot.get_guild(int(guild.id))
        assert known is not None
        assert {member.name for member in await known.query_members(user_ids=[int(ada.id)])} == {
            "ada"
        }


async def test_new_servers_and_channels_are_announced(
    server: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = Bot()
    async with running(bot, server, monkeypatch):
        joined = asyncio.create_task(bot.wait_for("guild_join"))
        await asyncio.sleep(0)
        guild = server.guild("New here")
        assert (await joined).name == "New here"
        created = asyncio.create_task(bot.wait_for("guild_channel_create"))
        await asyncio.sleep(0)
        guild.channel("music")
        assert (await created).name == "music"
