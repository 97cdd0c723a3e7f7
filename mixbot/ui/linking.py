"""Asking for a link to an account, and for the code that proves who asked."""

from __future__ import annotations

import re

from mixbot.accounts import Action, NotLinked, Person, Reply, Unlinked
from mixbot.languages import _, spoken
from mixbot.services import MIXCLOUD, NAMES
from mixbot.ui import verbs
from mixbot.ui.answers import Answer, open_form
from mixbot.ui.components import button, form, link_button, row, text_field
from mixbot.ui.handling import Interaction, entered, handles

ENTER_CODE, CODE_FORM = "m1:code", "m1:coded"
OF_OTHERS = r"(?::(?P<provider>[a-z]+))?"  # than Mixcloud, which was there first


async def offer(
    answer: Answer,
    problem: NotLinked | None = None,
    waiting: Action | None = None,
    *,
    provider: str = MIXCLOUD,
) -> None:
    """Give a private “Link Mixcloud” button, or one for the service that `problem` is about.

    `problem` says why; `waiting` is what the user wanted, done as soon as they are linked.
    """
    interaction = answer.interaction
    bot = interaction.client
    provider = problem.provider if problem else provider
    url = await bot.accounts.start_link(
        Person(interaction.user.id, interaction.user.display_name),
        provider,
        waiting=waiting,
        reply=Reply(interaction.application_id, interaction.token),
        language=spoken(),
    )
    lines = [str(problem)] if problem else []
    if waiting:
        lines.append(verbs.will(waiting, bot.names))
    lines.append(_("The button works once, for ten minutes, and only for you."))
    buttons = [link_button(_("Link {service}", service=NAMES[provider]), url)]
    if bot.accounts.asks_for_code:
        lines.append(_("At the end the page shows a code; type it here behind *Enter code*."))
        buttons.append(button(_("Enter code"), _of(ENTER_CODE, provider)))
    await answer.give("\n".join(lines), rows=[row(*buttons)])


def parting(unlinked: Unlinked | None, provider: str) -> str:
    """What to say to who wanted an account to be forgotten."""
    service = NAMES[provider]
    if unlinked is None:
        return _("No {service} account of yours is linked.", service=service)
    if provider == MIXCLOUD:
        return _(
            "I have forgotten your Mixcloud account. Mixcloud itself still lists mixbot under "
            "<https://www.mixcloud.com/settings/applications/>; remove it there too."
        )
    if unlinked.signed_out:
        return _("I have forgotten your {service} account, and signed out there.", service=service)
    return _(
        "I have forgotten your {service} account, but {service} could not be told. If it still "
        "lists mixbot among your connections, remove it there too.",
        service=service,
    )


def _of(custom_id: str, provider: str) -> str:
    return custom_id if provider == MIXCLOUD else f"{custom_id}:{provider}"


@handles(re.compile(ENTER_CODE + OF_OTHERS))
async def ask_for_code(interaction: Interaction, match: re.Match[str]) -> None:
    """Open the form for the code that the linking page shows."""
    provider = match["provider"] or MIXCLOUD
    await open_form(
        interaction,
        form(
            _("Link {service}", service=NAMES[provider]),
            _of(CODE_FORM, provider),
            text_field(_("The code from the page"), "code", required=True, shortest=4, longest=20),
        ),
    )


@handles(re.compile(CODE_FORM + OF_OTHERS))
async def enter_code(interaction: Interaction, match: re.Match[str]) -> None:
    """Take the code that was typed; the message with the button then turns by itself."""
    async with Answer(interaction, in_place=True):
        await interaction.client.accounts.enter_code(
            interaction.user.id, entered(interaction)["code"], match["provider"] or MIXCLOUD
        )
