"""Asking for a link to Mixcloud, and for the code that proves who asked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import discord

from mixbot.accounts import Action, NotLinked, Person, Reply
from mixbot.ui import replies, verbs
from mixbot.ui.answers import Answer
from mixbot.ui.components import Interaction, button, handles, link_button, row

if TYPE_CHECKING:
    from mixbot.bot import MixBot

ENTER_CODE = "m1:code"


async def offer(
    answer: Answer, problem: NotLinked | None = None, waiting: Action | None = None
) -> None:
    """Give a private “Link Mixcloud” button.

    `problem` says why; `waiting` is what the user wanted, done as soon as they are linked.
    """
    interaction = answer.interaction
    bot = interaction.client
    url = await bot.accounts.start_link(
        Person(interaction.user.id, interaction.user.display_name),
        waiting=waiting,
        reply=Reply(interaction.application_id, interaction.token),
    )
    lines = [str(problem)] if problem else []
    if waiting:
        lines.append(f"Then I {verbs.will(waiting, bot.names)}.")
    lines.append("The button works once, for ten minutes, and only for you.")
    buttons = [link_button("Link Mixcloud", url)]
    if bot.accounts.asks_for_code:
        lines.append("At the end the page shows a code; type it here behind *Enter code*.")
        buttons.append(button("Enter code", ENTER_CODE))
    await answer.give("\n".join(lines), rows=[row(*buttons)])


@handles(re.compile(ENTER_CODE))
async def enter_code(interaction: Interaction, match: re.Match[str]) -> None:
    """Open the form for the code that the linking page shows."""
    await interaction.response.send_modal(CodeForm())


class CodeForm(discord.ui.Modal, title="Link Mixcloud"):
    """Takes the code of the linking page."""

    code: discord.ui.TextInput[CodeForm] = discord.ui.TextInput(
        label="The code from the page", custom_id="code", min_length=4, max_length=20
    )

    def __init__(self) -> None:
        super().__init__(timeout=600)

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        bot: MixBot = interaction.client
        async with Answer(interaction, in_place=True):
            await bot.accounts.enter_code(interaction.user.id, self.code.value)

    async def on_error(  # type: ignore[override]  # discord.py's own Modal differs from its base
        self, interaction: discord.Interaction[Any], error: Exception, /
    ) -> None:
        await replies.report(interaction, error)
