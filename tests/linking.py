"""A stage for tests of linking: accounts and their pages, a Mixcloud and a Discord to visit."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest_asyncio
from aiohttp import web

from mixbot.accounts import Accounts, Action, Linked, Person, Reply
from mixbot.mixcloud import Mixcloud
from mixbot.sandbox import DiscordServer, MixcloudServer
from mixbot.sandbox.mixcloud.catalogue import Catalogue
from mixbot.services.mixcloud import Credentials, MixcloudService
from mixbot.signin import DiscordSignIn
from mixbot.store import Store
from mixbot.vault import Vault
from mixbot.web import AccessLogger, create_app

CLIENT_ID, CLIENT_SECRET = "mixbot-client", "mixbot-client-secret-7d1c"
SHOW = "/spinner/late-shift/"
FAVORITE = Action("favorite", SHOW)
REPLY = Reply(4711, "interaction-token-3f9a")


class Clock:
    """Stands still until it is told to move."""

    def __init__(self) -> None:
        self.now = datetime(2026, 5, 17, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **time: float) -> None:
        self.now += timedelta(**time)


@dataclass
class Stage:
    """Everything a user meets on the way to a link."""

    store: Store
    mixcloud: MixcloudServer
    discord: DiscordServer
    client: Mixcloud
    vault: Vault = field(default_factory=lambda: Vault.from_keys(Vault.new_key()))
    clock: Clock = field(default_factory=Clock)
    linked: asyncio.Queue[Linked] = field(default_factory=asyncio.Queue)
    signs_in: bool = False

    def __post_init__(self) -> None:
        self.ada = self.discord.user("ada", display_name="Ada 🎧 <b>L</b>")
        self.bob = self.discord.user("bob")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.discord.redirect_uris.add(f"{self.url}/oauth/discord/callback")
        self.accounts = self._new_accounts()

    def _new_accounts(self) -> Accounts:
        sign_in = DiscordSignIn(
            self.discord.application_id,
            self.discord.client_secret,
            authorize_url=self.discord.authorize_url,
            api_url=self.discord.api_url,
        )
        accounts = Accounts(
            self.store,
            MixcloudService(
                self.client, Credentials(CLIENT_ID, CLIENT_SECRET), public_url=self.url
            ),
            public_url=self.url,
            vault=self.vault,
            sign_in=sign_in if self.signs_in else None,
            now=self.clock,
        )
        accounts.on_linked = self.linked.put
        return accounts

    async def serve(self) -> None:
        app = create_app(
            self.accounts,
            self.client,
            player_root=self.mixcloud.player_url,
            image_root=self.mixcloud.thumbnailer_url,
        )
        self._runner = web.AppRunner(app, access_log_class=AccessLogger, shutdown_timeout=1)
        await self._runner.setup()
        # A copy, so that the same address can be served again.
        await web.SockSite(self._runner, self._listener.dup()).start()

    async def stop(self) -> None:
        await self._runner.cleanup()
        await self.accounts.close()

    async def restart(self) -> None:
        """Begin again with what is in the store, and nothing else."""
        await self.stop()
        self.accounts = self._new_accounts()
        await self.serve()

    def close(self) -> None:
        self._listener.close()

    async def start_link(
        self, waiting: Action | None = FAVORITE, reply: Reply | None = REPLY
    ) -> str:
        person = Person(int(self.ada.id), self.ada.display_name)
        return await self.accounts.start_link(person, waiting=waiting, reply=reply)

    @property
    def ada_id(self) -> int:
        return int(self.ada.id)

    @property
    def bob_id(self) -> int:
        return int(self.bob.id)


@pytest_asyncio.fixture
async def mixcloud_server() -> AsyncIterator[MixcloudServer]:
    async with MixcloudServer(Catalogue()) as server:
        server.register_app(CLIENT_ID, CLIENT_SECRET)
        server.catalogue.add_show("spinner", "Late Shift", slug="late-shift")
        server.signed_in = ["ada.plays", "bob.plays"]
        yield server


@pytest_asyncio.fixture
async def stage(store: Store, mixcloud_server: MixcloudServer) -> AsyncIterator[Stage]:
    """Linking that asks for a code."""
    async with _staged(store, mixcloud_server) as stage:
        yield stage


@pytest_asyncio.fixture
async def sign_in_stage(store: Store, mixcloud_server: MixcloudServer) -> AsyncIterator[Stage]:
    """Linking that lets users sign in with Discord."""
    async with _staged(store, mixcloud_server, signs_in=True) as stage:
        yield stage


@asynccontextmanager
async def _staged(
    store: Store, mixcloud: MixcloudServer, *, signs_in: bool = False
) -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        discord = await stack.enter_async_context(DiscordServer())
        client = await stack.enter_async_context(
            Mixcloud(
                mixcloud.api_url,
                access_token=None,
                mixcloud_root=mixcloud.site_url,
                oembed_root=mixcloud.oembed_url,
            )
        )
        stage = Stage(store, mixcloud, discord, client, signs_in=signs_in)
        stack.callback(stage.close)
        await stage.serve()
        stack.push_async_callback(stage.stop)
        yield stage
