"""What mixbot can do, and what it can see."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import discord
from discord import app_commands

from mixbot.languages import _, spoken
from mixbot.services import NAMES
from mixbot.ui.cards import Card
from mixbot.ui.privacy import of_conversations
from mixbot.ui.text import when

if TYPE_CHECKING:
    from mixbot.bot import MixBot


async def card(bot: MixBot) -> Card:
    """All commands, clickable, made once for each language; and what is wrong, if something is."""
    language = spoken()
    if (known := bot.help_cards.get(language)) is None:
        known = bot.help_cards[language] = await _card(bot)
    status = _status(bot)
    return replace(known, small=status) if status else known


def _status(bot: MixBot) -> str:
    """How it is going, if it is not going well."""
    said = []
    for provider, seconds in bot.accounts.seconds_closed().items():
        service = NAMES[provider]
        if seconds:
            moment = when(datetime.now(UTC) + timedelta(seconds=seconds), "t")
            said.append(
                _("⚠ {service} asks me to wait until {moment}.", service=service, moment=moment)
            )
        elif since := bot.metrics.fails_since(provider):
            moment = when(since, "t")
            said.append(
                _("⚠ {service} has not answered since {moment}.", service=service, moment=moment)
            )
    return " ".join(said)


async def _card(bot: MixBot) -> Card:
    lines = [
        f"{await bot.mention(command.qualified_name)} {_(command.description)}"
        for command in bot.tree.walk_commands()
        if isinstance(command, app_commands.Command)
    ]
    for kind, sentence in (
        (discord.AppCommandType.message, _("On any message, open **Apps**: {menus}.")),
        (discord.AppCommandType.user, _("On a person, open **Apps**: {menus}.")),
    ):
        menus = ", ".join(f"**{_(menu.name)}**" for menu in bot.tree.get_commands(type=kind))
        lines.append(sentence.format(menus=menus))
    seen = _("The commands you give me, the messages you open my menu on, and the cards I post.")
    seen += f" {of_conversations(bot)}"
    unlinking = [await bot.mention(f"{provider} unlink") for provider in bot.accounts.providers]
    seen += " " + _(
        "What links you to an account is kept encrypted until you use {commands}.",
        commands=", ".join(unlinking),
    )
    lines.append("\n**" + _("What I can see") + f"**\n{seen}")
    return Card(title="mixbot", text="\n".join(lines))
