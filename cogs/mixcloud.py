"""`/mixcloud …`: finding shows and linking one's own account."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from mixbot.accounts import NotLinked
from mixbot.arguments import MIX, Mention, ShowLink, show_key, suggest, suggested_queries
from mixbot.bot import MixBot
from mixbot.ui import cards, linking, pager
from mixbot.ui.answers import Answer
from mixbot.ui.text import escape

SEARCHES = [
    app_commands.Choice(name="shows", value="s"),
    app_commands.Choice(name="people", value="u"),
    app_commands.Choice(name="tags", value="t"),
]


class MixcloudCommands(
    commands.GroupCog,
    group_name="mixcloud",
    group_description="Mixcloud: find shows and link your account.",
):
    """Finding shows, and the user's own account."""

    def __init__(self, bot: MixBot) -> None:
        self.bot = bot

    @app_commands.command()
    @app_commands.describe(query="What to look for", type="Shows, if you don't say")
    @app_commands.choices(type=SEARCHES)
    async def search(
        self,
        interaction: discord.Interaction[MixBot],
        query: app_commands.Range[str, 1, 200],
        type: app_commands.Choice[str] | None = None,
    ) -> None:
        """Find shows, people or tags."""
        listing = pager.Listing(type.value if type else "s", query.strip())
        self.bot.remember_query(interaction.user.id, listing.query)
        async with Answer(interaction) as answer:
            page = await pager.first(self.bot, listing, interaction.user.id)
            if page is None:
                await answer.give(
                    f"Mixcloud found nothing for “{escape(query, 200)}”. Try fewer words."
                )
                return
            await pager.remember(interaction, page.show_key)
            await answer.give(embed=page.embed, rows=page.rows)

    @search.autocomplete("query")
    async def _suggest_queries(
        self, interaction: discord.Interaction[MixBot], typed: str
    ) -> list[app_commands.Choice[str]]:
        return await suggest(interaction, suggested_queries(interaction, typed))

    @app_commands.command()
    @app_commands.describe(mix=MIX)
    async def show(
        self,
        interaction: discord.Interaction[MixBot],
        mix: app_commands.Transform[Mention, ShowLink] | None = None,
    ) -> None:
        """Show the card of one show."""
        async with Answer(interaction) as answer:
            await pager.open_show(answer, await show_key(interaction, mix), public=True)

    @app_commands.command()
    async def link(self, interaction: discord.Interaction[MixBot]) -> None:
        """Link your Mixcloud account, so that the buttons act as you."""
        async with Answer(interaction, private=True) as answer:
            await linking.offer(answer)

    @app_commands.command()
    async def unlink(self, interaction: discord.Interaction[MixBot]) -> None:
        """Forget your Mixcloud account."""
        async with Answer(interaction, private=True) as answer:
            if await self.bot.accounts.unlink(interaction.user.id):
                await answer.give(
                    "I have forgotten your Mixcloud account. Mixcloud itself still lists mixbot "
                    "under <https://www.mixcloud.com/settings/applications/>; remove it there too."
                )
            else:
                await answer.give("No Mixcloud account of yours is linked.")

    @app_commands.command()
    async def me(self, interaction: discord.Interaction[MixBot]) -> None:
        """Show the Mixcloud account you have linked."""
        async with Answer(interaction, private=True) as answer:
            try:
                async with self.bot.accounts.acting_as(interaction.user.id) as mixcloud:
                    user = await mixcloud.me()
            except NotLinked as problem:
                await linking.offer(answer, problem)
                return
            await answer.give(embed=cards.person(user))

    @app_commands.command()
    async def help(self, interaction: discord.Interaction[MixBot]) -> None:
        """What mixbot can do, and what it can see."""
        async with Answer(interaction, private=True) as answer:
            await answer.give(embed=await self._help())

    async def _help(self) -> discord.Embed:
        lines = [
            f"{await self.bot.mention(command.qualified_name)} {command.description}"
            for command in self.bot.tree.walk_commands()
            if isinstance(command, app_commands.Command)
        ]
        menus = self.bot.tree.get_commands(type=discord.AppCommandType.message)
        lines.append(
            "On any message, open **Apps** for "
            + " or ".join(f"**{menu.name}**" for menu in menus)
            + "."
        )
        seen = (
            "The commands you give me, the messages you open my menu on, and the cards I post. "
            "I do not read your conversations. Your Mixcloud link is kept encrypted until you "
            f"use {await self.bot.mention('mixcloud unlink')}."
        )
        embed = discord.Embed(title="mixbot", description="\n".join(lines), colour=cards.BRAND)
        return embed.add_field(name="What I can see", value=seen)


async def setup(bot: Any) -> None:
    await bot.add_cog(MixcloudCommands(bot))
