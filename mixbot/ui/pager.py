"""Leafing through what Mixcloud found: one card, a menu of its page, buttons to go on.

All state is in the custom_ids, so a pager works after a restart and costs no memory.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

import discord
import orjson

from mixbot.errors import UserError
from mixbot.mixcloud import Cloudcast, Mixcloud, Resource, ResourceList, SearchType, User
from mixbot.ui import cards
from mixbot.ui.acting import action_button
from mixbot.ui.answers import Answer
from mixbot.ui.components import (
    Component,
    Interaction,
    Rows,
    button,
    chosen,
    handles,
    link_button,
    menu,
    option,
    row,
)
from mixbot.ui.references import SHORT, Reference, reference, resolve
from mixbot.ui.text import count, duration, plain

if TYPE_CHECKING:
    from mixbot.bot import MixBot

PAGE = 20  # results; a menu holds 25, two of which lead to the neighbouring pages
QUERY_ROOM = 48  # characters of a query inside a custom_id
URL_LIMIT = 512  # characters; Discord refuses a link button with more
TYPES: dict[str, SearchType] = {"s": "cloudcast", "u": "user", "t": "tag"}
PLACE = r"(?P<owner>\d+):(?P<index>\d+):(?P<listing>.+)"
SHOWS = "sgp"  # the listings whose results are shows
EARLIER, LATER = "earlier", "later"


@dataclass(frozen=True, slots=True)
class Listing:
    """What is listed: a search for shows (s), people (u) or tags (t), the popular shows of a tag
    (g) or of all (p). The letters are part of custom_ids and must never change.
    """

    code: str
    query: str

    @property
    def title(self) -> str:
        titles = {"g": f"Shows tagged {self.query}", "p": "Popular shows"}
        return titles.get(self.code, f"“{self.query}”")

    async def page(self, bot: MixBot, offset: int) -> ResourceList:
        """The page that starts at `offset`; leafing back and forth asks Mixcloud once."""
        key = (self.code, self.query, offset)
        if (kept := bot.pages.get(key)) is not None:
            return ResourceList(orjson.loads(kept), bot.mixcloud)
        page = await self._ask(bot.mixcloud, offset)
        # As JSON: a page kept as objects takes seven times the memory, and the time of every
        # collection of garbage.
        bot.pages[key] = orjson.dumps(page.data)
        return page

    async def _ask(self, mixcloud: Mixcloud, offset: int) -> ResourceList:
        if self.code == "p":
            return await mixcloud.popular(offset=offset, limit=PAGE)
        if self.code == "g":
            tag = await mixcloud.discover(self.query)
            return await tag.connection("popular", offset=offset, limit=PAGE)
        return await mixcloud.search(self.query, type=TYPES[self.code], offset=offset, limit=PAGE)


@dataclass(frozen=True, slots=True)
class Place:
    """Where someone is in a listing, as custom_ids hold it.

    `listing` is what `stored` made of one. `owner_id` alone turns this message's pages.
    """

    listing: str
    index: int
    owner_id: int

    @property
    def offset(self) -> int:
        """Where this place's page begins."""
        return self.index - self.index % PAGE


@dataclass(frozen=True, slots=True)
class Page:
    """What a message of the pager shows, and which show that is, if it is one."""

    embed: discord.Embed
    rows: Rows
    show_key: str | None = None


class SomethingElse(UserError):
    def __init__(self, found: Resource, expected: str) -> None:
        kind = type(found).__name__.lower()
        super().__init__(f"That leads to a {kind} on Mixcloud, and I expected {expected}.")


class NothingThere(UserError):
    def __init__(self) -> None:
        super().__init__("That was the last one.")


async def first(bot: MixBot, listing: Listing, owner_id: int) -> Page | None:
    """The message for the first result of `listing`, or None when there is none."""
    return await render(bot, Place(await stored(bot, listing), 0, owner_id))


async def render(bot: MixBot, place: Place) -> Page | None:
    """The message for `place`, or None when nothing is listed there."""
    listing = await _restored(bot, place.listing)
    page = await listing.page(bot, place.offset)
    if not page:
        return None
    results = row(_menu(place, page))
    show = page[min(place.index - place.offset, len(page) - 1)]
    if not isinstance(show, Cloudcast):
        return Page(cards.names(page, listing.title), [results])
    bot.names[show.key] = show.name
    known = place.offset + len(page)
    before, after = place.index - 1, place.index + 1
    turning = row(
        _turn_button("◀ Previous", place, before, enabled=before >= 0),
        _turn_button("Next ▶", place, after, enabled=after < known or page.has_next),
    )
    embed = cards.show(show, large=False)
    total = f"{known}{'+' if page.has_next else ''}"
    embed.set_footer(text=plain(f"{place.index + 1} of {total} · {listing.title}", 200))
    return Page(embed, [results, await show_buttons(bot, show), turning], show.key)


async def show_buttons(bot: MixBot, show: Cloudcast) -> Component:
    """♥ Favorite · Follow · Repost · Later · Play, in a row."""
    ref = await reference(bot.store, show.key)
    host = await reference(bot.store, show.user.key)
    play = f"{bot.public_url}/play{show.key}"
    if len(play) > URL_LIMIT:
        play = f"{bot.public_url}/play/{SHORT}/{await bot.store.short_id(show.key)}/"
    return row(
        action_button("favorite", ref),
        action_button("follow", host),
        action_button("repost", ref),
        action_button("listen_later", ref),
        link_button("▶ Play", play),
    )


async def stored(bot: MixBot, listing: Listing) -> str:
    """`listing` as it stands in a custom_id."""
    query = listing.query
    if len(query) > QUERY_ROOM or query.startswith(SHORT):
        query = SHORT + await bot.store.short_id(query)
    return listing.code + query


async def _restored(bot: MixBot, text: str) -> Listing:
    code, query = text[0], text[1:]
    if query.startswith(SHORT):
        query = await resolve(bot.store, Reference(query))
    return Listing(code, query)


def _menu(place: Place, page: ResourceList) -> Component:
    results = [
        option(plain(one.name, 100) or one.key[:100], str(number), _description(one))
        for number, one in enumerate(islice(page, PAGE), place.offset)
    ]
    earlier = [option("Earlier results…", EARLIER)] if place.offset else []
    later = [option("More results…", LATER)] if page.has_next else []
    return menu(
        f"m1:menu:{_written(place, place.index)}",
        earlier + results + later,
        placeholder=f"Open one of these {len(results)}…",
    )


def _turn_button(label: str, place: Place, index: int, *, enabled: bool) -> Component:
    return button(label, f"m1:go:{_written(place, max(index, 0))}", disabled=not enabled)


def _written(place: Place, index: int) -> str:
    return f"{place.owner_id}:{index}:{place.listing}"


def _read(match: re.Match[str]) -> Place:
    return Place(match["listing"], int(match["index"]), int(match["owner"]))


def _description(one: Resource) -> str:
    if not isinstance(one, Cloudcast):
        return ""
    seconds, plays = one.seconds, one.play_count
    length = f" · {duration(seconds)}" if seconds else ""
    heard = f" · {count(plays)} plays" if plays is not None else ""
    return plain(f"{one.user.name}{length}{heard}", 100)


@handles(re.compile(rf"m1:go:{PLACE}"))
async def turn(interaction: Interaction, match: re.Match[str]) -> None:
    """Go to the place that the button names."""
    await turn_to(interaction, _read(match))


@handles(re.compile(rf"m1:menu:{PLACE}"))
async def open_choice(interaction: Interaction, match: re.Match[str]) -> None:
    """Open what was chosen in the menu of a page."""
    here, choice = _read(match), chosen(interaction)
    if choice == EARLIER:
        await turn_to(interaction, replace(here, index=max(here.offset - PAGE, 0)))
    elif choice == LATER:
        await turn_to(interaction, replace(here, index=here.offset + PAGE))
    elif here.listing[0] in SHOWS:
        await turn_to(interaction, replace(here, index=int(choice)))
    else:
        await _open_name(interaction, replace(here, index=int(choice)))


async def turn_to(interaction: Interaction, place: Place) -> None:
    """Show `place` on the clicked message if it is the clicker's, else in a private copy."""
    bot = interaction.client
    mine = interaction.user.id == place.owner_id
    place = replace(place, owner_id=interaction.user.id)
    async with Answer(interaction, private=not mine, in_place=mine) as answer:
        page = await render(bot, place)
        if page is None:
            raise NothingThere
        if mine and not (interaction.message and interaction.message.flags.ephemeral):
            await remember(interaction, page.show_key)
        await answer.give(embed=page.embed, rows=page.rows)


async def _open_name(interaction: Interaction, place: Place) -> None:
    """Answer with a person's card, or with the popular shows of a tag."""
    bot = interaction.client
    async with Answer(interaction, private=True) as answer:
        found = await (await _restored(bot, place.listing)).page(bot, place.offset)
        if not found:
            raise NothingThere
        key = found[min(place.index - place.offset, len(found) - 1)].key
        if place.listing[0] == "u":
            await open_person(answer, key)
            return
        tag = Listing("g", key.strip("/").rsplit("/", 1)[-1])
        page = await first(bot, tag, interaction.user.id)
        if page is None:
            await answer.give("Nothing carries this tag yet.")
        else:
            await answer.give(embed=page.embed, rows=page.rows)


async def remember(interaction: Interaction, show_key: str | None) -> None:
    """Note that everyone in the channel is about to see this show: the last one shared there."""
    if show_key and interaction.channel_id:
        bot = interaction.client
        await bot.store.record_share(
            interaction.channel_id,
            show_key,
            shared_at=interaction.created_at,
            name=bot.names.get(show_key),
            user_id=interaction.user.id,
            guild_id=interaction.guild_id,
        )


async def open_show(answer: Answer, key: str, *, public: bool = False) -> None:
    """Answer with a show's card and its buttons."""
    bot = answer.interaction.client
    show = await bot.mixcloud.get(key)
    if not isinstance(show, Cloudcast):
        raise SomethingElse(show, "a show")
    bot.names[show.key] = show.name
    if public:
        await remember(answer.interaction, show.key)
    await answer.give(embed=cards.show(show), rows=[await show_buttons(bot, show)])


async def open_person(answer: Answer, key: str) -> None:
    """Answer with a person's card and a way to follow them."""
    bot = answer.interaction.client
    user = await bot.mixcloud.get(key)
    if not isinstance(user, User):
        raise SomethingElse(user, "a person")
    buttons = [action_button("follow", await reference(bot.store, user.key))]
    if len(user.url) <= URL_LIMIT:
        buttons.append(link_button("Open on Mixcloud", user.url))
    await answer.give(embed=cards.person(user), rows=[row(*buttons)])
