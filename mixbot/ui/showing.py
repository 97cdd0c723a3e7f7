"""One show or one person: their cards, with the buttons that belong to them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import orjson

from mixbot import mixcloud
from mixbot.accounts import ServiceOff
from mixbot.errors import UserError
from mixbot.languages import N_, _, grouped
from mixbot.links import Link, ShortLink, key_of, page_of
from mixbot.mixcloud import Cloudcast, MixcloudError, Resource, User
from mixbot.mixcloud.models import resource
from mixbot.mixcloud.tracklists import written_time
from mixbot.services import MIXCLOUD, SOUNDCLOUD, provider_of
from mixbot.soundcloud import SoundCloudError
from mixbot.ui import cards, tracks
from mixbot.ui.acting import action_button
from mixbot.ui.answers import Answer, remember, written_once
from mixbot.ui.components import (
    URL_LIMIT,
    Component,
    button,
    link_button,
    link_buttons,
    packed,
    row,
)
from mixbot.ui.details import Detail, Drawn, Glance, NotAPersonThere, NotAShowThere
from mixbot.ui.handling import Interaction, handles, seen_alone
from mixbot.ui.listings import lists_menu
from mixbot.ui.references import SHORT, Reference, reference, resolve

if TYPE_CHECKING:
    from mixbot.bot import MixBot

T = TypeVar("T", bound=Resource)

TRACKS = 25  # on a page of a tracklist, of up to 140 characters each
LISTS = {
    "c": N_("Uploads"),
    "f": N_("Favorites"),
    "l": N_("Listens"),
    "a": N_("Followers"),
    "b": N_("Following"),
    "y": N_("Playlists"),
}


class NoTracklist(UserError):
    def __init__(self) -> None:
        super().__init__(N_("Mixcloud tells no tracklist of this show."))


async def fetch_show(bot: MixBot, key: str) -> Cloudcast:
    """The show at `key`, with its description; raises NotAShowThere for anything else."""
    return await _fetch(bot, key, Cloudcast, NotAShowThere)


async def fetch_person(bot: MixBot, key: str) -> User:
    """The person at `key`; raises NotAPersonThere for anything else."""
    return await _fetch(bot, key, User, NotAPersonThere)


async def _fetch(bot: MixBot, key: str, kind: type[T], problem: type[UserError]) -> T:
    """What is at `key`, asked for once in a while; raises `problem` if it is no `kind`."""
    kept = bot.details.get(key)
    if kept is None:
        found = await bot.mixcloud.get(key, create_connections=False)
        bot.details[key] = Detail(packed(found.data))
    else:
        found = resource(orjson.loads(kept.written), bot.mixcloud, full=True)
    if not isinstance(found, kind):
        raise problem
    bot.names[found.key] = found.name
    return found


async def keys_of_shows(
    bot: MixBot, links: Iterable[Link | ShortLink], *, most_short: int
) -> list[str]:
    """The keys of the shows that `links` lead to, each once; its service is asked of short ones.

    One of which the service tells nothing is passed over, unless there is no other show.
    """
    links = list(links)
    long: dict[ShortLink, str] = {}
    problem: Exception | None = None
    for link in [link for link in links if isinstance(link, ShortLink)][:most_short]:
        try:
            long[link] = await key_behind(bot, link)
        except (MixcloudError, SoundCloudError, ServiceOff) as error:
            problem = error
    keys = (long.get(link) if isinstance(link, ShortLink) else key_of(link) for link in links)
    shows = list(dict.fromkeys(key for key in keys if key and page_of(key).name))
    if problem and not shows:
        raise problem
    return shows


async def key_behind(bot: MixBot, link: ShortLink) -> str:
    """The key of what a short link leads to, as its service tells."""
    if isinstance(link, mixcloud.ShortLink):
        return (await bot.mixcloud.resolve(link)).key
    return await tracks.key_behind(bot, link)


async def open_show(answer: Answer, key: str, *, at: int | None = None) -> None:
    """Answer with a show's card; with what is played `at` so many seconds, or a way there."""
    bot = answer.interaction.client
    kept = bot.details.get(key)
    drawn = kept.drawn.get(answer.form) if kept and at is None else None
    if drawn is None:
        drawn = await _draw_show(answer, key, at)
    bot.names[drawn.key] = drawn.name
    if not answer.private:
        await remember(answer.interaction, drawn.key)
    await answer.give_drawn(drawn.body)


async def _draw_show(answer: Answer, key: str, at: int | None) -> Drawn:
    bot = answer.interaction.client
    if provider_of(key) == SOUNDCLOUD:
        return await tracks.draw(answer, key, at)
    show = await fetch_show(bot, key)
    rows = [
        await show_buttons(bot, show, start=at),
        await _more_buttons(bot, show, can_be_shown=answer.can_be_shown),
    ]
    small = "" if at is None else _playing(show, at)
    body = answer.drawn(cards.show(show, small=small), rows)
    drawn = Drawn(show.key, show.name, written_once(body))
    if at is None and (kept := bot.details.get(key)):
        kept.drawn[answer.form] = drawn
    return drawn


def _playing(show: Cloudcast, at: int) -> str:
    """What is played at a moment, in a sentence."""
    moment = written_time(at)
    if show.seconds and at >= show.seconds:
        return _("At {moment} the show is over.", moment=moment)
    number = track_at(show, at)
    if number is None:
        return cards.untold(at, MIXCLOUD)
    return _("At {moment}: {track}", moment=moment, track=cards.track_name(show, number))


def track_at(show: Cloudcast, at: int) -> int | None:
    """Which track is played at so many seconds; None if nobody tells."""
    started = [
        number
        for number, track in enumerate(show.tracklist)
        if track.start_time is not None and track.start_time <= at
    ]
    return started[-1] if started else None


async def glance(bot: MixBot, show: Any, *, small: str = "") -> Glance:
    """A show of either service among others: with its artwork small, and what can be done."""
    if isinstance(show, tracks.KINDS):
        return await tracks.glance(bot, show, small=small)
    card = cards.show(show, large=False, small=small)
    return Glance(show.key, show.name, card, await show_buttons(bot, show))


async def fetch_glance(bot: MixBot, key: str) -> Glance:
    """The show at `key` among others. Raises NotAShowThere for anything else."""
    if provider_of(key) == SOUNDCLOUD:
        return await tracks.glance(bot, await tracks.fetch_track(bot, key), key)
    return await glance(bot, await fetch_show(bot, key))


async def show_buttons(bot: MixBot, show: Cloudcast, *, start: int | None = None) -> Component:
    """♥ Favorite · Follow · Repost · Later · Play, in a row."""
    ref = await reference(bot.store, show.key)
    host = await reference(bot.store, show.user.key)
    suffix = f"?t={start}" if start else ""
    play = f"{bot.public_url}/play{show.key}{suffix}"
    if len(play) > URL_LIMIT:
        play = f"{bot.public_url}/play/{SHORT}/{await bot.store.short_id(show.key)}/{suffix}"
    return row(
        action_button("favorite", ref),
        action_button("follow", host),
        action_button("repost", ref),
        action_button("listen_later", ref),
        link_button(_("▶ Play"), play),
    )


async def _more_buttons(bot: MixBot, show: Cloudcast, *, can_be_shown: bool) -> Component:
    """What else there is to see of a show."""
    ref = await reference(bot.store, show.key)
    buttons = []
    if show.tracklist:
        buttons.append(button(_("Tracklist"), f"m1:tracks:0:{ref}"))
    buttons.append(button(_("Similar"), f"m1:see:i:{ref}"))
    if comments := show.get("comment_count"):
        label = _("Comments ({number})", number=grouped(comments))
        buttons.append(button(label, f"m1:see:o:{ref}"))
    buttons.append(button(_("Host"), f"m1:host:{await reference(bot.store, show.user.key)}"))
    if can_be_shown:
        buttons.append(button(_("Show to all"), f"m1:all:show:{ref}"))
    return row(*buttons)


async def open_person(answer: Answer, key: str) -> None:
    """Answer with a person's card, a way to follow them, and their lists."""
    bot = answer.interaction.client
    if provider_of(key) == SOUNDCLOUD:
        await tracks.open_person(answer, key)
        return
    user = await fetch_person(bot, key)
    ref = await reference(bot.store, user.key)
    buttons = [action_button("follow", ref)]
    buttons += link_buttons(_("Open on Mixcloud"), user.url)
    if answer.can_be_shown:
        buttons.append(button(_("Show to all"), f"m1:all:person:{ref}"))
    await answer.give(card=cards.person(user), rows=[row(lists_menu(ref, LISTS)), row(*buttons)])


async def open_me(answer: Answer) -> None:
    """Answer with the account of who asked; raises NotLinked where there is none."""
    bot = answer.interaction.client
    async with bot.accounts.acting_as(answer.interaction.user.id) as mixcloud:
        user = await mixcloud.me()
    buttons = [button(_("Listen later"), "m1:own:w"), button(_("Feed"), "m1:own:e")]
    buttons += link_buttons(_("Open on Mixcloud"), user.url)
    ref = await reference(bot.store, user.key)
    await answer.give(card=cards.person(user), rows=[row(lists_menu(ref, LISTS)), row(*buttons)])


async def open_tracklist(answer: Answer, key: str, page: int) -> None:
    """Answer with what is played in a show, and when."""
    bot = answer.interaction.client
    show = await fetch_show(bot, key)
    tracks = show.tracklist
    if not tracks:
        raise NoTracklist
    page = min(page, (len(tracks) - 1) // TRACKS)
    ref = await reference(bot.store, show.key)
    buttons = []
    if len(tracks) > TRACKS:
        last = (page + 1) * TRACKS >= len(tracks)
        buttons = [
            button(_("◀ Previous"), f"m1:tracks!:{max(page - 1, 0)}:{ref}", disabled=page == 0),
            button(_("Next ▶"), f"m1:tracks!:{page + 1}:{ref}", disabled=last),
        ]
    if answer.can_be_shown:
        buttons.append(button(_("Show to all"), f"m1:all:tracks{page}:{ref}"))
    card = cards.tracklist(show, page, per_page=TRACKS)
    await answer.give(card=card, rows=[row(*buttons)] if buttons else [])


@handles(re.compile(r"m1:tracks(?P<in_place>!?):(?P<page>\d{1,3}):(?P<ref>.+)"))
async def show_tracks(interaction: Interaction, match: re.Match[str]) -> None:
    """Show a page of a tracklist: privately, in place of the one before it."""
    in_place = bool(match["in_place"]) and seen_alone(interaction)
    async with Answer(interaction, private=True, in_place=in_place) as answer:
        key = await resolve(interaction.client.store, Reference(match["ref"]))
        await open_tracklist(answer, key, int(match["page"]))


@handles(re.compile(r"m1:host:(?P<ref>.+)"))
async def show_host(interaction: Interaction, match: re.Match[str]) -> None:
    """Show who made a show."""
    async with Answer(interaction, private=True) as answer:
        key = await resolve(interaction.client.store, Reference(match["ref"]))
        await open_person(answer, key)


@handles(re.compile(r"m1:all:(?P<what>show|person|tracks)(?P<page>\d{0,3}):(?P<ref>.+)"))
async def show_to_all(interaction: Interaction, match: re.Match[str]) -> None:
    """Post to the channel what only one person saw until now, because they wish so."""
    async with Answer(interaction) as answer:
        key = await resolve(interaction.client.store, Reference(match["ref"]))
        match match["what"]:
            case "show":
                await open_show(answer, key)
            case "person":
                await open_person(answer, key)
            case _tracks:
                await open_tracklist(answer, key, int(match["page"] or 0))
