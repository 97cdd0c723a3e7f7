"""MixBot: the discord.py bot with its command tree, its caches and its error hook."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
from cachetools import LRUCache, TTLCache
from discord import app_commands
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

from mixbot import gateway
from mixbot.accounts import Accounts, Linked, Unlinked
from mixbot.errors import UserError
from mixbot.languages import N_
from mixbot.links import host_of
from mixbot.metrics import Metrics
from mixbot.mixcloud import Mixcloud
from mixbot.preferences import Preferences
from mixbot.publishing import Publishing
from mixbot.services import MIXCLOUD, SOUNDCLOUD
from mixbot.soundcloud import Resource
from mixbot.store import Store
from mixbot.ui import acting, handling, publishing, replies
from mixbot.ui.answers import Patience
from mixbot.ui.cards import named
from mixbot.ui.references import plain_text
from mixbot.ui.tongues import speak_to
from mixbot.ui.translation import Catalogues
from mixbot.ui.watching import Watched

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mixbot.publishing import Sending
    from mixbot.settings import Settings
    from mixbot.ui.cards import Card
    from mixbot.ui.details import Detail
    from mixbot.ui.listings import Leaf

log = logging.getLogger(__name__)

COGS = ("cogs.mixcloud", "cogs.actions", "cogs.settings", "cogs.links")
OF_SERVICES = {SOUNDCLOUD: "cogs.soundcloud"}  # only where there is that service
PAGES_KEPT = 500  # of 20 results each
DETAILS_KEPT = 1000  # shows and people
KEPT_SECONDS = 300.0
GUILDS_ASKED = 200  # at once
CLOSING_SECONDS, DRAINING_SECONDS = 10.0, 20.0
LINK_INTENTS = discord.Intents(guild_messages=True, dm_messages=True, message_content=True)
COMMAND = re.compile(r"`/(?P<path>(?P<root>[-\w]+)(?: [-\w]+)?)`")
COMPONENTS = (discord.InteractionType.component, discord.InteractionType.modal_submit)


def point_at(settings: Settings) -> None:
    """Make discord.py talk to the Discord of `settings`; it keeps both addresses in classes."""
    Route.BASE = settings.discord_api_url
    if settings.discord_gateway_url:
        DiscordWebSocket.DEFAULT_GATEWAY = URL(settings.discord_gateway_url)
    gateway.use_sockets()


class Restarting(UserError):
    def __init__(self) -> None:
        super().__init__(N_("I am being restarted. Try again in a minute."))


class Tree(app_commands.CommandTree["MixBot"]):
    """Commands for servers and for users, in servers, DMs and group DMs."""

    def __init__(self, client: MixBot) -> None:
        super().__init__(
            client,
            allowed_contexts=app_commands.AppCommandContext(
                guild=True, dm_channel=True, private_channel=True
            ),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
        )

    async def interaction_check(self, interaction: discord.Interaction[MixBot], /) -> bool:
        """Everybody may; this is where the language of the answer is settled."""
        self.client.begin(interaction)
        await speak_to(interaction)
        if not self.client.draining:
            return True
        await replies.report(interaction, Restarting())
        return False

    async def on_error(
        self, interaction: discord.Interaction[MixBot], error: app_commands.AppCommandError, /
    ) -> None:
        await replies.report(interaction, error)


class MixBot(commands.AutoShardedBot):
    """The bot. It keeps no state of its own: what is not in the store is a cache."""

    def __init__(
        self,
        *,
        mixcloud: Mixcloud,
        accounts: Accounts,
        store: Store,
        publishing: Publishing,
        metrics: Metrics,
        public_url: str,
        gateway_url: str | None = None,
        message_content: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=Tree,
            # Interactions need no intent, and a server costs 1.7 KB without the guilds intent
            # against 29 KB with it.
            intents=LINK_INTENTS if message_content else discord.Intents.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_messages=None,
            chunk_guilds_at_startup=False,
            allowed_mentions=discord.AllowedMentions.none(),
            # Without the guilds intent nobody tells of servers later, so none are waited for.
            **({"guild_ready_timeout": 0.0} | options),
        )
        gateway.forgive(self._connection.parsers)
        self.mixcloud = mixcloud
        self.accounts = accounts
        self.store = store
        self.publishing = publishing
        self.metrics = metrics
        self.draining = False
        self.is_waiting = False  # until Discord lets it connect
        self.last_event = time.perf_counter()
        self.public_url = public_url
        self.reads_messages = message_content
        self._gateway_url = gateway_url
        self.patience = Patience()
        self.preferences = Preferences(store)
        self.pages: TTLCache[tuple[str, str, int], Leaf] = TTLCache(PAGES_KEPT, KEPT_SECONDS)
        self.details: TTLCache[str, Detail] = TTLCache(DETAILS_KEPT, KEPT_SECONDS)  # by key
        self.names: LRUCache[str, str] = LRUCache(4096)  # show or person → its title
        if SOUNDCLOUD in accounts.providers:
            accounts.soundcloud.on_found = self._name
        self.help_cards: dict[str, Card] = {}  # by language
        self._recent: LRUCache[tuple[int, str], list[str]] = LRUCache(4096)
        self._command_ids: dict[str, int] | None = None
        self._under_way: set[asyncio.Task[Any]] = set()

    async def setup_hook(self) -> None:
        await self.tree.set_translator(Catalogues())
        of_services = (OF_SERVICES.get(provider) for provider in self.accounts.providers)
        for cog in (*COGS, *filter(None, of_services)):
            await self.load_extension(cog)
        self.accounts.start(self._on_linked)
        self.publishing.start(self._tell)

    def begin(self, interaction: discord.Interaction[MixBot] | None = None) -> None:
        """Have `drain` wait for what this task does, and note what comes of an interaction."""
        task = asyncio.current_task()
        if task is None:
            return
        self._under_way.add(task)
        watched = Watched(interaction) if interaction is not None else None

        def ended(task: asyncio.Task[Any]) -> None:
            self._under_way.discard(task)
            if watched:
                watched.end(self.metrics)

        task.add_done_callback(ended)

    async def drain(self) -> None:
        """Tell whoever comes now to come again, and wait for what is under way.

        What takes long is stopped after `DRAINING_SECONDS`; uploads are at once, and their owners
        are told.
        """
        self.draining = True
        await self.publishing.close()
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=DRAINING_SECONDS)

    async def close(self) -> None:
        """Leave Discord, and wait for what is under way: it uses what is closed after this."""
        await self.publishing.close()
        await super().close()
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=CLOSING_SECONDS)

    def dispatch(self, event_name: str, /, *args: Any, **kwargs: Any) -> None:
        if event_name == "socket_event_type":
            self.last_event = time.perf_counter()
            return
        if event_name == "app_command_completion":
            return  # which nobody listens to
        # Every event that is handled starts a task, and commands find their way themselves.
        if event_name != "interaction" or args[0].type in COMPONENTS:
            super().dispatch(event_name, *args, **kwargs)

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        """Log what went wrong with an event, unless it is only that everything is closed now."""
        if self.is_closed():
            log.info("%s is not handled, as the bot stops", event_method)
        else:
            await super().on_error(event_method, *args, **kwargs)

    async def on_interaction(self, interaction: discord.Interaction[MixBot]) -> None:
        """Where buttons, menus and forms find their way."""
        self.begin(interaction)
        if self.draining:
            await replies.report(interaction, Restarting())
        else:
            await handling.use(interaction)

    async def on_message(self, message: discord.Message, /) -> None:
        """Where discord.py would look for commands written as text: there are none."""

    def _name(self, key: str, found: Resource) -> None:
        self.names[key] = named(found)

    async def _tell(self, sending: Sending) -> None:
        await publishing.tell(self, sending)

    async def _on_linked(self, linked: Linked) -> None:
        await acting.finish(self, linked)

    async def launch_shards(self) -> None:
        told = await self._let_in()
        if self._gateway_url and self.shard_count is None:
            # discord.py takes the address from /gateway/bot unless it knows the number of shards
            self.shard_count = told["shards"]
        await super().launch_shards()

    async def _let_in(self) -> dict[str, Any]:
        """Wait until Discord lets all shards in: it resets the token of who insists.

        Source: https://discord.com/developers/docs/events/gateway#session-start-limit-object
        """
        while True:
            told: dict[str, Any] = await self.http.request(Route("GET", "/gateway/bot"))
            limit = told.get("session_start_limit") or {}
            shards = len(self.shard_ids or ()) or self.shard_count or told.get("shards", 1)
            if limit.get("remaining", shards) >= shards:
                return told
            seconds = limit.get("reset_after", 60_000) / 1000 + 1
            log.warning("Discord lets no shard in for %.0f seconds", seconds)
            self.is_waiting = True
            await asyncio.sleep(seconds)
            self.is_waiting = False

    def recent(self, user_id: int, kind: str) -> Sequence[str]:
        """What this user looked for lately, the latest first; `kind` is query, tag or city."""
        return self._recent.get((user_id, kind), ())

    def remember(self, user_id: int, kind: str, text: str) -> None:
        """Suggest `text` to this user again."""
        if text:  # Discord refuses suggestions of which one is empty
            latest = [one for one in self.recent(user_id, kind) if one != text]
            self._recent[user_id, kind] = [text, *latest][:10]

    async def unlink(self, user_id: int, provider: str = MIXCLOUD) -> Unlinked | None:
        """Act no longer as a user, nor go on sending their shows; None if they had no account."""
        if provider == MIXCLOUD:
            self.publishing.stop_all(user_id)
        return await self.accounts.unlink(user_id, provider)

    async def forget(self, user_id: int) -> Mapping[str, Unlinked]:
        """Drop everything about a user, here and in the store; by service, what was unlinked."""
        parted = {}
        for provider in self.accounts.providers:
            if unlinked := await self.unlink(user_id, provider):
                parted[provider] = unlinked
        self.accounts.withdraw(await self.store.forget(user_id))
        self.preferences.forget(user_id)
        for kind in ("query", "tag", "city"):
            self._recent.pop((user_id, kind), None)
        return parted

    async def forget_servers_left(self) -> None:
        """Drop what was decided for servers that the bot is no longer in, and what they shared."""
        there: set[int] = set()
        while True:
            query = f"?limit={GUILDS_ASKED}&after={max(there, default=0)}"
            page = await self.http.request(Route("GET", f"/users/@me/guilds{query}"))
            there |= {int(guild["id"]) for guild in page}
            if len(page) < GUILDS_ASKED:
                break
        await self.store.forget_servers(there)
        self.preferences.forget_servers()

    def forget_show(self, key: str) -> None:
        """Ask Mixcloud again what is at `key`, which was changed, and what its host has."""
        self.details.pop(key, None)
        host = plain_text(host_of(key))
        for page in [page for page in self.pages if page[:2] == ("c", host)]:
            del self.pages[page]

    async def mention(self, command: str) -> str:
        """`command` (“mixcloud search”) as a clickable mention, or as code if it has no id yet."""
        return await self.clickable(f"`/{command}`")

    async def clickable(self, text: str) -> str:
        """`text` with its `/commands` as mentions, which Discord shows by the reader's names."""
        if "`/" not in text:
            return text
        if self._command_ids is None:
            try:
                known = await self.tree.fetch_commands()
            except (discord.HTTPException, aiohttp.ClientError) as error:
                log.info("commands cannot be mentioned: %s", type(error).__name__)
                return text
            self._command_ids = {one.name: one.id for one in known}
        ids = self._command_ids

        def mention(match: re.Match[str]) -> str:
            command_id = ids.get(match["root"])
            return f"</{match['path']}:{command_id}>" if command_id else match[0]

        return COMMAND.sub(mention, text)
