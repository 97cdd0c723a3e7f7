"""Runs real discord.py bots against the sandbox's Discord."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import discord
import pytest
import yarl
from discord import app_commands
from discord.ext import commands
from discord.gateway import DiscordWebSocket

from mixbot.sandbox import DiscordServer


class Bot(commands.Bot):
    """A bot with the commands of `tree`, quick to become ready."""

    def __init__(self, intents: discord.Intents | None = None, **options: Any) -> None:
        super().__init__(
            command_prefix="!",
            intents=discord.Intents.default() if intents is None else intents,
            guild_ready_timeout=0.03,
            **options,
        )
        self.messages: asyncio.Queue[discord.Message] = asyncio.Queue()
        self.errors: list[BaseException] = []
        self.tree.error(self.note)

    async def note(self, interaction: discord.Interaction[Any], error: Exception) -> None:
        self.errors.append(error.__cause__ or error)

    async def on_message(self, message: discord.Message, /) -> None:
        self.messages.put_nowait(message)

    async def setup_hook(self) -> None:
        await self.tree.sync()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Shards here need not wait for each other."""


class ShardedBot(Bot, commands.AutoShardedBot):
    """The same, in as many shards as Discord advises."""


@asynccontextmanager
async def running(
    bot: commands.Bot, server: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[None]:
    """The bot, logged in to `server` and ready."""
    monkeypatch.setattr(discord.http.Route, "BASE", server.api_url)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(server.gateway_url))
    async with bot:
        task = asyncio.create_task(bot.start(server.bot_token))
        ready = asyncio.create_task(server.ready())
        await asyncio.wait((task, ready), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        await ready
        await bot.wait_until_ready()
        yield
        await bot.close()
        await task


Interaction = discord.Interaction[Any]
Command = app_commands.Command[Any, Any, Any]
