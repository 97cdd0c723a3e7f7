"""The real bot between a Discord and a Mixcloud of the sandbox, over real sockets."""

from __future__ import annotations

import asyncio
import gc
import os
import pickle
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from mixbot import app
from mixbot.app import App
from mixbot.fetching import is_public
from mixbot.fetching.addresses import Address
from mixbot.languages import ENGLISH, speak
from mixbot.sandbox import DiscordServer, MixcloudServer
from mixbot.sandbox.discord import Channel, Guild, Message, User
from mixbot.sandbox.mixcloud import Show
from mixbot.services import MIXCLOUD
from mixbot.settings import Settings
from mixbot.store import Account
from mixbot.tokens import token_of
from mixbot.vault import Vault
from tests.databases import drop_databases

TITLE = re.compile(r"^### \[.*\]\((.*)\)$", re.MULTILINE)
CLIENT_ID, CLIENT_SECRET = "mixbot-client", "mixbot-client-secret"
Wired = Callable[[DiscordServer, MixcloudServer], AbstractAsyncContextManager[dict[str, Any]]]


@dataclass
class Scene:
    """A server with two people in it, the bot, and Mixcloud."""

    discord: DiscordServer
    mixcloud: MixcloudServer
    settings: Settings
    parts: App
    guild: Guild
    channel: Channel
    ada: User
    noor: User

    @property
    def jazz(self) -> str:
        """The key of a show that a search for jazz finds first."""
        return self.show("jazz").key

    def show(self, query: str) -> Show:
        """The show that Mixcloud finds first."""
        return self.mixcloud.catalogue.search_shows(query)[0]

    async def link(self, user: User, username: str) -> str:
        """Link `user` to `username` at Mixcloud, without the browser; returns the token."""
        token = self.mixcloud.token_for(username)
        me = await self.parts.mixcloud.with_token(token).me()
        keys = self.settings.encryption_keys
        assert keys
        vault = Vault.from_keys(keys.get_secret_value())
        user_id = int(user.id)
        sealed = vault.seal(token, token_of(user_id, MIXCLOUD))
        await self.parts.store.save_account(
            Account(user_id, MIXCLOUD, me.key, me.username, me.name, sealed, datetime.now(UTC))
        )
        return token

    async def use(self, user: User, command: str, **options: Any) -> Message:
        """What the bot answers to a slash command in the channel."""
        return await (await user.slash(self.channel, command, **options)).reply()


def page_of(card: Message) -> str:
    """The address behind the title of a card."""
    found = TITLE.search(card.text)
    assert found, card
    return found[1]


@cache
def world() -> bytes:
    """The catalogue that a Mixcloud starts with: to read it takes a third of inventing it."""
    return pickle.dumps(MixcloudServer().catalogue)


@asynccontextmanager
async def staged(
    folder: Path,
    *,
    sign_in: bool = True,
    shards: int = 1,
    may_connect: Callable[[Address], bool] = is_public,
    wired: Wired | None = None,
    **options: Any,
) -> AsyncIterator[Scene]:
    """A scene with an empty database in `folder`; `options` replace settings.

    So do those that `wired` makes, once it is known where Discord and Mixcloud are.
    """
    async with AsyncExitStack() as stack:
        discord = await stack.enter_async_context(DiscordServer(shards=shards))
        mixcloud = await stack.enter_async_context(MixcloudServer(pickle.loads(world())))
        mixcloud.register_app(CLIENT_ID, CLIENT_SECRET)
        guild = discord.guild("Crate diggers")
        channel = guild.channel("general")
        ada, noor = discord.user("ada", display_name="Ada"), discord.user("noor")
        guild.join(ada)
        guild.join(noor)
        listener = app.listen("127.0.0.1", 0)
        given: dict[str, Any] = {
            "discord_token": discord.bot_token,
            "discord_client_secret": discord.client_secret if sign_in else None,
            "discord_api_url": discord.api_url,
            "discord_gateway_url": discord.gateway_url,
            "mixcloud_client_id": CLIENT_ID,
            "mixcloud_client_secret": CLIENT_SECRET,
            "mixcloud_api_url": mixcloud.api_url,
            "mixcloud_site_url": mixcloud.site_url,
            "mixcloud_oembed_url": mixcloud.oembed_url,
            "public_url": f"http://127.0.0.1:{listener.getsockname()[1]}",
            "database_url": f"sqlite:///{folder / 'mixbot.db'}",
            "encryption_keys": Vault.new_key(),
            **options,
        }
        if wired:
            given |= await stack.enter_async_context(wired(discord, mixcloud))
        settings = Settings(**given)
        discord.redirect_uris.add(f"{settings.public_url}/oauth/discord/callback")
        parts = await stack.enter_async_context(
            running(settings, discord, listener, may_connect=may_connect)
        )
        yield Scene(discord, mixcloud, settings, parts, guild, channel, ada, noor)


@asynccontextmanager
async def running(
    settings: Settings,
    discord: DiscordServer,
    listener: Any = None,
    *,
    may_connect: Callable[[Address], bool] = is_public,
) -> AsyncIterator[App]:
    """The bot, ready and with its commands registered."""
    async with app.assembled(
        settings,
        listener,
        # the sandbox's Mixcloud is one origin for all it does
        short_url=f"{settings.mixcloud_site_url}/i",
        sign_in_url=discord.authorize_url,
        may_connect=may_connect,
    ) as parts:
        await app.log_in(parts.bot, settings)
        await parts.bot.tree.sync()
        connection = asyncio.create_task(parts.bot.connect())
        try:
            if not settings.shard_ids:
                await discord.ready()
            await parts.bot.wait_until_ready()
            yield parts
        finally:
            await parts.bot.close()
            await connection


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Three for two cores: much of what tests do is to wait for others."""
    del config
    return max(2, (os.cpu_count() or 2) * 3 // 2)


def pytest_collection() -> None:
    """What is imported stays: nobody looks for garbage in it, now or after each test."""
    gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def pytest_sessionfinish() -> None:
    asyncio.run(drop_databases())


@pytest.fixture(autouse=True)
def english() -> None:
    """What another test spoke is over."""
    speak(ENGLISH)


@pytest.fixture(autouse=True)
def nobodys_netrc(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token of whoever runs the tests stays where it is."""
    monkeypatch.setenv("NETRC", os.devnull)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with staged(tmp_path) as scene:
        yield scene
