"""Asking for a link to Mixcloud, and for the code that proves who asked."""

from __future__ import annotations

import re

from mixbot.accounts import Action, NotLinked, Person, Reply
from mixbot.languages import _, spoken
from mixbot.ui import verbs
from mixbot.ui.answers import Answer, open_form
from mixbot.ui.components import button, form, link_button, row, text_field
from mixbot.ui.handling import Interaction, entered, handles

ENTER_CODE, CODE_FORM = "m1:code", "m1:coded"


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
        language=spoken(),
    )
    lines = [str(problem)] if problem else []
    if waiting:
        lines.append(verbs.will(waiting, bot.names))
    lines.append(_("The button works once, for ten minutes, and only for you."))
    buttons = [link_button(_("Link Mixcloud"), url)]
    if bot.accounts.asks_for_code:
        lines.append(_("At the end the page shows a code; type it here behind *Enter code*."))
        buttons.append(button(_("Enter code"), ENTER_CODE))
    await answer.give("\n".join(lines), rows=[row(*buttons)])


@handles(re.compile(ENTER_CODE))
async def ask_for_code(interaction: Interaction, match: re.Match[str]) -> None:
    """Open the form for the code that the linking page shows."""
    await open_form(
        interaction,
        form(
            _("Link Mixcloud"),
            CODE_FORM,
            text_field(_("The code from the page"), "code", required=True, shortest=4, longest=20),
        ),
    )


@handles(re.compile(CODE_FORM))
async def enter_code(interaction: Interaction, match: re.Match[str]) -> None:
    """Take the code that was typed; the message with the button then turns by itself."""
    async with Answer(interaction, in_place=True):
        await interaction.client.accounts.enter_code(
            interaction.user.id, entered(interaction)["code"]
        )
