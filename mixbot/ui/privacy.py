"""What is remembered of a person: to see, to take along, to have forgotten."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from mixbot.languages import LANGUAGES, N_, _, ngettext
from mixbot.services import MIXCLOUD, NAMES
from mixbot.ui import cards
from mixbot.ui.answers import Answer, File
from mixbot.ui.components import DANGER, Rows, button, row
from mixbot.ui.handling import Interaction, handles
from mixbot.ui.linking import parting
from mixbot.ui.text import inline, when

if TYPE_CHECKING:
    from mixbot.bot import MixBot

QUESTION = N_(
    "Shall I forget everything about you: your linked accounts, links that you have begun and "
    "what was to be done after them, what you shared, what you are publishing, your settings? "
    "This cannot be undone. "
    "What you favorited and whom you follow stays as it is."
)
FORGOTTEN = N_(
    "Forgotten. If you had linked Mixcloud, it still lists mixbot under "
    "<https://www.mixcloud.com/settings/applications/>; remove it there too."
)


async def open_privacy(answer: Answer) -> None:
    """Answer with what is remembered, in words, and what can be done about it."""
    bot, user_id = answer.interaction.client, answer.interaction.user.id
    person = await bot.preferences.person(user_id)
    lines = await _remembered(bot, user_id)
    hide_or_show = (
        button(_("Hide my Mixcloud profile"), "m1:privacy:hide")
        if person.profile
        else button(_("Let others see my Mixcloud profile"), "m1:privacy:profile")
    )
    card = cards.Card(
        title=_("What I remember of you"),
        text="\n".join(lines),
        small=f"{of_conversations(bot)} " + _("No token ever leaves my database."),
    )
    buttons = [
        button(_("Export as JSON"), "m1:privacy:export"),
        hide_or_show,
        button(_("Forget me…"), "m1:privacy:ask", style=DANGER),
    ]
    await answer.give(card=card, rows=[row(*buttons)])


def of_conversations(bot: MixBot) -> str:
    """What is read of what people say to each other."""
    if bot.reads_messages:
        return _(
            "Where those who manage a server switched it on, I look for links to shows in messages "
            "and keep nothing else of them."
        )
    return _("I do not read your conversations.")


async def _remembered(bot: MixBot, user_id: int) -> list[str]:
    kept = await bot.store.remembered(user_id)
    person = await bot.preferences.person(user_id)
    lines = []
    for provider in bot.accounts.providers:
        account = await bot.accounts.account(user_id, provider)
        if account:
            lines.append(
                _(
                    "• Your {service} account **{name}**, linked {when}; its token is encrypted.",
                    service=NAMES[provider],
                    name=inline(account.name, 100),
                    when=when(account.linked_at),
                )
            )
        else:
            lines.append(_("• No {service} account.", service=NAMES[provider]))
    if kept["link_attempts"]:
        lines.append(_("• A link that you have begun; it is dropped after a few minutes."))
    lines.append(
        ngettext(
            "• {number} show that you looked at or shared, and where.",
            "• {number} shows that you looked at or shared, and where.",
            len(kept["shares"]),
        )
    )
    if kept["link_replies"]:
        lines.append(
            ngettext(
                "• {number} message of yours that I answered with a card.",
                "• {number} messages of yours that I answered with a card.",
                len(kept["link_replies"]),
            )
        )
    if kept["uploads"]:
        lines.append(
            ngettext(
                "• {number} show that you are publishing or published today, and links to its "
                "files.",
                "• {number} shows that you are publishing or published today, and links to their "
                "files.",
                len(kept["uploads"]),
            )
        )
    if person.language:
        lines.append(_("• Your language: {language}.", language=LANGUAGES[person.language]))
    lines.append(
        _("• Others can see your Mixcloud profile.")
        if person.profile
        else _("• Others cannot see your Mixcloud profile.")
    )
    return lines


@handles(re.compile(r"m1:privacy:(?P<what>export|profile|hide|ask|keep|forget)"))
async def decide(interaction: Interaction, match: re.Match[str]) -> None:
    """Do what was chosen, on the private message that it was chosen on."""
    what = match["what"]
    async with Answer(interaction, private=True, in_place=what != "export") as answer:
        match what:
            case "export":
                await _export(answer)
            case "profile" | "hide":
                await _show_profile(answer, shown=what == "profile")
            case "ask":
                await answer.give(_(QUESTION), rows=_forget_buttons())
            case "keep":
                await open_privacy(answer)
            case _forget:
                parted = await interaction.client.forget(interaction.user.id)
                lines = [_(FORGOTTEN)]
                lines += [
                    parting(unlinked, provider)
                    for provider, unlinked in parted.items()
                    if provider != MIXCLOUD and not unlinked.signed_out
                ]
                await answer.give("\n".join(lines))


async def _export(answer: Answer) -> None:
    """Everything, as a file."""
    bot, user_id = answer.interaction.client, answer.interaction.user.id
    kept: dict[str, Any] = await bot.store.remembered(user_id)
    data = orjson.dumps(
        {"discord_user_id": str(user_id), **kept}, option=orjson.OPT_INDENT_2, default=str
    )
    file = File("mixbot-export.json", data, "application/json")
    await answer.give(_("Everything that I remember of you."), file=file)


async def _show_profile(answer: Answer, *, shown: bool) -> None:
    preferences, user_id = answer.interaction.client.preferences, answer.interaction.user.id
    person = await preferences.person(user_id)
    await preferences.decide_for_person(replace(person, profile=shown))
    await open_privacy(answer)


def _forget_buttons() -> Rows:
    return [
        row(
            button(_("Forget me"), "m1:privacy:forget", style=DANGER),
            button(_("Keep everything"), "m1:privacy:keep"),
        )
    ]
