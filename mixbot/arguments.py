"""Command arguments that are more than text, and the shows a message is about."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Coroutine, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import discord
from discord import app_commands

from mixbot import mixcloud, soundcloud
from mixbot.errors import UserError
from mixbot.languages import LANGUAGES, N_
from mixbot.links import Link, ShortLink, find_links, host_of, key_of, page_of
from mixbot.mixcloud.tracklists import read_time
from mixbot.services import BEGINNINGS, MIXCLOUD, SOUNDCLOUD, provider_of
from mixbot.services.soundcloud import PREFIX, resource_key
from mixbot.ui.acting import ACTION
from mixbot.ui.details import NotAShowThere
from mixbot.ui.handling import components_in, custom_ids
from mixbot.ui.listings import Listing, listing_of, slug
from mixbot.ui.references import SHORT, Reference, reference, resolve
from mixbot.ui.showing import key_behind, keys_of_shows
from mixbot.ui.text import escape, isolate, plain

if TYPE_CHECKING:
    from mixbot.bot import MixBot
    from mixbot.ui.answers import Answer

log = logging.getLogger(__name__)

EXAMPLE = "https://www.mixcloud.com/spartacus/party-time/"
TRACK_EXAMPLE = "https://soundcloud.com/forss/flickermood"
CHOICES = 25
SHORT_LINKS = 5  # of one message, since each is a question to Mixcloud
POPULAR = Listing("p")
DOTTED = re.compile(r"(?<=\d)\.(?=\d\d(?!\d))")  # between minutes and seconds
AUTOCOMPLETE_SECONDS = 1.5  # Discord drops suggestions after 3
CITIES = (
    "Amsterdam, Athens, Barcelona, Beirut, Berlin, Bogotá, Bristol, Brooklyn, Brussels, Bucharest, "
    "Budapest, Buenos Aires, Cape Town, Chicago, Copenhagen, Dakar, Detroit, Dublin, Edinburgh, "
    "Glasgow, Hamburg, Helsinki, Istanbul, Johannesburg, Kyiv, Lagos, Leeds, Leipzig, Lisbon, "
    "London, Los Angeles, Lyon, Madrid, Manchester, Marseille, Melbourne, Mexico City, Miami, "
    "Milan, Montreal, Mumbai, Munich, Nairobi, Naples, New Orleans, New York, Osaka, Oslo, Paris, "
    "Philadelphia, Porto, Prague, Rio de Janeiro, Rome, Rotterdam, San Francisco, Santiago, "
    "São Paulo, Seattle, Seoul, Stockholm, Sydney, Tbilisi, Tel Aviv, Tokyo, Toronto, Utrecht, "
    "Vienna, Warsaw, Zurich"
).split(", ")


# Who sees the answer of a command, in its `extras`: only who asked, or whoever they choose.
PRIVATE, HERE = {"answers": "private"}, {"answers": "choice"}

ONLY_ME = app_commands.Choice(name=N_("only me"), value="me")
EVERYONE = app_commands.Choice(name=N_("everyone"), value="all")
ANYBODY = app_commands.Choice(name=N_("everyone, who may turn the pages too"), value="any")
VISIBILITY = [ONLY_ME, EVERYONE, ANYBODY]
Visibility: TypeAlias = app_commands.Choice[str]
WHO_SEES = N_("Who sees the answer")

LANGUAGE_CHOICES = [
    app_commands.Choice(name=N_("automatic"), value="auto"),
    *(app_commands.Choice(name=name, value=code) for code, name in LANGUAGES.items()),
]


async def is_private(
    interaction: discord.Interaction[MixBot],
    visibility: app_commands.Choice[str] | None,
    about: Mention | None = None,
) -> bool:
    """Whether only who asked is to see the answer: as they say, else as the server has it.

    What is private at SoundCloud, or may be, is shown to others only if they say so.
    """
    if visibility is not None:
        return visibility.value == ONLY_ME.value
    if _may_be_secret(about):
        return True
    return (await interaction.client.preferences.server_at_hand(interaction.guild_id)).private


def _may_be_secret(about: Mention | None) -> bool:
    match about:
        case soundcloud.Link():
            return about.secret is not None
        case soundcloud.ShortLink():
            return True  # only SoundCloud knows
        case str():
            return about.startswith(SHORT) or page_of(about).secret is not None
    return False


def may_anybody_turn(visibility: app_commands.Choice[str] | None) -> bool:
    """Whether pages may be turned by others than who asked."""
    return visibility is not None and visibility.value == ANYBODY.value


class NotAShow(UserError):
    def __init__(self, value: str) -> None:
        super().__init__(
            N_(
                "I read “{value}” and expected a link to a show, such as <{example}>, or its "
                "`user/show`. By its name you find it among my suggestions, or with "
                "`/mixcloud search`."
            ),
            value=escape(value, 200),
            example=EXAMPLE,
        )


class NotATrack(UserError):
    def __init__(self, value: str) -> None:
        super().__init__(
            N_(
                "I read “{value}” and expected a link to a track on SoundCloud, such as "
                "<{example}>, or its `artist/track`. By its name you find it among my suggestions, "
                "or with `/soundcloud search`."
            ),
            value=escape(value, 200),
            example=TRACK_EXAMPLE,
        )


class NotAPerson(UserError):
    def __init__(self, value: str) -> None:
        super().__init__(
            N_(
                "I read “{value}” and expected a user name, or a link to a person or a show. By "
                "their name you find them among my suggestions, or with `/mixcloud search`."
            ),
            value=escape(value, 200),
        )


class NothingShared(UserError):
    def __init__(self, provider: str) -> None:
        super().__init__(
            N_(
                "No show was shared here yet. Give me one: paste a link such as <{example}>, "
                "or find one with `/{provider} search`."
            ),
            example=EXAMPLE if provider == MIXCLOUD else TRACK_EXAMPLE,
            provider=provider,
        )


class NotAPosition(UserError):
    def __init__(self, value: str) -> None:
        super().__init__(
            N_("I read “{value}” and expected a position in a show, such as 43:10 or 1:02:03."),
            value=escape(value, 200),
        )


class NotAQuery(UserError):
    def __init__(self) -> None:
        super().__init__(N_("I read nothing but spaces and expected a word to look for."))


class NotATag(UserError):
    def __init__(self, value: str) -> None:
        super().__init__(
            N_("I read “{value}” and expected a tag, such as “deep house”."),
            value=escape(value, 200),
        )


class NotACity(UserError):
    def __init__(self, value: str) -> None:
        super().__init__(
            N_("I read “{value}” and expected a city, such as “Berlin”."),
            value=escape(value, 200),
        )


Mention: TypeAlias = Link | ShortLink | Reference
"""How a show or a person is named, before anyone is asked what it stands for."""


class ShowLink(app_commands.Transformer):
    """A show, as a link in any form, as `user/show`, or as a choice of the autocomplete."""

    async def transform(self, interaction: discord.Interaction[Any], value: str, /) -> Mention:
        mention = read_mention(value)
        if mention is None or (isinstance(mention, Link) and not page_of(key_of(mention)).name):
            raise NotAShow(value)
        return mention

    async def autocomplete(
        self, interaction: discord.Interaction[Any], value: float | str, /
    ) -> list[app_commands.Choice[Any]]:
        return await suggest(interaction, suggested_shows(interaction, str(value)))


class TrackLink(app_commands.Transformer):
    """A track or playlist of SoundCloud, as a link, as `artist/track`, or as a choice."""

    async def transform(self, interaction: discord.Interaction[Any], value: str, /) -> Mention:
        value = value.strip()
        if value.startswith((SHORT, PREFIX)):
            return Reference(value)
        link = next(soundcloud.find_links(value), None) or soundcloud.read_path(value)
        if link is None or (isinstance(link, soundcloud.Link) and not link.name):
            raise NotATrack(value)
        return link

    async def autocomplete(
        self, interaction: discord.Interaction[Any], value: float | str, /
    ) -> list[app_commands.Choice[Any]]:
        return await suggest(interaction, suggested_tracks(interaction, str(value)))


class PersonLink(app_commands.Transformer):
    """A person, as a link, as a user name, or as the host of a show that is linked to."""

    async def transform(self, interaction: discord.Interaction[Any], value: str, /) -> Mention:
        mention = read_mention(value)
        if mention is None:
            raise NotAPerson(value)
        return mention

    async def autocomplete(
        self, interaction: discord.Interaction[Any], value: float | str, /
    ) -> list[app_commands.Choice[Any]]:
        return await suggest(interaction, suggested_people(interaction, str(value)))


class Query(app_commands.Transformer):
    """What somebody looks for, on one line."""

    @property
    def min_value(self) -> int:
        return 1

    @property
    def max_value(self) -> int:
        return 200

    async def transform(self, interaction: discord.Interaction[Any], value: str, /) -> str:
        words = value.split()
        if not words:
            raise NotAQuery
        return " ".join(words)

    async def autocomplete(
        self, interaction: discord.Interaction[Any], value: float | str, /
    ) -> list[app_commands.Choice[Any]]:
        return await suggest(interaction, suggested_queries(interaction, str(value)))


class TagName(app_commands.Transformer):
    """A tag, in anybody's spelling."""

    async def transform(self, interaction: discord.Interaction[Any], value: str, /) -> str:
        if not slug(value):
            raise NotATag(value)
        return value.strip()

    async def autocomplete(
        self, interaction: discord.Interaction[Any], value: float | str, /
    ) -> list[app_commands.Choice[Any]]:
        return await suggest(interaction, suggested_tags(interaction, str(value)))


class CityName(app_commands.Transformer):
    """A city, in anybody's spelling."""

    async def transform(self, interaction: discord.Interaction[Any], value: str, /) -> str:
        if not slug(value):
            raise NotACity(value)
        return value.strip()

    async def autocomplete(
        self, interaction: discord.Interaction[Any], value: float | str, /
    ) -> list[app_commands.Choice[Any]]:
        return suggested_cities(interaction, str(value))


class Position(app_commands.Transformer):
    """A moment in a show, such as 43:10 or, as some write it, 43.10; in seconds."""

    async def transform(self, interaction: discord.Interaction[Any], value: str, /) -> int:
        seconds = read_time(DOTTED.sub(":", value))
        if seconds is None:
            raise NotAPosition(value)
        return seconds


def read_mention(value: str) -> Mention | None:
    """The first link in `value`, or what it means as `user/show`, user name or short id."""
    value = value.strip()
    if value.startswith((SHORT, PREFIX)):  # a choice of the autocomplete
        return Reference(value)
    return next(find_links(value), None) or mixcloud.read_key(value)


async def show_key(
    interaction: discord.Interaction[MixBot], mention: Mention | None, provider: str | None = None
) -> str:
    """The key of the show that is meant; left out, it is the last one of `provider` shared here.

    Raises NotAShowThere where a link leads to a person.
    """
    key = await _key(interaction, mention, provider)
    if page_of(key).name is None:
        raise NotAShowThere(provider_of(key))
    return key


async def key_to_show(
    answer: Answer, mention: Mention | None, visibility: Visibility | None, provider: str
) -> str:
    """The key of the show that is to be shown; all see it if it is not private after all."""
    key = await show_key(answer.interaction, mention, provider)
    if not await is_private(answer.interaction, visibility, Reference(key)):
        await answer.open_up()
    return key


async def person_key(interaction: discord.Interaction[MixBot], mention: Mention | None) -> str:
    """The key of the person who is meant; of a show, it is the host."""
    return host_of(await _key(interaction, mention))


async def _key(
    interaction: discord.Interaction[MixBot], mention: Mention | None, provider: str | None = None
) -> str:
    bot = interaction.client
    match mention:
        case mixcloud.ShortLink() | soundcloud.ShortLink():
            return await key_behind(bot, mention)
        case mixcloud.Link() | soundcloud.Link():
            return key_of(mention)
        case str():
            return await resolve(bot.store, mention)
        case None:
            beginning = BEGINNINGS[provider] if provider else ""
            share = await bot.store.last_share(interaction.channel_id or 0, beginning)
            if share is None:
                raise NothingShared(provider or MIXCLOUD)
            if share.name:
                bot.names[share.key] = share.name
            return share.key


def starting_at(mention: Mention | None) -> int | None:
    """Where a link begins to play, in seconds, if it says so."""
    return mention.start if isinstance(mention, Link) else None


async def suggest(
    interaction: discord.Interaction[MixBot],
    choices: Coroutine[Any, Any, list[app_commands.Choice[Any]]],
) -> list[app_commands.Choice[Any]]:
    """`choices`, or none when they would come too late: an autocomplete cannot be deferred."""
    try:
        async with asyncio.timeout(AUTOCOMPLETE_SECONDS):
            return await choices
    except (TimeoutError, mixcloud.MixcloudError, soundcloud.SoundCloudError) as error:
        log.info("no suggestions for %s: %s", interaction.id, type(error).__name__)
        return []


async def suggested_shows(
    interaction: discord.Interaction[MixBot], typed: str
) -> list[app_commands.Choice[str]]:
    """What the user and the channel shared lately, then what Mixcloud finds or is popular there."""
    bot, user_id, typed = interaction.client, interaction.user.id, typed.strip()
    found = await _shared(interaction, typed)
    listing = Listing("s", typed) if len(typed) > 1 else POPULAR
    for show in (await listing.page(bot, 0, user_id)).all():
        found.setdefault(show.key, f"{isolate(show.name)} · {isolate(show.user.name)}")
    return await _choices(bot, found)


async def suggested_tracks(
    interaction: discord.Interaction[MixBot], typed: str
) -> list[app_commands.Choice[str]]:
    """The tracks that the user and the channel shared lately, then what SoundCloud finds."""
    bot, user_id, typed = interaction.client, interaction.user.id, typed.strip()
    found = await _shared(interaction, typed, SOUNDCLOUD)
    if len(typed) > 1:
        for track in (await Listing("T", typed).page(bot, 0, user_id)).all():
            found.setdefault(
                resource_key(track), f"{isolate(track.title)} · {isolate(track.user.username)}"
            )
    return await _choices(bot, found)


async def _shared(
    interaction: discord.Interaction[MixBot], typed: str, provider: str | None = None
) -> dict[str, str]:
    """What the user and the channel shared lately and is called like that: key → name.

    What was shared elsewhere in the server is only for those who can see where.
    """
    store = interaction.client.store
    shares = list(await store.recent_shares(user_id=interaction.user.id))
    if interaction.channel_id:
        shares += await store.recent_shares(channel_id=interaction.channel_id)
    found: dict[str, str] = {}
    for share in shares:
        if (
            provider in (None, provider_of(share.key))
            and typed.casefold() in (share.name or "").casefold()
        ):
            found.setdefault(share.key, share.name or "")
    return found


class OwnShowLink(ShowLink):
    """A show that the user made, at Mixcloud."""

    async def transform(self, interaction: discord.Interaction[Any], value: str, /) -> Mention:
        mention = await super().transform(interaction, value)
        if isinstance(mention, soundcloud.Link | soundcloud.ShortLink):
            raise NotAShow(value)
        return mention

    async def autocomplete(
        self, interaction: discord.Interaction[Any], value: float | str, /
    ) -> list[app_commands.Choice[Any]]:
        return await suggest(interaction, suggested_own_shows(interaction, str(value)))


async def suggested_own_shows(
    interaction: discord.Interaction[MixBot], typed: str
) -> list[app_commands.Choice[str]]:
    """The newest shows of the account that the user linked."""
    bot, user_id, typed = interaction.client, interaction.user.id, typed.strip().casefold()
    account = await bot.accounts.account(user_id)
    if account is None:
        return []
    shows = (await listing_of("c", account.key).page(bot, 0, user_id)).all()
    return await _choices(
        bot, {show.key: show.name for show in shows if typed in show.name.casefold()}
    )


async def suggested_people(
    interaction: discord.Interaction[MixBot], typed: str
) -> list[app_commands.Choice[str]]:
    """The hosts of what the user shared lately, then whom Mixcloud finds."""
    bot, user_id, typed = interaction.client, interaction.user.id, typed.strip()
    found: dict[str, str] = {}
    for share in await bot.store.recent_shares(user_id=user_id):
        key = host_of(share.key)
        user = page_of(key).user
        name = bot.names.get(key) or user
        if typed.casefold() in f"{name} {user}".casefold():
            found.setdefault(key, name)
    if len(typed) > 1:
        for person in (await Listing("u", typed).page(bot, 0, user_id)).all():
            found.setdefault(person.key, person.name)
    return await _choices(bot, found)


async def _choices(bot: MixBot, found: Mapping[str, str]) -> list[app_commands.Choice[str]]:
    return [
        app_commands.Choice(
            name=plain(name, 100) or key[:100], value=await reference(bot.store, key)
        )
        for key, name in list(found.items())[:CHOICES]
    ]


async def suggested_queries(
    interaction: discord.Interaction[MixBot], typed: str
) -> list[app_commands.Choice[str]]:
    """The user's latest searches, then the tags of what is popular at Mixcloud now."""
    words = interaction.client.recent(interaction.user.id, "query")
    try:
        popular = await _popular_tags(interaction)
    except mixcloud.MixcloudError:
        popular = []
    return _words(typed, [*words, *popular])


async def suggested_tags(
    interaction: discord.Interaction[MixBot], typed: str
) -> list[app_commands.Choice[str]]:
    """The tags the user looked at lately, those of what is popular, then what Mixcloud finds."""
    bot, user_id, typed = interaction.client, interaction.user.id, typed.strip()
    words = [*bot.recent(user_id, "tag"), *await _popular_tags(interaction)]
    if len(typed) > 1:
        words += [tag.name for tag in (await Listing("t", typed).page(bot, 0, user_id)).all()]
    return _words(typed, words)


def suggested_cities(
    interaction: discord.Interaction[MixBot], typed: str
) -> list[app_commands.Choice[str]]:
    """The cities the user looked at lately, then large ones: Mixcloud cannot be asked for any."""
    words = [*interaction.client.recent(interaction.user.id, "city"), *CITIES]
    return _words(typed, words)


async def _popular_tags(interaction: discord.Interaction[MixBot]) -> list[str]:
    popular = await POPULAR.page(interaction.client, 0, interaction.user.id)
    return [tag.name for show in popular.all() for tag in show.tags]


def _words(typed: str, words: Iterable[str]) -> list[app_commands.Choice[str]]:
    """Those of `words` in which `typed` occurs, each once in any spelling."""
    fitting: dict[str, str] = {}
    for word in words:
        if word.strip() and typed.strip().casefold() in word.casefold():
            fitting.setdefault(word.casefold(), word)
    return [
        app_commands.Choice(name=plain(word, 100), value=word[:100])
        for word in list(fitting.values())[:CHOICES]
    ]


async def shows_in(bot: MixBot, message: discord.Message) -> list[str]:
    """The keys of all shows a message is about: its text, embeds, buttons and what it forwards."""
    links = dict.fromkeys(link for text in _texts(message) for link in find_links(text))
    keys = dict.fromkeys(await keys_of_shows(bot, links, most_short=SHORT_LINKS))
    for custom_id in custom_ids(message):
        if match := ACTION.fullmatch(custom_id):
            key = await resolve(bot.store, Reference(match["ref"]))
            if page_of(key).name:
                keys.setdefault(key)
    for key, title in _previewed(message):
        bot.names.setdefault(key, title)
    return list(keys)


def people_in(message: discord.Message) -> list[str]:
    """The keys of all people whose page a message links to."""
    links = (link for text in _texts(message) for link in find_links(text))
    keys = (key_of(link) for link in links if isinstance(link, Link))
    return [key for key in dict.fromkeys(keys) if page_of(key).name is None]


def _previewed(message: discord.Message) -> Iterator[tuple[str, str]]:
    """Shows and their titles, from the previews that Discord made of links."""
    for embed in message.embeds:
        link = next(find_links(embed.url or ""), None)
        # Only Discord can name a provider; a bot could give any title to a link.
        if isinstance(link, Link) and embed.title and embed.provider.name:
            key = key_of(link)
            if page_of(key).name:
                yield key, embed.title


def _texts(message: discord.Message | discord.MessageSnapshot) -> Iterator[str]:
    yield message.content
    for embed in message.embeds:
        yield from (embed.url or "", embed.title or "", embed.description or "")
        yield from (field.value or "" for field in embed.fields)
        yield embed.footer.text or ""
    for component in components_in(message.components):
        yield from (getattr(component, name, None) or "" for name in ("url", "content"))
    for snapshot in getattr(message, "message_snapshots", ()):
        yield from _texts(snapshot)
