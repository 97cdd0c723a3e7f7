"""Command arguments that are more than text, and the shows a message is about."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import discord
from discord import app_commands

from mixbot import mixcloud
from mixbot.errors import UserError
from mixbot.mixcloud import Cloudcast, Link, ShortLink, find_links, read_key
from mixbot.ui.acting import ACTION
from mixbot.ui.choosing import host
from mixbot.ui.pager import Listing
from mixbot.ui.references import SHORT, Reference, reference, resolve
from mixbot.ui.text import escape, isolate, plain

if TYPE_CHECKING:
    from mixbot.bot import MixBot

log = logging.getLogger(__name__)

EXAMPLE = "https://www.mixcloud.com/spartacus/party-time/"
MIX = "A link, user/show, or a name; the last show shared here if empty"
CHOICES = 25
SHORT_LINKS = 5  # of one message, since each is a question to Mixcloud
POPULAR = Listing("p", "")
AUTOCOMPLETE_SECONDS = 1.5  # Discord drops suggestions after 3


class NotAShow(UserError):
    def __init__(self, value: str) -> None:
        super().__init__(
            f"I read “{escape(value, 200)}” and expected a link to a Mixcloud show, such as "
            f"<{EXAMPLE}>, or its `user/show`."
        )


class NotAPerson(UserError):
    def __init__(self, value: str) -> None:
        super().__init__(
            f"I read “{escape(value, 200)}” and expected a Mixcloud user name, or a link to a "
            "person or a show."
        )


class NothingShared(UserError):
    def __init__(self) -> None:
        super().__init__(
            f"No show was shared here yet. Give me one: paste a link such as <{EXAMPLE}>, "
            "or find one with `/mixcloud search`."
        )


Mention: TypeAlias = Link | ShortLink | Reference
"""How a show or a person is named, before anyone is asked what it stands for."""


class ShowLink(app_commands.Transformer):
    """A show, as a link in any form, as `user/show`, or as a choice of the autocomplete."""

    async def transform(self, interaction: discord.Interaction[Any], value: str, /) -> Mention:
        mention = read_mention(value)
        if mention is None or (isinstance(mention, Link) and not mention.show):
            raise NotAShow(value)
        return mention

    async def autocomplete(
        self, interaction: discord.Interaction[Any], value: float | str, /
    ) -> list[app_commands.Choice[Any]]:
        return await suggest(interaction, suggested_shows(interaction, str(value)))


class PersonLink(app_commands.Transformer):
    """A person, as a link, as a user name, or as the host of a show that is linked to."""

    async def transform(self, interaction: discord.Interaction[Any], value: str, /) -> Mention:
        mention = read_mention(value)
        if mention is None:
            raise NotAPerson(value)
        return mention


def read_mention(value: str) -> Mention | None:
    """The first link in `value`, or what it means as `user/show`, user name or short id."""
    value = value.strip()
    if value.startswith(SHORT):
        return Reference(value)
    return next(find_links(value), None) or read_key(value)


async def show_key(interaction: discord.Interaction[MixBot], mention: Mention | None) -> str:
    """The key of the show that is meant; left out, it is the last one shared here."""
    bot = interaction.client
    match mention:
        case Link():
            return mention.key
        case ShortLink():
            return (await bot.mixcloud.resolve(mention)).key
        case str():
            return await resolve(bot.store, mention)
        case None:
            share = await bot.store.last_share(interaction.channel_id or 0)
            if share is None:
                raise NothingShared
            if share.name:
                bot.names[share.key] = share.name
            return share.key


async def person_key(interaction: discord.Interaction[MixBot], mention: Mention | None) -> str:
    """The key of the person who is meant; of a show, it is the host."""
    return host(await show_key(interaction, mention))


async def suggest(
    interaction: discord.Interaction[MixBot],
    choices: Coroutine[Any, Any, list[app_commands.Choice[Any]]],
) -> list[app_commands.Choice[Any]]:
    """`choices`, or none when they would come too late: an autocomplete cannot be deferred."""
    try:
        async with asyncio.timeout(AUTOCOMPLETE_SECONDS):
            return await choices
    except (TimeoutError, mixcloud.MixcloudError) as error:
        log.info("no suggestions for %s: %s", interaction.id, type(error).__name__)
        return []


async def suggested_shows(
    interaction: discord.Interaction[MixBot], typed: str
) -> list[app_commands.Choice[str]]:
    """Shows shared here lately, then what Mixcloud finds, or what is popular there."""
    bot = interaction.client
    shares = await bot.store.recent_shares(
        guild_id=interaction.guild_id, user_id=interaction.user.id
    )
    found = {
        share.key: share.name
        for share in shares
        if share.name and typed.casefold() in share.name.casefold()
    }
    listing = Listing("s", typed.strip()) if len(typed.strip()) > 1 else POPULAR
    for show in await listing.page(bot, 0):
        if isinstance(show, Cloudcast):
            found.setdefault(show.key, f"{isolate(show.name)} · {isolate(show.user.name)}")
    return [
        app_commands.Choice(name=plain(name, 100), value=await reference(bot.store, key))
        for key, name in list(found.items())[:CHOICES]
    ]


async def suggested_queries(
    interaction: discord.Interaction[MixBot], typed: str
) -> list[app_commands.Choice[str]]:
    """The user's latest searches, then the tags of what is popular now."""
    bot = interaction.client
    words = dict.fromkeys(bot.queries.get(interaction.user.id, ()))
    for show in await POPULAR.page(bot, 0):
        if isinstance(show, Cloudcast):
            words.update(dict.fromkeys(tag.name for tag in show.tags))
    fitting = [word for word in words if typed.casefold() in word.casefold()]
    return [app_commands.Choice(name=plain(word, 100), value=word[:100]) for word in fitting][
        :CHOICES
    ]


async def shows_in(bot: MixBot, message: discord.Message) -> list[str]:
    """The keys of all shows a message is about: its text, embeds, buttons and what it forwards."""
    links = dict.fromkeys(link for text in _texts(message) for link in find_links(text))
    short = [link for link in links if isinstance(link, ShortLink)]
    long = {link: await bot.mixcloud.resolve(link) for link in short[:SHORT_LINKS]}
    keys: dict[str, None] = {}
    for found in links:
        link = long.get(found) if isinstance(found, ShortLink) else found
        if link and link.show:
            keys.setdefault(link.key)
    for custom_id in _custom_ids(message):
        if match := ACTION.fullmatch(custom_id):
            key = await resolve(bot.store, Reference(match["ref"]))
            if Link.from_key(key).show:
                keys.setdefault(key)
    for key, title in _previewed(message):
        bot.names.setdefault(key, title)
    return list(keys)


def _previewed(message: discord.Message) -> Iterator[tuple[str, str]]:
    """Shows and their titles, from the previews that Discord made of links."""
    for embed in message.embeds:
        link = next(find_links(embed.url or ""), None)
        # Only Discord can name a provider; a bot could give any title to a link.
        if isinstance(link, Link) and link.show and embed.title and embed.provider.name:
            yield link.key, embed.title


def _texts(message: discord.Message | discord.MessageSnapshot) -> Iterator[str]:
    yield message.content
    for embed in message.embeds:
        yield from (embed.url or "", embed.title or "", embed.description or "")
        yield from (field.value or "" for field in embed.fields)
        yield embed.footer.text or ""
    for component in _components(message.components):
        yield from (getattr(component, name, None) or "" for name in ("url", "content"))
    for snapshot in getattr(message, "message_snapshots", ()):
        yield from _texts(snapshot)


def _custom_ids(message: discord.Message) -> Iterator[str]:
    for component in _components(message.components):
        yield getattr(component, "custom_id", None) or ""


def _components(components: Sequence[Any]) -> Iterator[Any]:
    for component in components:
        yield component
        yield from _components(getattr(component, "children", ()))
