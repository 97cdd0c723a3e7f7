"""Starts all parts of the demo, and closes them in reverse."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic_settings import PydanticBaseSettingsSource

from mixbot import app, logs
from mixbot.errors import UserError
from mixbot.sandbox.discord import DiscordServer
from mixbot.sandbox.mixcloud import MixcloudServer
from mixbot.sandbox.soundcloud import SoundCloudServer
from mixbot.settings import Settings
from mixbot.vault import Vault

from .pages import create_pages
from .scene import Scene, set_up

HOST = "127.0.0.1"
LARGEST_FILE = 500 * 1024 * 1024  # as for people with Nitro
READING_SPEED = 3_000_000  # bytes per second, so that an upload can be watched
CLIENT_ID, CLIENT_SECRET = "mixbot-demo", "only-for-the-sandbox"


class PortInUse(UserError):
    def __init__(self, port: int) -> None:
        super().__init__(
            f"Port {port} is in use already. Take another: mixbot demo --port {port + 1}"
        )


class DemoSettings(Settings):
    """Settings that neither the environment nor `.env` can change."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: Any,
        init_settings: PydanticBaseSettingsSource,
        *others: PydanticBaseSettingsSource,
        **more: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


@dataclass(frozen=True, slots=True)
class Demo:
    """The demo while it runs."""

    url: str
    discord: DiscordServer
    mixcloud: MixcloudServer
    soundcloud: SoundCloudServer
    parts: app.App
    scene: Scene
    connection: asyncio.Task[None]  # of the bot to Discord; it ends only if something is wrong


async def run_demo(
    *, port: int = 8765, sign_in: bool = True, announce: Callable[[str], None] = print
) -> None:
    """Run the demo until told to stop; `announce` is given its address on a line of its own."""
    stopped = asyncio.Event()
    with suppress(NotImplementedError):  # Windows has no signals to listen for
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    async with demo(port=port, sign_in=sign_in, log_level="ERROR") as running:
        announce("Discord, Mixcloud, SoundCloud and mixbot run on this machine. Open the chat:")
        announce(running.url)
        announce("Ctrl+C stops everything and forgets it.")
        until_told = asyncio.create_task(stopped.wait())
        both = (until_told, running.connection)
        try:
            done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            until_told.cancel()
        for ended in done:
            ended.result()


@asynccontextmanager
async def demo(
    *, port: int = 0, sign_in: bool = True, log_level: str | None = None
) -> AsyncIterator[Demo]:
    """The demo, ready for people at `url`.

    With `sign_in`, a link is proven by signing in with Discord, otherwise by a code typed into a
    form. `log_level` sets up logging; without it, logging is left as it is.
    """
    async with AsyncExitStack() as stack:
        chat = stack.enter_context(_listen(port))
        discord = await stack.enter_async_context(DiscordServer(size_limit=LARGEST_FILE))
        mixcloud = await stack.enter_async_context(MixcloudServer())
        mixcloud.reading_speed = READING_SPEED
        soundcloud = await stack.enter_async_context(SoundCloudServer())
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="mixbot-demo-")))
        pages = stack.enter_context(app.listen(HOST, 0))
        public_url = f"http://{HOST}:{_port(pages)}"
        settings = _settings(discord, mixcloud, soundcloud, public_url, folder, sign_in=sign_in)
        if log_level:
            logs.configure(settings.model_copy(update={"log_level": log_level}))
        mixcloud.register_app(CLIENT_ID, CLIENT_SECRET)
        soundcloud.register_app(
            CLIENT_ID, CLIENT_SECRET, redirect_uri=f"{public_url}/oauth/soundcloud/callback"
        )
        discord.redirect_uris.add(f"{public_url}/oauth/discord/callback")
        discord.unfurl(public_url, public_url)
        scene = await set_up(discord, mixcloud, soundcloud)
        parts = await stack.enter_async_context(
            app.assembled(
                settings,
                pages,
                player_url=mixcloud.player_url,
                image_url=mixcloud.thumbnailer_url,
                short_url=mixcloud.short_url,
                sign_in_url=discord.authorize_url,
                may_connect=lambda address: address.is_loopback,
                guild_ready_timeout=0.05,
            )
        )
        connection = await stack.enter_async_context(_connected(parts, settings))
        url = f"http://{HOST}:{_port(chat)}"
        files = folder / "files"
        files.mkdir()
        await stack.enter_async_context(app.serving(create_pages(scene, url, files), chat))
        yield Demo(url, discord, mixcloud, soundcloud, parts, scene, connection)


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(port) from None
        raise UserError(f"Listening on port {port} failed: {error.strerror}.") from None
    except OverflowError:
        raise UserError(f"There is no port {port}: take one from 1024 to 65535.") from None


def _port(listener: socket.socket) -> int:
    port: int = listener.getsockname()[1]
    return port


def _settings(
    discord: DiscordServer,
    mixcloud: MixcloudServer,
    soundcloud: SoundCloudServer,
    public_url: str,
    folder: Path,
    *,
    sign_in: bool,
) -> Settings:
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
        "soundcloud_client_id": CLIENT_ID,
        "soundcloud_client_secret": CLIENT_SECRET,
        "soundcloud_api_url": soundcloud.api_url,
        "soundcloud_auth_url": soundcloud.auth_url,
        "public_url": public_url,
        "database_url": f"sqlite:///{(folder / 'mixbot.db').as_posix()}",
        "encryption_keys": Vault.new_key(),
    }
    if "message_content" in Settings.model_fields:  # the demo's Discord lets the bot read along
        given["message_content"] = True
    return DemoSettings(**given)


@asynccontextmanager
async def _connected(parts: app.App, settings: Settings) -> AsyncIterator[asyncio.Task[None]]:
    """The bot with its commands registered, connected and ready."""
    await app.log_in(parts.bot, settings)
    await parts.bot.tree.sync()
    connection = asyncio.create_task(parts.bot.connect())
    ready = asyncio.ensure_future(parts.bot.wait_until_ready())
    try:
        await asyncio.wait((connection, ready), return_when=asyncio.FIRST_COMPLETED)
        if connection.done():
            connection.result()
        yield connection
    finally:
        ready.cancel()
        await parts.bot.close()
        await asyncio.gather(connection, return_exceptions=True)
