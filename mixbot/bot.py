"""MixBot: the discord.py bot with its command tree, its caches and its error hook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from cachetools import LRUCache, TTLCache
from discord import app_commands
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

from mixbot.accounts import Accounts, Linked
from mixbot.mixcloud import Mixcloud
from mixbot.store import Store
from mixbot.ui import acting, components, replies

if TYPE_CHECKING:
    from mixbot.settings import Settings

COGS = ("cogs.mixcloud", "cogs.actions")
COMPONENTS = (discord.InteractionType.component, discord.InteractionType.modal_submit)


def point_at(settings: Settings) -> None:
    """Make discord.py talk to the Discord of `settings`; it keeps both addresses in classes."""
    Route.BASE = settings.discord_api_url
    if settings.discord_gateway_url:
        DiscordWebSocket.DEFAULT_GATEWAY = URL(settings.discord_gateway_url)


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
        public_url: str,
        gateway_url: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=Tree,
            # Interactions need no intent, and a server costs 1.7 KB without the guilds intent
            # against 29 KB with it.
            intents=discord.Intents.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_messages=None,
            chunk_guilds_at_startup=False,
            allowed_mentions=discord.AllowedMentions.none(),
            **options,
        )
        self.mixcloud = mixcloud
        self.accounts = accounts
        self.store = store
        self.public_url = public_url
        self._gateway_url = gateway_url
        self.pages: TTLCache[tuple[str, str, int], bytes] = TTLCache(maxsize=64, ttl=300)
        self.names: LRUCache[str, str] = LRUCache(maxsize=4096)  # show key → its title
        self.queries: LRUCache[int, list[str]] = LRUCache(maxsize=1024)  # user → latest searches
        self._command_ids: dict[str, int] | None = None

    async def setup_hook(self) -> None:
        for cog in COGS:
            await self.load_extension(cog)
        self.accounts.on_linked = self._on_linked

    def dispatch(self, event_name: str, /, *args: Any, **kwargs: Any) -> None:
        # Every event that is handled starts a task, and commands find their way themselves.
        if event_name != "interaction" or args[0].type in COMPONENTS:
            super().dispatch(event_name, *args, **kwargs)

    async def on_interaction(self, interaction: discord.Interaction[MixBot]) -> None:
        """Where buttons, menus and forms find their way."""
        await components.use(interaction)

    async def _on_linked(self, linked: Linked) -> None:
        await acting.finish(self, linked)

    async def launch_shards(self) -> None:
        if self._gateway_url and self.shard_count is None:
            # discord.py takes the address from /gateway/bot unless it knows the number of shards
            self.shard_count, _, _ = await self.http.get_bot_gateway()
        await super().launch_shards()

    def remember_query(self, user_id: int, query: str) -> None:
        """Suggest `query` to this user again, the latest first."""
        if not query:
            return  # Discord refuses suggestions of which one is empty
        latest = self.queries.get(user_id, [])
        self.queries[user_id] = [query, *(one for one in latest if one != query)][:10]

    async def mention(self, command: str) -> str:
        """`command` (“mixcloud search”) as a clickable mention, or as code if it has no id yet."""
        if self._command_ids is None:
            self._command_ids = {one.name: one.id for one in await self.tree.fetch_commands()}
        if command_id := self._command_ids.get(command.split()[0]):
            return f"</{command}:{command_id}>"
        return f"`/{command}`"
