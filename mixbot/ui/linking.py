"""Asking for a link to Mixcloud, and for the code that proves who asked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self

import discord

from mixbot.accounts import Action, NotLinked, Person, Reply
from mixbot.ui import replies, verbs

if TYPE_CHECKING:
    from mixbot.bot import MixBot


async def offer(
    interaction: discord.Interaction[MixBot],
    problem: NotLinked | None = None,
    waiting: Action | None = None,
) -> None:
    """Answer a deferred interaction with a private “Link Mixcloud” button.

    `problem` says why; `waiting` is what the user wanted, done as soon as they are linked.
    """
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
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="Link Mixcloud", url=url))
    if bot.accounts.asks_for_code:
        lines.append("At the end the page shows a code; type it here behind *Enter code*.")
        view.add_item(EnterCodeButton())
    await interaction.edit_original_response(content="\n".join(lines), view=view)


class EnterCodeButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=r"m1:code"
):
    """Opens the form for the code that the linking page shows."""

    def __init__(self) -> None:
        super().__init__(discord.ui.Button(label="Enter code", custom_id="m1:code"))

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        return cls()

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        try:
            await interaction.response.send_modal(CodeForm())
        except Exception as error:  # discord.py would only log it
            await replies.report(interaction, error)


class CodeForm(discord.ui.Modal, title="Link Mixcloud"):
    """Takes the code of the linking page."""

    code: discord.ui.TextInput[CodeForm] = discord.ui.TextInput(
        label="The code from the page", custom_id="code", min_length=4, max_length=20
    )

    def __init__(self) -> None:
        super().__init__(timeout=600)

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        bot: MixBot = interaction.client
        await interaction.response.defer()
        await bot.accounts.enter_code(interaction.user.id, self.code.value)

    async def on_error(  # type: ignore[override]  # discord.py's own Modal differs from its base
        self, interaction: discord.Interaction[Any], error: Exception, /
    ) -> None:
        await replies.report(interaction, error)
