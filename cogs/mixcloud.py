"""`/mixcloud …`: finding shows and linking one's own account."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from mixbot.accounts import NotLinked
from mixbot.arguments import (
    Mention,
    ShowLink,
    show_key,
    suggest,
    suggested_queries,
)
from mixbot.bot import MixBot
from mixbot.ui import cards, linking, pager
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
        await interaction.response.defer(thinking=True)
        listing = pager.Listing(type.value if type else "s", query.strip())
        self.bot.remember_query(interaction.user.id, listing.query)
        answer = await pager.first(self.bot, listing, interaction.user.id)
        if answer is None:
            await interaction.edit_original_response(
                content=f"Mixcloud found nothing for “{escape(query, 200)}”. Try fewer words."
            )
            return
        await pager.remember(interaction, answer.show_key)
        await interaction.edit_original_response(embed=answer.embed, view=answer.view)

    @search.autocomplete("query")
    async def _suggest_queries(
        self, interaction: discord.Interaction[MixBot], typed: str
    ) -> list[app_commands.Choice[str]]:
        return await suggest(interaction, suggested_queries(interaction, typed))

    @app_commands.command()
    @app_commands.describe(mix="A link, user/show, or a name; the last show shared here if empty")
    async def show(
        self,
        interaction: discord.Interaction[MixBot],
        mix: app_commands.Transform[Mention, ShowLink] | None = None,
    ) -> None:
        """Show the card of one show."""
        await interaction.response.defer(thinking=True)
        key = await show_key(interaction, mix)
        await pager.open_show(interaction, key, public=True)

    @app_commands.command()
    async def link(self, interaction: discord.Interaction[MixBot]) -> None:
        """Link your Mixcloud account, so that the buttons act as you."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await linking.offer(interaction)

    @app_commands.command()
    async def unlink(self, interaction: discord.Interaction[MixBot]) -> None:
        """Forget your Mixcloud account."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        was_linked = await self.bot.accounts.unlink(interaction.user.id)
        await interaction.edit_original_response(
            content=(
                "I have forgotten your Mixcloud account. Mixcloud itself still lists mixbot under "
                "<https://www.mixcloud.com/settings/applications/>; remove it there as well."
                if was_linked
                else "No Mixcloud account of yours is linked."
            )
        )

    @app_commands.command()
    async def me(self, interaction: discord.Interaction[MixBot]) -> None:
        """Show the Mixcloud account you have linked."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        try:
            async with self.bot.accounts.acting_as(interaction.user.id) as mixcloud:
                user = await mixcloud.me()
        except NotLinked as problem:
            await linking.offer(interaction, problem)
            return
        await interaction.edit_original_response(embed=cards.person(user))

    @app_commands.command()
    async def help(self, interaction: discord.Interaction[MixBot]) -> None:
        """What mixbot can do, and what it can see."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        lines = [
            f"{await self.bot.mention(command.qualified_name)} {command.description}"
            for command in self.bot.tree.walk_commands()
            if isinstance(command, app_commands.Command)
        ]
        menus = self.bot.tree.get_commands(type=discord.AppCommandType.message)
        lines.append(
            "On any message, open **Apps** for " + ", ".join(f"**{menu.name}**" for menu in menus)
        )
        embed = discord.Embed(
            title="mixbot", description="\n".join(lines), colour=cards.BRAND
        ).add_field(
            name="What I can see",
            value=(
                "The commands you give me, the messages you open my menu on, and the cards I post. "
                "I do not read your conversations. Your Mixcloud link is kept encrypted until you "
                f"use {await self.bot.mention('mixcloud unlink')}."
            ),
        )
        await interaction.edit_original_response(embed=embed)


async def setup(bot: Any) -> None:
    await bot.add_cog(MixcloudCommands(bot))
