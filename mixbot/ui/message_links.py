"""Links in ordinary messages, answered with a card where a server wants that."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import aiohttp
import discord
from cachetools import TTLCache
from discord.http import Route

from mixbot import mixcloud, soundcloud
from mixbot.accounts import ServiceOff
from mixbot.languages import ENGLISH, speak
from mixbot.links import ShortLink, find_links, key_of
from mixbot.mixcloud import MixcloudError
from mixbot.services import provider_of
from mixbot.soundcloud import SoundCloudError
from mixbot.store import LinkReply, ServerSettings
from mixbot.ui import cards
from mixbot.ui.answers import note_share
from mixbot.ui.components import Component, Rows, row
from mixbot.ui.details import Glance, NotAShowThere
from mixbot.ui.showing import fetch_glance, keys_of_shows
from mixbot.ui.tongues import server_language

if TYPE_CHECKING:
    from mixbot.bot import MixBot

log = logging.getLogger(__name__)

MOST_CARDS = 3  # of one message: 12 components each, of 40
SHORT_LINKS = 3  # of one message, since each is a question to Mixcloud
PAUSE = timedelta(hours=1)  # between two cards for the same show in the same channel
GONE_SECONDS = 600.0  # an answer takes less
QUIET_SECONDS = 600.0  # in a channel where we may not speak; refusals are counted by Discord
SUPPRESS_EMBEDS, SILENT = 1 << 2, 1 << 12  # bits of a message's flags
ADDRESS = re.compile(r"https?://[^\s<>]+", re.IGNORECASE)
LINKED = re.compile(r"mixcloud\.com|soundcloud\.(?:com|app)", re.IGNORECASE)
AWAY = (
    mixcloud.RateLimited,
    mixcloud.Unreachable,
    soundcloud.RateLimited,
    soundcloud.Unreachable,
)
NO_HISTORY = 160002  # a reply needs to read what it replies to
# What its author does not want to be previewed, or does not mean: <links>, spoilers and code.
UNMEANT = re.compile(r"<https?://[^>\s]*>|\|\|.*?\|\||```.*?```|`[^`]*`", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody said, as far as it matters here."""

    message_id: int
    channel_id: int
    guild_id: int | None
    user_id: int
    content: str
    written_at: datetime  # or edited, but not pinned or previewed
    silent: bool = False  # its author wants no previews

    @classmethod
    def of(cls, message: discord.Message) -> Said:
        return cls(
            message.id,
            message.channel.id,
            message.guild.id if message.guild else getattr(message.channel, "guild_id", None),
            message.author.id,
            message.content,
            message.edited_at or message.created_at,
            message.flags.suppress_embeds,
        )


class MessageLinks:
    """Answers messages with links, changes the answer with them, and deletes it with them."""

    def __init__(self, bot: MixBot) -> None:
        self._bot = bot
        # What happens to a message is dealt with one after the other.
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._quiet: TTLCache[int, str] = TTLCache(4096, QUIET_SECONDS)  # channel → why
        self._previews_stay: TTLCache[int, str] = TTLCache(4096, QUIET_SECONDS)
        self._gone: TTLCache[int, bool] = TTLCache(4096, GONE_SECONDS)  # messages deleted lately

    async def posted(self, said: Said) -> None:
        """Answer a new message, if it has links to shows and the server wants that."""
        if not LINKED.search(said.content) or said.channel_id in self._quiet:
            return
        settings = await self._settings(said)
        if settings is None:
            return
        async with self._lock(said.message_id):
            await self._answer(said, settings)

    async def changed(self, said: Said) -> None:
        """Have our answer follow what a message says now."""
        if said.channel_id in self._quiet:
            return
        settings = await self._settings(said)
        if settings is None:
            return
        async with self._lock(said.message_id):
            reply = await self._bot.store.link_reply(said.message_id)
            if reply is None:
                if said.written_at > datetime.now(UTC) - PAUSE:
                    await self._answer(said, settings, edited=True)
                return
            keys = await self._keys(said)
            if keys is None:
                return
            if not keys:
                await self._take_back([said.message_id])
            elif "\n".join(keys) != reply.keys:
                await self._change(reply, said, keys, settings)

    async def deleted(self, message_ids: Sequence[int], guild_id: int | None) -> None:
        """Delete our answers together with what they answer."""
        self._gone.update(dict.fromkeys(message_ids, True))
        if guild_id is None or (await self._bot.preferences.server(guild_id)).links:
            for lock in filter(None, map(self._locks.get, message_ids)):
                async with lock:  # an answer that is on its way can be taken back when it arrived
                    pass
            await self._take_back(message_ids)

    def _lock(self, message_id: int) -> asyncio.Lock:
        lock = self._locks.get(message_id)
        if lock is None:
            lock = self._locks[message_id] = asyncio.Lock()
        return lock

    async def _settings(self, said: Said) -> ServerSettings | None:
        """How to answer in a place, or None where nobody wants that. In DMs they do."""
        settings = await self._bot.preferences.server(said.guild_id)
        if said.guild_id is None:
            person = await self._bot.preferences.person(said.user_id)
            speak(person.language or ENGLISH)
            return settings
        speak(server_language(settings))
        return settings if settings.links else None

    async def _keys(self, said: Said) -> list[str] | None:
        """The shows that a message links to and wants to be seen; None if nobody tells now."""
        links = dict.fromkeys(find_links(UNMEANT.sub(" ", said.content)))
        try:
            keys = await keys_of_shows(self._bot, links, most_short=SHORT_LINKS)
        except AWAY:
            return None
        except (MixcloudError, SoundCloudError, ServiceOff):
            return []
        here = self._bot.accounts.providers
        return [key for key in keys if provider_of(key) in here][:MOST_CARDS]

    async def _answer(self, said: Said, settings: ServerSettings, *, edited: bool = False) -> None:
        bot, now = self._bot, datetime.now(UTC)
        # Of a message that is answered already, it may be we who took the previews away.
        keys = [] if said.silent else await self._keys(said)
        if not keys:
            return
        lately = await bot.store.shared_since(said.channel_id, now - PAUSE)
        new = [key for key in keys if key not in lately]
        found = await self._found(new)
        if said.message_id in self._gone:
            return
        # A preview that Discord adds is an edit too, and shares nothing a second time.
        shared = [key for key in keys if key in found or (key in lately and not edited)]
        await self._note(said, shared, now)
        body = self._body(found, settings)
        if body is None:
            return
        reply_id = await self._send(said, body)
        if reply_id is None:
            return
        await bot.store.save_link_reply(
            LinkReply(
                said.message_id, said.channel_id, said.user_id, reply_id, "\n".join(keys), now
            )
        )
        previews_say_more = settings.classic or _leads_elsewhere(said.content, keys)
        if said.guild_id is not None and not previews_say_more:
            await self._suppress_preview(said)

    async def _note(self, said: Said, keys: Sequence[str], moment: datetime) -> None:
        """Note what a message shares."""
        for key in keys:
            await note_share(
                self._bot,
                key,
                shared_at=moment,
                channel_id=said.channel_id,
                user_id=said.user_id,
                guild_id=said.guild_id,
            )

    async def _found(self, keys: Sequence[str]) -> dict[str, Glance | None]:
        """The shows at `keys`; None for those of which their service tells nothing now."""
        found: dict[str, Glance | None] = {}
        for key in keys:
            try:
                found[key] = await fetch_glance(self._bot, key)
            except AWAY as error:
                found[key] = None
                log.info("a link in a message has no card: %s", type(error).__name__)
            except (MixcloudError, SoundCloudError, NotAShowThere) as error:
                log.info("a link in a message leads to no show: %s", type(error).__name__)
        return found

    def _body(
        self, found: Mapping[str, Glance | None], settings: ServerSettings
    ) -> Component | None:
        """The answer with a card for each show that is known, or None if there is none."""
        known = [one for one in found.values() if one]
        if not known:
            return None
        drawn = [(one.card, rows) for one, rows in self._rows(known)]
        if settings.classic:
            embeds = [cards.as_embed(card)["embeds"][0] for card, _rows in drawn]
            return {"embeds": embeds, "components": [rows[0] for _card, rows in drawn]}
        return {
            "flags": cards.LAYOUT,
            "components": [cards.framed(card, rows) for card, rows in drawn],
        }

    def _rows(self, shows: Sequence[Glance]) -> list[tuple[Glance, Rows]]:
        """The buttons of each show. Those of a host stand once: Discord refuses a second one."""
        stand: set[str] = set()
        drawn: list[tuple[Glance, Rows]] = []
        for show in shows:
            buttons = show.buttons["components"]
            kept = [one for one in buttons if one.get("custom_id") not in stand]
            stand |= {one["custom_id"] for one in kept if "custom_id" in one}
            drawn.append((show, [row(*kept)]))
        return drawn

    async def _send(self, said: Said, body: Component) -> int | None:
        """Reply to a message, without a ping; the reply's id, or None where we may not."""
        message: dict[str, Any] = {
            **body,
            "flags": body.get("flags", 0) | SILENT,
            "allowed_mentions": {"parse": [], "replied_user": False},
            "message_reference": {
                "message_id": str(said.message_id),
                "fail_if_not_exists": False,
            },
        }
        route = Route("POST", "/channels/{channel_id}/messages", channel_id=said.channel_id)
        try:
            try:
                sent = await self._bot.http.request(route, json=message)
            except discord.HTTPException as error:
                if error.code != NO_HISTORY:
                    raise
                del message["message_reference"]
                sent = await self._bot.http.request(route, json=message)
        except (discord.HTTPException, aiohttp.ClientError) as error:
            self._give_up(said.channel_id, error)
            return None
        return int(sent["id"])

    async def _change(
        self, reply: LinkReply, said: Said, keys: Sequence[str], settings: ServerSettings
    ) -> None:
        found = await self._found(keys)
        if not found:
            await self._take_back([said.message_id])
            return
        body = self._body(found, settings)
        if body is None:
            return
        await self._bot.store.take_shares_back(reply)
        await self._note(said, list(found), reply.replied_at)
        if not settings.classic:  # the reply may be a classic one from before
            body |= {"content": None, "embeds": []}
        if not await self._at_reply("PATCH", reply, json=body):
            await self._take_back([said.message_id])  # nothing turns a layout into an embed
            return
        await self._bot.store.save_link_reply(replace(reply, keys="\n".join(keys)))

    async def _take_back(self, message_ids: Sequence[int]) -> None:
        for reply in await self._bot.store.take_link_replies(message_ids):
            await self._bot.store.take_shares_back(reply)
            await self._at_reply("DELETE", reply)

    async def _at_reply(self, method: str, reply: LinkReply, **options: Any) -> bool:
        """Change or delete our reply; whether it was still there."""
        route = Route(
            method,
            "/channels/{channel_id}/messages/{message_id}",
            channel_id=reply.channel_id,
            message_id=reply.reply_id,
        )
        try:
            await self._bot.http.request(route, **options)
        except discord.NotFound:  # somebody deleted it
            return False
        except (discord.HTTPException, aiohttp.ClientError) as error:
            self._give_up(reply.channel_id, error)
            return False
        return True

    async def _suppress_preview(self, said: Said) -> None:
        """Take Discord's own previews away, if we may manage messages: the card says more."""
        route = Route(
            "PATCH",
            "/channels/{channel_id}/messages/{message_id}",
            channel_id=said.channel_id,
            message_id=said.message_id,
        )
        if said.channel_id in self._previews_stay:
            return
        try:
            await self._bot.http.request(route, json={"flags": SUPPRESS_EMBEDS})
        except discord.HTTPException as error:
            self._previews_stay[said.channel_id] = str(error.code)
            log.info("previews stay in channel %s: %s", said.channel_id, error.code)
        except aiohttp.ClientError as error:
            log.info("a preview stays: %s", type(error).__name__)

    def _give_up(self, channel_id: int, error: Exception) -> None:
        """Leave a channel alone for a while where we may not speak: Discord bans who insists."""
        if isinstance(error, discord.Forbidden):
            self._quiet[channel_id] = str(error.code)
        log.info("a link in channel %s has no answer: %s", channel_id, type(error).__name__)


def _leads_elsewhere(content: str, keys: Sequence[str]) -> bool:
    """Whether `content` has links to more than `keys`, of which only a preview says anything."""
    return not all(
        any(isinstance(link, ShortLink) or key_of(link) in keys for link in find_links(address))
        for address in ADDRESS.findall(UNMEANT.sub(" ", content))
    )
