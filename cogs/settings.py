"""`/settings`: what those who manage a server decide for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from mixbot.arguments import LANGUAGE_CHOICES, PRIVATE
from mixbot.bot import MixBot
from mixbot.languages import N_
from mixbot.ui import server_settings
from mixbot.ui.answers import Answer

LINKS = [
    app_commands.Choice(name=N_("answer them with a card"), value="yes"),
    app_commands.Choice(name=N_("leave them alone"), value="no"),
]
ANSWERS = [
    app_commands.Choice(name=N_("everyone"), value="no"),
    app_commands.Choice(name=N_("only who asked"), value="yes"),
]
CHARTS = [
    app_commands.Choice(name=N_("count what is shared here"), value="yes"),
    app_commands.Choice(name=N_("leave this server out"), value="no"),
]
CARDS = [
    app_commands.Choice(name=N_("large layouts"), value="no"),
    app_commands.Choice(name=N_("small embeds and Discord's own preview"), value="yes"),
]
AUTOMATIC = "auto"


class SettingsCommands(commands.Cog):
    """What a server has decided."""

    def __init__(self, bot: MixBot) -> None:
        self.bot = bot

    @app_commands.command(description=N_("How mixbot behaves in this server."), extras=PRIVATE)
    @app_commands.describe(
        links=N_("What to do about links to shows in messages"),
        answers=N_("Who sees answers, if nobody says"),
        charts=N_("What goes into charts"),
        cards=N_("How cards are drawn"),
        language=N_("The language of public answers"),
    )
    @app_commands.choices(
        links=LINKS, answers=ANSWERS, charts=CHARTS, cards=CARDS, language=LANGUAGE_CHOICES
    )
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.checks.has_permissions(manage_guild=True)
    async def settings(
        self,
        interaction: discord.Interaction[MixBot],
        links: app_commands.Choice[str] | None = None,
        answers: app_commands.Choice[str] | None = None,
        charts: app_commands.Choice[str] | None = None,
        cards: app_commands.Choice[str] | None = None,
        language: app_commands.Choice[str] | None = None,
    ) -> None:
        changes: dict[str, Any] = {
            name: choice.value == "yes"
            for name, choice in (
                ("links", links),
                ("private", answers),
                ("charts", charts),
                ("classic", cards),
            )
            if choice is not None
        }
        if language is not None:
            changes["language"] = language.value if language.value != AUTOMATIC else None
        async with Answer(interaction, private=True) as answer:
            settings = await self.bot.preferences.server(interaction.guild_id)
            if changes:
                settings = replace(settings, locale=str(interaction.guild_locale), **changes)
                await self.bot.preferences.decide_for_server(settings)
            await answer.give(card=server_settings.card(self.bot, settings))


async def setup(bot: Any) -> None:
    await bot.add_cog(SettingsCommands(bot))
