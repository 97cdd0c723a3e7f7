"""The least that a discord.py bot can be: it caches nothing, and says “pong”.

It can ask Mixcloud first and read the answer's JSON, of which it makes nothing: no command that
has to ask can cost less.
"""

from __future__ import annotations

import asyncio
from multiprocessing.connection import Connection

import aiohttp
import discord
import orjson
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

from benchmarks.processes import USED, answering

READY_SECONDS = 0.05  # after the last server is known


def run_pong(
    pipe: Connection, token: str, api_url: str, gateway_url: str, mixcloud_url: str
) -> None:
    """Be the bot until the other end of `pipe` is closed."""
    Route.BASE = api_url
    DiscordWebSocket.DEFAULT_GATEWAY = URL(gateway_url)
    bot = commands.AutoShardedBot(
        command_prefix=commands.when_mentioned,
        help_command=None,
        intents=discord.Intents.none(),
        member_cache_flags=discord.MemberCacheFlags.none(),
        max_messages=None,
        chunk_guilds_at_startup=False,
        guild_ready_timeout=READY_SECONDS,
    )

    session: aiohttp.ClientSession

    @bot.tree.command()
    async def ping(interaction: discord.Interaction[commands.AutoShardedBot]) -> None:
        """Say pong."""
        await interaction.response.send_message("pong")

    @bot.tree.command()
    async def asking(interaction: discord.Interaction[commands.AutoShardedBot], path: str) -> None:
        """Ask Mixcloud, and say pong."""
        async with session.get(f"{mixcloud_url}{path}") as answer:
            orjson.loads(await answer.read())
        await interaction.response.send_message("pong")

    async def run() -> None:
        nonlocal session
        async with bot, aiohttp.ClientSession() as session:
            await bot.login(token)
            await connected(bot, pipe)

    asyncio.run(run())


async def connected(bot: commands.AutoShardedBot, pipe: Connection) -> None:
    """Register the commands, stay connected, and answer what is asked through `pipe`."""
    await register(bot)
    connection = asyncio.create_task(bot.connect())
    await bot.wait_until_ready()
    pipe.send(None)
    await answering(pipe, USED)
    await bot.close()
    await connection


async def register(bot: commands.AutoShardedBot) -> None:
    """Tell Discord of the commands, in English only: that is done once, and by another process."""
    assert bot.application_id
    told = [command.to_dict(bot.tree) for command in bot.tree.get_commands()]
    await bot.http.bulk_upsert_global_commands(bot.application_id, payload=told)
