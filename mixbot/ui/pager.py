"""Leafing through what Mixcloud found: one card, a menu of its page, buttons to go on.

All state is in the custom_ids, so a pager works after a restart and costs no memory.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, cast

import discord

from mixbot.errors import UserError
from mixbot.mixcloud import Cloudcast, Mixcloud, Resource, ResourceList, SearchType, User
from mixbot.ui import cards, replies
from mixbot.ui.acting import ActionButton
from mixbot.ui.references import SHORT, reference
from mixbot.ui.text import count, duration, plain

if TYPE_CHECKING:
    from mixbot.bot import MixBot

PAGE = 20  # results; a menu holds 25, two of which lead to the neighbouring pages
QUERY_ROOM = 48  # characters of a query inside a custom_id
URL_LIMIT = 512  # characters; Discord refuses a link button with more
TYPES: dict[str, SearchType] = {"s": "cloudcast", "u": "user", "t": "tag"}
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
    """Where someone is in a listing. `owner_id` alone turns this message's pages."""

    listing: Listing
    index: int
    owner_id: int


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


async def render(bot: MixBot, place: Place) -> Answer | None:
    """The message for `place`, or None when nothing is listed there."""
    offset = place.index - place.index % PAGE
    page = await place.listing.page(bot, offset)
    if not page:
        return None
    view = discord.ui.View(timeout=None)
    view.add_item(PageMenu(place, await _stored(bot, place.listing), _options(place, page)))
    show = page[min(place.index - offset, len(page) - 1)]
    if not isinstance(show, Cloudcast):
        return Answer(cards.names(page, place.listing.title), view)
    bot.names[show.key] = show.name
    await add_show_buttons(view, bot, show)
    last = offset + len(page) - 1
    has_more = page.has_next
    stored = await _stored(bot, place.listing)
    view.add_item(TurnButton("◀ Previous", place, stored, place.index - 1, place.index > 0))
    view.add_item(
        TurnButton("Next ▶", place, stored, place.index + 1, place.index < last or has_more)
    )
    embed = cards.show(show, large=False)
    total = f"{last + 1}+" if has_more else f"{last + 1}"
    embed.set_footer(text=plain(f"{place.index + 1} of {total} · {place.listing.title}", 200))
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


async def _stored(bot: MixBot, listing: Listing) -> str:
    """`listing` as it stands in a custom_id."""
    query = listing.query
    if len(query) > QUERY_ROOM or query.startswith(SHORT):
        query = SHORT + await bot.store.short_id(query)
    return listing.code + query


async def _restored(bot: MixBot, text: str) -> Listing:
    code, query = text[0], text[1:]
    if query.startswith(SHORT):
        query = await bot.store.long_key(query.removeprefix(SHORT)) or ""
    return Listing(code, query)


def _options(place: Place, page: Sequence[Resource]) -> list[discord.SelectOption]:
    offset = place.index - place.index % PAGE
    options = [
        discord.SelectOption(
            label=plain(one.name, 100) or one.key[:100],
            value=str(offset + position),
            description=_description(one),
            default=isinstance(one, Cloudcast) and offset + position == place.index,
        )
        for position, one in enumerate(page)
    ]
    if offset:
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
        place = Place(place.listing, place.index, interaction.user.id)
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

    def __init__(
        self, label: str, place: Place, stored: str, index: int, enabled: bool = True
    ) -> None:
        self.place = place
        super().__init__(
            discord.ui.Button(
                label=label,
                custom_id=f"m1:go:{place.owner_id}:{max(index, 0)}:{stored}",
                disabled=not enabled,
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
        listing = await _restored(interaction.client, match["listing"])
        index = int(match["index"])
        place = Place(listing, index, int(match["owner"]))
        return cls(getattr(item, "label", None) or "", place, match["listing"], index)

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

    def __init__(self, place: Place, stored: str, options: list[discord.SelectOption]) -> None:
        self.place = place
        super().__init__(
            discord.ui.Select(
                placeholder="Open one of these…",
                custom_id=f"m1:menu:{place.owner_id}:{place.index}:{stored}",
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
        listing = await _restored(interaction.client, match["listing"])
        place = Place(listing, int(match["index"]), int(match["owner"]))
        return cls(place, match["listing"], getattr(item, "options", []))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        try:
            await self._open(interaction, self.item.values[0])
        except Exception as error:  # discord.py would only log it
            await replies.report(interaction, error)

    async def _open(self, interaction: discord.Interaction[MixBot], choice: str) -> None:
        listing, owner_id = self.place.listing, self.place.owner_id
        offset = self.place.index - self.place.index % PAGE
        if choice == EARLIER:
            await turn_to(interaction, Place(listing, max(offset - PAGE, 0), owner_id))
        elif choice == LATER:
            await turn_to(interaction, Place(listing, offset + PAGE, owner_id))
        elif listing.code in "sgp":
            await turn_to(interaction, Place(listing, int(choice), owner_id))
        else:
            await self._open_name(interaction, int(choice) - offset, offset)

    async def _open_name(
        self, interaction: discord.Interaction[MixBot], position: int, offset: int
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        page = await self.place.listing.page(interaction.client, offset)
        key = page[min(position, len(page) - 1)].key
        if self.place.listing.code == "u":
            await open_person(interaction, key)
            return
        tag = Listing("g", key.strip("/").rsplit("/", 1)[-1])
        answer = await render(interaction.client, Place(tag, 0, interaction.user.id))
        if answer is None:
            await replies.say(interaction, "Nothing carries this tag yet.")
        else:
            await interaction.edit_original_response(embed=answer.embed, view=answer.view)
