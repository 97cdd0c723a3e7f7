"""A machine that runs `mixbot run`: its power is cut at any step, and then it starts again."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from mixbot.sandbox import DiscordServer, MixcloudServer
from mixbot.sandbox.discord import Channel, Message, User
from mixbot.services import MIXCLOUD
from mixbot.store import Account, open_store
from mixbot.tokens import token_of
from mixbot.vault import Vault
from tests import forked
from tests.conftest import CLIENT_ID, CLIENT_SECRET
from tests.faults.doomed import Plan
from tests.forked import Program
from tests.test_command_line import Operator
from tests.test_lifecycle import free_port

READY_SECONDS = 20.0


@dataclass
class Machine(Operator):
    """A process, started again and again on the same database and the same port."""

    channel: Channel
    ada: User
    database_url: str
    sign_in: bool = True
    port: int = field(default_factory=free_port)
    key: str = field(default_factory=Vault.new_key)
    settings: dict[str, str] = field(default_factory=dict)
    process: Program | None = None
    log: list[str] = field(default_factory=list)
    deaths: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self, **values: str) -> dict[str, str]:
        values |= {"DISCORD_CLIENT_SECRET": self.discord.client_secret} if self.sign_in else {}
        return super().environment(
            MIXCLOUD_CLIENT_ID=CLIENT_ID,
            MIXCLOUD_CLIENT_SECRET=CLIENT_SECRET,
            MIXCLOUD_SITE_URL=self.mixcloud.site_url,
            MIXCLOUD_OEMBED_URL=self.mixcloud.oembed_url,
            MIXBOT_PUBLIC_URL=self.url,
            MIXBOT_DATABASE_URL=self.database_url,
            MIXBOT_ENCRYPTION_KEYS=self.key,
            **{"MIXBOT_HTTP_PORT": str(self.port), **self.settings, **values},
        )

    async def switch_on(self, *, dies_at: int | None = None) -> None:
        """Run it, until it is to die at this step, counted from when `count` is called."""
        plan = Plan(self.discord.authorize_url, f"{self.mixcloud.site_url}/i", dies_at)
        self.process = await forked.start(
            "-m",
            "tests.faults.doomed",
            plan.as_argument(),
            cwd=self.folder,
            env=self.environment(),
        )
        self._reading = asyncio.create_task(self._read(self.process))
        await self.discord.ready(READY_SECONDS)

    async def readiness(self) -> int:
        """The status of `/readyz`."""
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{self.url}/readyz") as response,
        ):
            return response.status

    async def ready(self) -> None:
        """Wait until it says that it is."""
        async with asyncio.timeout(READY_SECONDS):
            while await self.readiness() != 200:  # noqa: ASYNC110  # nobody tells of it
                await asyncio.sleep(0.02)

    async def _read(self, process: Program) -> None:
        async for line in process.stderr:
            self.log.append(line.decode())

    def count(self) -> None:
        """Have it count its steps from now on."""
        assert self.process
        self.process.send_signal(signal.SIGUSR1)

    @property
    def is_dead(self) -> bool:
        return self.process is None or self.process.returncode is not None

    async def death(self) -> None:
        """Wait until it is dead, and Discord knows it."""
        assert self.process
        await self.process.wait()
        await self._reading
        gateway = self.discord.gateway
        await gateway.becomes(
            lambda: all(session.connection is None for session in gateway.sessions.values()),
            10,
            "the bot to be gone",
        )

    async def cut_power(self) -> None:
        """SIGKILL, unless it is dead already."""
        assert self.process
        self.process.kill()
        await self.death()
        self.deaths += 1

    async def begin_again(self) -> None:
        """As after a power cut."""
        await self.cut_power()
        await self.switch_on()

    async def link(self, user: User, username: str) -> str:
        """Link `user` to `username` at Mixcloud, without the browser; returns the token."""
        token = self.mixcloud.token_for(username)
        found = self.mixcloud.catalogue.user(username)
        assert found
        sealed = Vault.from_keys(self.key).seal(token, token_of(int(user.id), MIXCLOUD))
        async with open_store(self.database_url) as store:
            await store.save_account(
                Account(
                    int(user.id),
                    MIXCLOUD,
                    found.key,
                    username,
                    found.name,
                    sealed,
                    datetime.now(UTC),
                )
            )
        return token

    async def use(self, user: User, command: str, **options: str) -> Message:
        return await (await user.slash(self.channel, command, options)).reply()


@asynccontextmanager
async def machine(
    folder: Path, *, sign_in: bool = True, settings: dict[str, str] | None = None
) -> AsyncIterator[Machine]:
    """A machine that is off, with the bot's commands registered, and Ada in a server with it."""
    async with AsyncExitStack() as stack:
        discord = await stack.enter_async_context(DiscordServer())
        mixcloud = await stack.enter_async_context(MixcloudServer())
        mixcloud.register_app(CLIENT_ID, CLIENT_SECRET)
        guild = discord.guild("Crate diggers")
        ada = discord.user("ada", display_name="Ada")
        guild.join(ada)
        made = Machine(
            discord,
            mixcloud,
            folder,
            guild.channel("general"),
            ada,
            f"sqlite:///{folder / 'mixbot.db'}",
            sign_in=sign_in,
            settings=settings or {},
        )
        discord.redirect_uris.add(f"{made.url}/oauth/discord/callback")
        registered = await made.run("sync", "--yes")
        assert registered.code == 0, registered.err
        try:
            yield made
        finally:
            if made.process:
                await made.cut_power()
