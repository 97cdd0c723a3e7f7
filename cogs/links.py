"""What happens to ordinary messages with links, where mixbot may read them."""

from __future__ import annotations

from typing import Any

import discord
from discord.ext import commands

from mixbot.bot import MixBot
from mixbot.ui.message_links import MessageLinks, Said


class LinkListener(commands.Cog):
    """Tells what becomes of messages. Other bots' are nobody's business."""

    def __init__(self, bot: MixBot) -> None:
        self.bot = bot
        self.links = MessageLinks(bot)

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        if not message.author.bot:
            self.bot.begin()
            await self.links.posted(Said.of(message))

    @commands.Cog.listener()
    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        if not payload.message.author.bot:
            self.bot.begin()
            await self.links.changed(Said.of(payload.message))

    @commands.Cog.listener()
    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        await self.links.deleted([payload.message_id], payload.guild_id)

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        await self.links.deleted(list(payload.message_ids), payload.guild_id)


async def setup(bot: Any) -> None:
    if bot.reads_messages:
        await bot.add_cog(LinkListener(bot))
