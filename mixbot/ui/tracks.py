"""Tracks, playlists and people of SoundCloud: their cards, with the buttons that belong to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson

from mixbot.languages import N_, _
from mixbot.links import page_of
from mixbot.mixcloud.tracklists import written_time
from mixbot.services import SOUNDCLOUD
from mixbot.services.soundcloud import resource_key
from mixbot.soundcloud import Playlist, Resource, ShortLink, Track, User
from mixbot.soundcloud.models import resource
from mixbot.ui import cards
from mixbot.ui.acting import action_button
from mixbot.ui.answers import Answer, written_once
from mixbot.ui.components import Component, button, link_buttons, packed, row
from mixbot.ui.details import Detail, Drawn, Glance, NotAPersonThere, NotAShowThere
from mixbot.ui.listings import lists_menu
from mixbot.ui.references import reference

if TYPE_CHECKING:
    from mixbot.bot import MixBot

KINDS = (Track, Playlist)
LISTS = {
    "X": N_("Tracks"),
    "L": N_("Likes"),
    "P": N_("Playlists"),
    "A": N_("Followers"),
    "B": N_("Following"),
}


async def key_behind(bot: MixBot, link: ShortLink) -> str:
    """The key of what a short link leads to."""
    found = await bot.accounts.soundcloud.client.resolve(link.url)
    key = resource_key(found)
    secret = link.secret if found.data.get("sharing") == "private" else None
    if secret and page_of(key).secret is None:
        key = f"{key}/{secret}"  # without it, nobody finds it there
    bot.names[key] = cards.named(found)
    return key


async def fetch_track(bot: MixBot, key: str) -> Track | Playlist:
    """The track or playlist at `key`; raises NotAShowThere for anything else."""
    found = await _fetch(bot, key)
    if not isinstance(found, KINDS):
        raise NotAShowThere(SOUNDCLOUD)
    return found


async def fetch_person(bot: MixBot, key: str) -> User:
    """The person at `key`; raises NotAPersonThere for anything else."""
    found = await _fetch(bot, key)
    if not isinstance(found, User):
        raise NotAPersonThere(SOUNDCLOUD)
    return found


async def _fetch(bot: MixBot, key: str) -> Resource:
    """What is at `key`, asked for once in a while."""
    soundcloud = bot.accounts.soundcloud
    kept = bot.details.get(key)
    found: Resource
    if kept is None:
        found = await soundcloud.find(key)
        bot.details[key] = Detail(packed(_slim(found)))
    else:
        found = resource(orjson.loads(kept.written), soundcloud.client)
    bot.names[key] = cards.named(found)
    return found


def _slim(found: Resource) -> dict[str, Any]:
    """What is kept: all but those tracks of a long playlist that no card shows, a megabyte."""
    if not isinstance(found, Playlist) or not found.tracks:
        return found.data
    known = [one for one in found.data["tracks"] if one.get("title")]
    return found.data | {"tracks": known[: cards.TRACKS_SHOWN]}


async def draw(answer: Answer, key: str, at: int | None) -> Drawn:
    """The answer with the card of the track or playlist at `key`, to be played `at` a moment."""
    bot = answer.interaction.client
    track = await fetch_track(bot, key)
    rows = [
        await _buttons(bot, key, start=at),
        await _more_buttons(bot, key, can_be_shown=answer.can_be_shown),
    ]
    small = "" if at is None else cards.untold(at, SOUNDCLOUD)
    body = answer.drawn(cards.track(track, small=small), rows)
    drawn = Drawn(key, track.title, written_once(body))
    if at is None and (kept := bot.details.get(key)):
        kept.drawn[answer.form] = drawn
    return drawn


async def glance(bot: MixBot, track: Track | Playlist, key: str = "", *, small: str = "") -> Glance:
    """A track or playlist among others; at `key`, which may have a secret."""
    key = key or resource_key(track)
    card = cards.track(track, large=False, small=small)
    return Glance(key, track.title, card, await _buttons(bot, key))


async def open_person(answer: Answer, key: str) -> None:
    """Answer with a person's card, a way to follow them, and their lists."""
    bot = answer.interaction.client
    user = await fetch_person(bot, key)
    ref = await reference(bot.store, key)
    buttons = [action_button("follow", ref, SOUNDCLOUD)]
    buttons += link_buttons(_("Open on SoundCloud"), page_of(key).url)
    if answer.can_be_shown:
        buttons.append(button(_("Show to all"), f"m1:all:person:{ref}"))
    await answer.give(card=cards.artist(user), rows=[row(lists_menu(ref, LISTS)), row(*buttons)])


async def open_me(answer: Answer) -> None:
    """Answer with the account of who asked; raises NotLinked where there is none."""
    bot = answer.interaction.client
    async with bot.accounts.acting_on_soundcloud(answer.interaction.user.id) as soundcloud:
        user = await soundcloud.me()
    ref = await reference(bot.store, resource_key(user))
    buttons = link_buttons(_("Open on SoundCloud"), page_of(resource_key(user)).url)
    await answer.give(card=cards.artist(user), rows=[row(lists_menu(ref, LISTS)), row(*buttons)])


async def _buttons(bot: MixBot, key: str, *, start: int | None = None) -> Component:
    """♥ Like · Follow · Repost · Play, in a row."""
    page = page_of(key)
    ref = await reference(bot.store, key)
    host = await reference(bot.store, page.host)
    # As the site writes it; of a playlist, it does not say in which track.
    moment = f"#t={quote(written_time(start), safe='')}" if start and not page.is_playlist else ""
    return row(
        action_button("favorite", ref, SOUNDCLOUD),
        action_button("follow", host, SOUNDCLOUD),
        action_button("repost", ref, SOUNDCLOUD),
        *link_buttons(_("▶ Play on SoundCloud"), page.url + moment),
    )


async def _more_buttons(bot: MixBot, key: str, *, can_be_shown: bool) -> Component:
    """What else there is to see of a track or playlist."""
    ref = await reference(bot.store, key)
    page = page_of(key)
    buttons = []
    if page.is_playlist:
        buttons.append(button(_("Tracks"), f"m1:see:K:{ref}"))
    elif page.secret is None:  # SoundCloud has no list of what is similar to a private track
        buttons.append(button(_("Similar"), f"m1:see:M:{ref}"))
    buttons.append(button(_("Artist"), f"m1:host:{await reference(bot.store, page.host)}"))
    if can_be_shown:
        buttons.append(button(_("Show to all"), f"m1:all:show:{ref}"))
    return row(*buttons)
