"""What mixbot can do, and what it can see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from mixbot.languages import _, spoken
from mixbot.ui.cards import Card

if TYPE_CHECKING:
    from mixbot.bot import MixBot


async def card(bot: MixBot) -> Card:
    """All commands, clickable; made once for each language."""
    language = spoken()
    if (known := bot.help_cards.get(language)) is None:
        known = bot.help_cards[language] = await _card(bot)
    return known


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
    if bot.reads_messages:
        seen += " " + _(
            "Where those who manage a server switched it on, I look for Mixcloud links in messages "
            "and keep nothing else of them."
        )
    else:
        seen += " " + _("I do not read your conversations.")
    seen += " " + _(
        "Your Mixcloud link is kept encrypted until you use {command}.",
        command=await bot.mention("mixcloud unlink"),
    )
    lines.append("\n**" + _("What I can see") + f"**\n{seen}")
    return Card(title="mixbot", text="\n".join(lines))
