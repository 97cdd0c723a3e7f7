"""Leafing through what Mixcloud found: one card, a menu of its page, buttons to go on.

All state is in the custom_ids, so a pager works after a restart and costs no memory.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self, cast

import discord

from mixbot.errors import UserError
from mixbot.mixcloud import Cloudcast, Mixcloud, Resource, ResourceList, SearchType, User
from mixbot.ui import cards, replies
from mixbot.ui.acting import ActionButton
from mixbot.ui.references import SHORT, Reference, reference, resolve
from mixbot.ui.text import count, duration, plain

if TYPE_CHECKING:
    from mixbot.bot import MixBot

PAGE = 20  # results; a menu holds 25, two of which lead to the neighbouring pages
QUERY_ROOM = 48  # characters of a query inside a custom_id
URL_LIMIT = 512  # characters; Discord refuses a link button with more
TYPES: dict[str, SearchType] = {"s": "cloudcast", "u": "user", "t": "tag"}
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
        if (page := bot.pages.get(key)) is None:
            page = bot.pages[key] = await self._ask(bot.mixcloud, offset)
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
class Answer:
    """What a message of the pager shows, and which show that is, if it is one."""

    embed: discord.Embed
    view: discord.ui.View
    show_key: str | None = None


class SomethingElse(UserError):
    def __init__(self, found: Resource, expected: str) -> None:
        kind = type(found).__name__.lower()
        super().__init__(f"That leads to a {kind} on Mixcloud, and I expected {expected}.")


async def first(bot: MixBot, listing: Listing, owner_id: int) -> Answer | None:
    """The message for the first result of `listing`, or None when there is none."""
    return await render(bot, Place(await stored(bot, listing), 0, owner_id))


async def render(bot: MixBot, place: Place) -> Answer | None:
    """The message for `place`, or None when nothing is listed there."""
    listing = await _restored(bot, place.listing)
    page = await listing.page(bot, place.offset)
    if not page:
        return None
    view = discord.ui.View(timeout=None)
    view.add_item(PageMenu(place, _options(place, page)))
    show = page[min(place.index - place.offset, len(page) - 1)]
    if not isinstance(show, Cloudcast):
        return Answer(cards.names(page, listing.title), view)
    bot.names[show.key] = show.name
    await add_show_buttons(view, bot, show)
    known = place.offset + len(page)
    more = page.has_next
    before, after = replace(place, index=place.index - 1), replace(place, index=place.index + 1)
    view.add_item(TurnButton("◀ Previous", before, enabled=before.index >= 0))
    view.add_item(TurnButton("Next ▶", after, enabled=after.index < known or more))
    embed = cards.show(show, large=False)
    count = f"{place.index + 1} of {known}{'+' if more else ''}"
    embed.set_footer(text=plain(f"{count} · {listing.title}", 200))
    return Answer(embed, view, show.key)


async def add_show_buttons(view: discord.ui.View, bot: MixBot, show: Cloudcast) -> None:
    """♥ Favorite · Follow · Repost · Later · Play, in a row."""
    ref = await reference(bot.store, show.key)
    host = await reference(bot.store, show.user.key)
    view.add_item(ActionButton("favorite", ref))
    view.add_item(ActionButton("follow", host))
    view.add_item(ActionButton("repost", ref))
    view.add_item(ActionButton("listen_later", ref))
    play = f"{bot.public_url}/play{show.key}"
    if len(play) > URL_LIMIT:
        play = f"{bot.public_url}/play/{SHORT}/{await bot.store.short_id(show.key)}/"
    view.add_item(discord.ui.Button(label="▶ Play", url=play))


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


def _options(place: Place, page: Sequence[Resource]) -> list[discord.SelectOption]:
    options = [
        discord.SelectOption(
            label=plain(one.name, 100) or one.key[:100],
            value=str(place.offset + position),
            description=_description(one),
        )
        for position, one in enumerate(page[:PAGE])
    ]
    if place.offset:
        options.insert(0, discord.SelectOption(label="Earlier results…", value=EARLIER))
    if cast(ResourceList, page).has_next:
        options.append(discord.SelectOption(label="More results…", value=LATER))
    return options


def _description(one: Resource) -> str | None:
    if not isinstance(one, Cloudcast):
        return None
    parts = [one.user.name]
    if one.seconds:
        parts.append(duration(one.seconds))
    if one.play_count is not None:
        parts.append(f"{count(one.play_count)} plays")
    return plain(" · ".join(parts), 100)


async def turn_to(interaction: discord.Interaction[MixBot], place: Place) -> None:
    """Show `place` on the clicked message if it is the clicker's, else in a private copy."""
    bot = interaction.client
    if mine := interaction.user.id == place.owner_id:
        await interaction.response.defer()
    else:
        await interaction.response.defer(ephemeral=True, thinking=True)
        place = replace(place, owner_id=interaction.user.id)
    answer = await render(bot, place)
    if answer is None:
        await replies.say(interaction, "That was the last one.")
        return
    if mine and not (interaction.message and interaction.message.flags.ephemeral):
        await remember(interaction, answer.show_key)
    await interaction.edit_original_response(embed=answer.embed, view=answer.view)


async def remember(interaction: discord.Interaction[MixBot], show_key: str | None) -> None:
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


async def open_show(
    interaction: discord.Interaction[MixBot], key: str, *, public: bool = False
) -> None:
    """Answer a deferred interaction with a show's card and its buttons."""
    bot = interaction.client
    show = await bot.mixcloud.get(key)
    if not isinstance(show, Cloudcast):
        raise SomethingElse(show, "a show")
    bot.names[show.key] = show.name
    view = discord.ui.View(timeout=None)
    await add_show_buttons(view, bot, show)
    if public:
        await remember(interaction, show.key)
    await interaction.edit_original_response(embed=cards.show(show), view=view)


async def open_person(interaction: discord.Interaction[MixBot], key: str) -> None:
    """Answer a deferred interaction with a person's card and a way to follow them."""
    bot = interaction.client
    user = await bot.mixcloud.get(key)
    if not isinstance(user, User):
        raise SomethingElse(user, "a person")
    view = discord.ui.View(timeout=None)
    view.add_item(ActionButton("follow", await reference(bot.store, user.key)))
    if len(user.url) <= URL_LIMIT:
        view.add_item(discord.ui.Button(label="Open on Mixcloud", url=user.url))
    await interaction.edit_original_response(embed=cards.person(user), view=view)


class TurnButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=r"m1:go:(?P<owner>\d+):(?P<index>\d+):(?P<listing>.+)",
):
    """Goes to one place of a listing."""

    def __init__(self, label: str, place: Place, *, enabled: bool = True) -> None:
        self.place = place
        custom_id = f"m1:go:{place.owner_id}:{max(place.index, 0)}:{place.listing}"
        super().__init__(discord.ui.Button(label=label, custom_id=custom_id, disabled=not enabled))

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        return cls("", _place(match))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        try:
            await turn_to(interaction, self.place)
        except Exception as error:  # discord.py would only log it
            await replies.report(interaction, error)


class PageMenu(
    discord.ui.DynamicItem[discord.ui.Select[discord.ui.View]],
    template=r"m1:menu:(?P<owner>\d+):(?P<index>\d+):(?P<listing>.+)",
):
    """Opens one of a page's results."""

    def __init__(self, place: Place, options: list[discord.SelectOption]) -> None:
        self.place = place
        super().__init__(
            discord.ui.Select(
                placeholder=f"Open one of these {len(options)}…",
                custom_id=f"m1:menu:{place.owner_id}:{place.index}:{place.listing}",
                options=options,
            )
        )

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        return cls(_place(match), getattr(item, "options", []))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        try:
            await _open(interaction, self.place, self.item.values[0])
        except Exception as error:  # discord.py would only log it
            await replies.report(interaction, error)


def _place(match: re.Match[str]) -> Place:
    return Place(match["listing"], int(match["index"]), int(match["owner"]))


async def _open(interaction: discord.Interaction[MixBot], here: Place, choice: str) -> None:
    if choice == EARLIER:
        await turn_to(interaction, replace(here, index=max(here.offset - PAGE, 0)))
    elif choice == LATER:
        await turn_to(interaction, replace(here, index=here.offset + PAGE))
    elif here.listing[0] in SHOWS:
        await turn_to(interaction, replace(here, index=int(choice)))
    else:
        await _open_name(interaction, replace(here, index=int(choice)))


async def _open_name(interaction: discord.Interaction[MixBot], place: Place) -> None:
    """Answer with a person's card, or with the popular shows of a tag."""
    bot = interaction.client
    await interaction.response.defer(ephemeral=True, thinking=True)
    page = await (await _restored(bot, place.listing)).page(bot, place.offset)
    key = page[min(place.index - place.offset, len(page) - 1)].key
    if place.listing[0] == "u":
        await open_person(interaction, key)
        return
    answer = await first(bot, Listing("g", key.strip("/").rsplit("/", 1)[-1]), interaction.user.id)
    if answer is None:
        await replies.say(interaction, "Nothing carries this tag yet.")
    else:
        await interaction.edit_original_response(embed=answer.embed, view=answer.view)
