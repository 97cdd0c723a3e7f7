"""Which of several shows is meant: a message may share ten."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mixbot.accounts import Action
from mixbot.errors import UserError
from mixbot.languages import N_, _, ngettext
from mixbot.links import host_of, page_of
from mixbot.ui.acting import carry_out
from mixbot.ui.answers import Answer
from mixbot.ui.components import MOST_OPTIONS, menu, option, row
from mixbot.ui.handling import Interaction, chosen, handles
from mixbot.ui.references import Reference, reference, resolve
from mixbot.ui.showing import open_show
from mixbot.ui.text import isolate, plain

if TYPE_CHECKING:
    from mixbot.bot import MixBot

CARD = "card"


class NoShowHere(UserError):
    def __init__(self) -> None:
        super().__init__(N_("There is no link to a show in this message."))


async def settle(answer: Answer, show_keys: list[str], to: str) -> None:
    """Do `to` (a verb, or "card") with the one show, or ask with a menu which one is meant."""
    keys = list(dict.fromkeys(map(host_of, show_keys))) if to == "follow" else show_keys
    if not keys:
        raise NoShowHere
    bot = answer.interaction.client
    if to != CARD:  # where it can be done with none of them, doing it says why
        keys = [key for key in keys if bot.accounts.can_do(Action(to, key))] or keys
    if len(keys) == 1:
        await _do(answer, keys[0], to)
        return
    options = [
        option(plain(name(bot, key), 100), await reference(bot.store, key))
        for key in keys[:MOST_OPTIONS]
    ]
    if to == "follow":
        question = ngettext(
            "This message has {number} host. Which one?",
            "This message has {number} hosts. Which one?",
            len(keys),
        )
    else:
        question = ngettext(
            "This message has {number} show. Which one?",
            "This message has {number} shows. Which one?",
            len(keys),
        )
    if len(keys) > MOST_OPTIONS:
        question += " " + _("Here are the first {number}.", number=MOST_OPTIONS)
    await answer.give(
        question, rows=[row(menu(f"m1:pick:{to}", options, placeholder=_("Choose one…")))]
    )


def name(bot: MixBot, key: str) -> str:
    """What a menu calls `key`: its title if a card showed it lately, else what its link says."""
    page = page_of(key)
    title = bot.names.get(key) or (page.name or "").replace("-", " ")
    return f"{isolate(title)} · {isolate(page.user)}" if title else page.user


async def _do(answer: Answer, key: str, to: str) -> None:
    if to == CARD:
        await open_show(answer, key)
    else:
        await carry_out(answer, Action(to, key))


@handles(re.compile(r"m1:pick:(?P<to>card|favorite|follow|repost|listen_later)"))
async def pick(interaction: Interaction, match: re.Match[str]) -> None:
    """Do one thing with the show that was chosen, in a private answer of its own."""
    async with Answer(interaction, private=True) as answer:
        ref = Reference(chosen(interaction))
        await _do(answer, await resolve(interaction.client.store, ref), match["to"])
