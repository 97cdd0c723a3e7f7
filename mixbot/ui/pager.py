"""Leafing through what Mixcloud lists: one card, a menu of its page, buttons to go on.

All state is in the custom_ids, so a pager works after a restart and costs no memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mixbot import soundcloud
from mixbot.accounts import NotLinked
from mixbot.errors import UserError
from mixbot.languages import N_, _, spoken
from mixbot.mixcloud import Cloudcast, Playlist, Tag, User
from mixbot.services.soundcloud import resource_key
from mixbot.ui import cards, linking
from mixbot.ui.answers import Answer, remember, written_once
from mixbot.ui.components import Component, Rows, button, menu, row
from mixbot.ui.details import Glance
from mixbot.ui.handling import Interaction, chosen, handles, seen_alone
from mixbot.ui.listings import (
    COMMENTS,
    EARLIER,
    FEED,
    LATER,
    OWN,
    SHOWS,
    Leaf,
    Listing,
    listing_of,
    opened_by,
    playlist_of,
    restored,
    stored,
)
from mixbot.ui.references import Reference, resolve
from mixbot.ui.showing import glance, open_person, open_show
from mixbot.ui.text import escape

if TYPE_CHECKING:
    from mixbot.bot import MixBot

DRAWN: dict[str, Callable[..., cards.Card]] = {FEED: cards.feed, COMMENTS: cards.comments}
ANYBODY = 0  # the owner of a pager that everyone may turn
PLACE = r"(?P<owner>\d+):(?P<index>\d{1,7}):(?P<listing>.+)"


@dataclass(frozen=True, slots=True)
class Place:
    """Where someone is in a listing, as custom_ids hold it.

    `owner_id` alone turns this message's pages, unless that is ANYBODY.
    """

    listing: Listing
    index: int
    owner_id: int

    @property
    def offset(self) -> int:
        """Where this place's page begins."""
        return self.index - self.index % self.listing.size


@dataclass(frozen=True, slots=True)
class Page:
    """What a message of the pager shows, and which show that is, if it is one."""

    card: cards.Card
    rows: Rows
    show_key: str | None = None


class NothingThere(UserError):
    def __init__(self) -> None:
        super().__init__(N_("That was the last one."))


async def open_listing(
    answer: Answer, listing: Listing, *, index: int = 0, nothing: str = "", anybody: bool = False
) -> None:
    """Answer with the result at `index`, or with the sentence `nothing` where there is none.

    Who has to link an account for it gets the button for that.
    """
    interaction = answer.interaction
    owner_id = ANYBODY if anybody else interaction.user.id
    place = Place(listing, index, owner_id)
    try:
        page = await render(answer, place)
    except NotLinked as problem:
        await linking.offer(answer, problem)
        return
    if page is None:
        await answer.give(nothing or _("There is nothing here yet."))
        return
    if not answer.private:
        await remember(interaction, page.show_key)
    await answer.give(card=page.card, rows=page.rows)


async def render(answer: Answer, place: Place) -> Page | None:
    """The message for `place`, or None when nothing is listed there."""
    bot, listing = answer.interaction.client, place.listing
    leaf = await listing.page(bot, place.offset, answer.interaction.user.id)
    if not leaf:
        return None
    # A page of SoundCloud may have fewer than were asked for.
    place = replace(place, index=min(place.index, place.offset + len(leaf) - 1))
    draw = _draw_show if listing.code in SHOWS else _draw_lines
    return await draw(bot, place, leaf, can_be_shown=answer.can_be_shown)


async def _draw_show(bot: MixBot, place: Place, leaf: Leaf, *, can_be_shown: bool) -> Page:
    """A show of the page, its buttons, and the menu of the others."""
    shown = await _shown(bot, place, leaf)
    bot.names[shown.key] = shown.name
    written = await stored(bot, place.listing)
    known = place.offset + len(leaf)
    before, after = place.index - 1, place.index + 1
    if after >= known:
        after = place.offset + place.listing.size
    turning = [
        _turn_button(_("◀ Previous"), place, written, before, enabled=before >= 0),
        _turn_button(_("Next ▶"), place, written, after, enabled=after < known or leaf.more),
    ]
    if can_be_shown and place.listing.code not in OWN:
        turning.append(button(_("Show to all"), f"m1:all:list:{place.index}:{written}"))
    rows = [shown.buttons, row(*turning)]
    if options := place.listing.options(leaf, place.offset):
        rows.insert(1, row(_menu(place, written, options, len(leaf))))
    return Page(shown.card, rows, shown.key)


async def _shown(bot: MixBot, place: Place, leaf: Leaf) -> Glance:
    """The show at `place`; nearly everyone comes to the first of a page, and it is drawn once."""
    which = place.index, spoken()
    if leaf.drawn[0] != which:
        leaf.drawn = which, await _draw(bot, place, leaf)
    shown: Glance = leaf.drawn[1]
    return shown


async def _draw(bot: MixBot, place: Place, leaf: Leaf) -> Glance:
    show = leaf.result(place.index - place.offset)
    known = place.offset + len(leaf)
    at = _(
        "{place} of {total} · {title}",
        place=place.index + 1,
        total=f"{known}+" if leaf.more else known,
        title=escape(place.listing.title(bot), 150),
    )
    shown = await glance(bot, show, small=at)
    return replace(shown, buttons=written_once(shown.buttons))


async def _draw_lines(bot: MixBot, place: Place, leaf: Leaf, *, can_be_shown: bool) -> Page:
    """A page of what is listed by the line: people, tags, playlists, comments, deeds."""
    listing, found = place.listing, leaf.all()
    for one in found:
        if isinstance(one, User):
            bot.names[one.key] = one.name
    written = await stored(bot, listing)
    size, last = listing.size, place.offset + len(leaf)
    small = ""
    rows: list[Component] = []
    if place.offset or leaf.more:
        small = f"{place.offset + 1}–{last}"
        back, on = place.offset - size, place.offset + size
        rows.append(
            row(
                _turn_button(_("◀ Previous"), place, written, back, enabled=back >= 0),
                _turn_button(_("Next ▶"), place, written, on, enabled=leaf.more),
            )
        )
    if options := listing.options(leaf, place.offset):
        rows.insert(0, row(_menu(place, written, options, len(leaf))))
    if can_be_shown and listing.code not in OWN:
        rows.append(row(button(_("Show to all"), f"m1:all:list:{place.index}:{written}")))
    draw: Callable[..., cards.Card] = DRAWN.get(listing.code, cards.names)
    return Page(draw(found, listing.title(bot), small=small), rows)


def _menu(place: Place, written: str, options: object, count: int) -> Component:
    return menu(
        f"m1:menu:{place.owner_id}:{place.index}:{written}",
        options,
        placeholder=_("Choose what to open ({number})…", number=count),
    )


def _turn_button(label: str, place: Place, written: str, index: int, *, enabled: bool) -> Component:
    custom_id = f"m1:go:{place.owner_id}:{max(index, 0)}:{written}"
    return button(label, custom_id, disabled=not enabled)


async def _read(bot: MixBot, match: re.Match[str]) -> Place:
    listing = await restored(bot, match["listing"])
    return Place(listing, int(match["index"]), int(match["owner"]))


@handles(re.compile(rf"m1:go:{PLACE}"))
async def turn(interaction: Interaction, match: re.Match[str]) -> None:
    """Go to the place that the button names."""
    await turn_to(interaction, await _read(interaction.client, match))


@handles(re.compile(rf"m1:menu:{PLACE}"))
async def open_choice(interaction: Interaction, match: re.Match[str]) -> None:
    """Open what was chosen in the menu of a page."""
    here, choice = await _read(interaction.client, match), chosen(interaction)
    size = here.listing.size
    if choice == EARLIER:
        await turn_to(interaction, replace(here, index=max(here.offset - size, 0)))
    elif choice == LATER:
        await turn_to(interaction, replace(here, index=here.offset + size))
    elif here.listing.code in SHOWS:
        await turn_to(interaction, replace(here, index=int(choice)))
    else:
        await _open_line(interaction, replace(here, index=int(choice)))


async def turn_to(interaction: Interaction, place: Place) -> None:
    """Show `place` on the clicked message if its clicker may turn it, else in a private copy."""
    mine = place.owner_id in (ANYBODY, interaction.user.id)
    if not mine:
        place = replace(place, owner_id=interaction.user.id)
    private = not mine or seen_alone(interaction)
    async with Answer(interaction, private=private, in_place=mine) as answer:
        page = await render(answer, place)
        if page is None:
            raise NothingThere
        if not answer.private:
            await remember(interaction, page.show_key)
        await answer.give(card=page.card, rows=page.rows)


async def _open_line(interaction: Interaction, place: Place) -> None:
    """Answer with what a line stands for: a person, a show, or what carries a tag."""
    bot = interaction.client
    async with Answer(interaction, private=True) as answer:
        leaf = await place.listing.page(bot, place.offset, interaction.user.id)
        if not leaf:
            raise NothingThere
        found = opened_by(leaf.result(min(place.index - place.offset, len(leaf) - 1)))
        match found:
            case User():
                await open_person(answer, found.key)
            case Cloudcast():
                await open_show(answer, found.key)
            case Playlist():
                await open_listing(answer, playlist_of(found.key))
            case soundcloud.User():
                await open_person(answer, resource_key(found))
            case soundcloud.Playlist():
                await open_show(answer, resource_key(found))
            case Tag():
                tag = found.key.strip("/").rsplit("/", 1)[-1]
                nothing = _("Nothing carries this tag yet.")
                await open_listing(answer, Listing("g", tag), nothing=nothing)


@handles(re.compile(r"m1:see:(?P<code>[ioMK]):(?P<ref>.+)"))
async def see(interaction: Interaction, match: re.Match[str]) -> None:
    """Show what is similar to a show, what was said about it, or what is in a playlist."""
    await _open_list(interaction, match["code"], match["ref"])


@handles(re.compile(r"m1:lists:(?P<ref>.+)"))
async def open_list(interaction: Interaction, match: re.Match[str]) -> None:
    """Open the list of a person that was chosen in the menu."""
    await _open_list(interaction, chosen(interaction), match["ref"])


@handles(re.compile(r"m1:own:(?P<code>[we])"))
async def open_own(interaction: Interaction, match: re.Match[str]) -> None:
    """Open a list that only its owner sees."""
    async with Answer(interaction, private=True) as answer:
        await open_listing(answer, Listing(match["code"]))


async def _open_list(interaction: Interaction, code: str, ref: str) -> None:
    async with Answer(interaction, private=True) as answer:
        key = await resolve(interaction.client.store, Reference(ref))
        await open_listing(answer, listing_of(code, key))


@handles(re.compile(r"m1:all:list:(?P<index>\d{1,7}):(?P<listing>.+)"))
async def show_to_all(interaction: Interaction, match: re.Match[str]) -> None:
    """Post to the channel what only one person saw until now; there, everyone may turn it."""
    async with Answer(interaction) as answer:
        listing = await restored(interaction.client, match["listing"])
        await open_listing(answer, listing, index=int(match["index"]), anybody=True)
