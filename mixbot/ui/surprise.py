"""“I have 58 minutes”: a show that fits, by chance."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

import discord

from mixbot.errors import UserError
from mixbot.languages import N_, _, ngettext
from mixbot.mixcloud import Cloudcast
from mixbot.mixcloud.models import comparable
from mixbot.ui import cards
from mixbot.ui.acting import ACTION
from mixbot.ui.answers import Answer, remember
from mixbot.ui.components import button, row
from mixbot.ui.handling import Interaction, custom_ids, handles, seen_alone
from mixbot.ui.listings import Listing, restored, stored
from mixbot.ui.pager import ANYBODY
from mixbot.ui.references import Reference, reference, resolve
from mixbot.ui.showing import show_buttons
from mixbot.ui.text import duration

if TYPE_CHECKING:
    from mixbot.bot import MixBot

PAGES = 5  # of popular and of new shows, among which chance decides
ATTEMPTS = 4  # pages looked at, at the most
SHORTEST = 0.8  # of the minutes somebody has, that a show should fill


class NothingFits(UserError):
    def __init__(self) -> None:
        super().__init__(N_("I found nothing that fits. Try another tag, or other minutes."))


async def find(
    bot: MixBot,
    tag: str,
    minutes: int | None,
    user_id: int,
    chance: random.Random,
    but: str = "",
) -> Cloudcast:
    """A show, with the tag if there is one, that fits into `minutes` if there are any; not `but`.

    Popular and new shows are looked at until one fills four fifths of the time; if none does, it
    is the longest that does not exceed it. Raises NothingFits where all do.
    """
    codes, but = "gm" if tag else "pn", comparable(but)
    best: Cloudcast | None = None
    places = [(code, page) for code in codes for page in range(PAGES)]
    chance.shuffle(places)
    # First pages exist where the others may not.
    places = [*places[: ATTEMPTS - 1], (codes[0], 0)]
    for code, number in places:
        listing = Listing(code, tag)
        leaf = await listing.page(bot, number * listing.size, user_id)
        shows: list[Cloudcast] = [show for show in leaf.all() if comparable(show.key) != but]
        if minutes is None and shows:
            return chance.choice(shows)
        room = (minutes or 0) * 60
        fitting = [show for show in shows if room * SHORTEST <= (show.seconds or 0) <= room]
        if fitting:
            return chance.choice(fitting)
        shorter = [show for show in shows if 0 < (show.seconds or 0) <= room]
        best = max([*shorter, *([best] if best else [])], key=_length, default=None)
    if best is None:
        raise NothingFits
    return best


def _length(show: Cloudcast) -> int:
    return show.seconds or 0


async def open_surprise(
    answer: Answer, tag: str, minutes: int | None, *, but: str = "", anybody: bool = False
) -> None:
    """Answer with a show that fits, and a button for another one, which `anybody` may press."""
    bot, user_id = answer.interaction.client, answer.interaction.user.id
    show = await find(bot, tag, minutes, user_id, random.SystemRandom(), but)
    bot.names[show.key] = show.name
    if not answer.private:
        await remember(answer.interaction, show.key)
    small = ""
    if minutes is not None:
        small = ngettext(
            "{length} for your {number} minute",
            "{length} for your {number} minutes",
            minutes,
            length=duration(show.seconds or 0),
        )
    owner_id, listing = ANYBODY if anybody else user_id, await stored(bot, Listing("g", tag))
    more = [button(_("🎲 Another one"), f"m1:again:{owner_id}:{minutes or 0}:{listing}")]
    if answer.can_be_shown:
        ref = await reference(bot.store, show.key)
        more.append(button(_("Show to all"), f"m1:all:show:{ref}"))
    rows = [await show_buttons(bot, show), row(*more)]
    await answer.give(card=cards.show(show, large=False, small=small), rows=rows)


@handles(re.compile(r"m1:again:(?P<owner>\d+):(?P<minutes>\d{1,4}):(?P<listing>.+)"))
async def another(interaction: Interaction, match: re.Match[str]) -> None:
    """Show another one in its place; to those who did not ask for the first, privately."""
    owner_id = int(match["owner"])
    mine = owner_id in (ANYBODY, interaction.user.id)
    private = not mine or seen_alone(interaction)
    async with Answer(interaction, private=private, in_place=mine) as answer:
        bot = interaction.client
        listing = await restored(bot, match["listing"])
        but = await _shown(bot, interaction.message) if interaction.message else ""
        minutes = int(match["minutes"]) or None
        await open_surprise(answer, listing.query, minutes, but=but, anybody=owner_id == ANYBODY)


async def _shown(bot: MixBot, message: discord.Message) -> str:
    """The key of the show that a message is about now."""
    for custom_id in custom_ids(message):
        if (match := ACTION.fullmatch(custom_id)) and match["code"] == "fav":
            return await resolve(bot.store, Reference(match["ref"]))
    return ""
