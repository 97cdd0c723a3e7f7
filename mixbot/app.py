"""Puts the parts together from the settings; starts them and closes them in reverse."""

from __future__ import annotations

import asyncio
import base64
import errno
import gc
import logging
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import discord
from aiohttp import web

from mixbot.accounts import PROVIDER, Accounts, Credentials
from mixbot.bot import MixBot, point_at
from mixbot.errors import UserError
from mixbot.mixcloud import Gate, Mixcloud
from mixbot.mixcloud.constants import SHORT_ROOT
from mixbot.settings import Settings
from mixbot.signin import DiscordSignIn
from mixbot.store import Store, open_store
from mixbot.vault import Vault
from mixbot.web import AccessLogger, create_app
from mixbot.web.player import IMAGE_ROOT, PLAYER_ROOT

log = logging.getLogger(__name__)

TIDY_SECONDS = 3600.0
COLLECT_AFTER = 5000  # new objects; Python's default is 700
GATE_SECONDS = 5.0  # how soon a process learns that another was told to wait
SIGN_IN_URL = "https://discord.com/oauth2/authorize"


class CannotStart(UserError):
    """Something outside keeps the bot from starting; the sentence says what."""


@dataclass(frozen=True, slots=True)
class App:
    """The parts, ready to run."""

    store: Store
    mixcloud: Mixcloud
    accounts: Accounts
    bot: MixBot


async def run(settings: Settings) -> None:
    """Run the bot until it is told to stop; raises CannotStart with the reason if it cannot."""
    with listen(settings.http_host, settings.http_port) as listener:
        async with assembled(settings, listener) as parts:
            task = asyncio.ensure_future(start(parts.bot, settings))
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
            try:
                await task
            except asyncio.CancelledError:
                log.info("stopped")


def listen(host: str, port: int) -> socket.socket:
    """The socket of the web pages, taken before anything else is started."""
    try:
        return socket.create_server((host, port))
    except OSError as error:
        what = "is in use already" if error.errno == errno.EADDRINUSE else f"failed: {error}"
        raise CannotStart(f"Listening on {host} port {port} {what} (MIXBOT_HTTP_PORT).") from None


@asynccontextmanager
async def assembled(
    settings: Settings,
    listener: socket.socket | None = None,
    *,
    player_url: str = PLAYER_ROOT,
    image_url: str = IMAGE_ROOT,
    short_url: str = SHORT_ROOT,
    sign_in_url: str = SIGN_IN_URL,
    **options: Any,
) -> AsyncIterator[App]:
    """Everything but the connection to Discord; web pages only if there is a `listener`.

    The four addresses are the sandbox's in the demo; `options` go to discord.py's client.
    """
    point_at(settings)
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(settings.database_url))
        mixcloud = await stack.enter_async_context(
            Mixcloud(
                settings.mixcloud_api_url,
                access_token=None,
                mixcloud_root=settings.mixcloud_site_url,
                oembed_root=settings.mixcloud_oembed_url,
                short_root=short_url,
                gate=await stack.enter_async_context(shared_gate(store)),
            )
        )
        accounts = accounts_from(settings, store, mixcloud, sign_in_url)
        stack.push_async_callback(accounts.close)
        bot = MixBot(
            mixcloud=mixcloud,
            accounts=accounts,
            store=store,
            public_url=settings.public_url,
            gateway_url=settings.discord_gateway_url,
            message_content=settings.message_content,
            shard_count=settings.shard_count,
            shard_ids=settings.shard_ids,
            **options,
        )
        await stack.enter_async_context(bot)
        await stack.enter_async_context(tidied(store))
        if listener:
            pages = create_app(
                accounts,
                mixcloud,
                ready=readiness(store, bot),
                long_key=store.long_key,
                player_root=player_url,
                image_root=image_url,
            )
            await stack.enter_async_context(serving(pages, listener))
        yield App(store, mixcloud, accounts, bot)


def accounts_from(
    settings: Settings, store: Store, mixcloud: Mixcloud, sign_in_url: str
) -> Accounts:
    """Accounts with as much of linking as the settings allow."""
    oauth = sign_in = None
    if settings.mixcloud_client_id and settings.mixcloud_client_secret:
        secret = settings.mixcloud_client_secret.get_secret_value()
        oauth = Credentials(settings.mixcloud_client_id, secret)
    if settings.discord_client_secret:
        sign_in = DiscordSignIn(
            bot_id(settings.discord_token.get_secret_value()),
            settings.discord_client_secret.get_secret_value(),
            authorize_url=sign_in_url,
            api_url=settings.discord_api_url,
        )
    keys = settings.encryption_keys
    return Accounts(
        store,
        mixcloud,
        public_url=settings.public_url,
        vault=Vault.from_keys(keys.get_secret_value()) if keys else None,
        oauth=oauth,
        sign_in=sign_in,
    )


def bot_id(token: str) -> str:
    """The id of a bot's user: the first part of its token, in base64."""
    part = token.partition(".")[0]
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode("ascii")
    except (ValueError, UnicodeDecodeError):
        raise CannotStart("DISCORD_TOKEN is not a bot token: copy it from the Bot page.") from None


def readiness(store: Store, bot: MixBot) -> Callable[[], Awaitable[bool]]:
    """Whether the store answers and all shards are connected."""

    async def ready() -> bool:
        await store.ping()
        return bot.is_ready()

    return ready


@asynccontextmanager
async def tidied(store: Store) -> AsyncIterator[None]:
    """Drop what is too old to be of use, now and every hour."""

    async def tidy() -> None:
        while True:
            try:
                await store.purge(datetime.now(UTC))
            except Exception:
                log.exception("what is too old could not be dropped; it is tried again")
            await asyncio.sleep(TIDY_SECONDS)

    tidying = asyncio.create_task(tidy())
    try:
        yield
    finally:
        tidying.cancel()
        await asyncio.gather(tidying, return_exceptions=True)


@asynccontextmanager
async def shared_gate(store: Store) -> AsyncIterator[Gate]:
    """The gate of all processes: a rate limit that one of them meets stops every one."""
    gate = Gate()

    async def learn() -> None:
        until = await store.gate(PROVIDER)
        seconds = (until - datetime.now(UTC)).total_seconds() if until else 0.0
        if seconds > gate.seconds_left() + 1:
            gate.close(seconds)

    async def keep_learning() -> None:
        while True:
            await asyncio.sleep(GATE_SECONDS)
            try:
                await learn()
            except Exception:
                log.exception("what other processes were told cannot be read; it is tried again")

    def tell(seconds: float) -> None:
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        task = asyncio.ensure_future(store.close_gate(PROVIDER, until))
        tasks.add(task)
        task.add_done_callback(told)

    def told(task: asyncio.Future[None]) -> None:
        tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("other processes do not know of a rate limit", exc_info=error)

    await learn()
    gate.on_close = tell
    tasks: set[asyncio.Future[None]] = set()
    learning = asyncio.create_task(keep_learning())
    try:
        yield gate
    finally:
        learning.cancel()
        await asyncio.gather(learning, *tasks, return_exceptions=True)


async def start(bot: MixBot, settings: Settings) -> None:
    """Log in to Discord and stay connected; raises CannotStart when Discord does not want that."""
    await log_in(bot, settings)
    spare_the_collector()
    try:
        await bot.connect()
    except discord.PrivilegedIntentsRequired:
        raise CannotStart(
            "Discord does not let this bot read messages: switch on the Message Content intent "
            "on its Bot page, or leave MIXBOT_MESSAGE_CONTENT out."
        ) from None
    except (discord.ConnectionClosed, discord.GatewayNotFound) as error:
        raise CannotStart(f"Discord ended the connection for good: {error}") from None


def spare_the_collector() -> None:
    """Let Python look for garbage less often, and not among what was made at the start.

    Modules and commands stay as long as the process, and looking at them again and again took a
    sixth of the CPU of a search, in pauses that everybody waited for.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)


async def log_in(bot: MixBot, settings: Settings) -> None:
    """Log in to Discord; raises CannotStart when it does not let the bot in."""
    try:
        await bot.login(settings.discord_token.get_secret_value())
    except discord.LoginFailure:
        raise CannotStart("Discord does not accept DISCORD_TOKEN.") from None
    except (aiohttp.ClientError, OSError, discord.HTTPException) as error:
        raise CannotStart(
            f"Discord does not answer at {settings.discord_api_url}: {type(error).__name__}."
        ) from None
    sign_in = bot.accounts.sign_in
    if sign_in and bot.application_id:
        # Of applications made before 2016 the bot's id, which the token holds, is another.
        bot.accounts.sign_in = replace(sign_in, client_id=str(bot.application_id))


@asynccontextmanager
async def serving(application: web.Application, listener: socket.socket) -> AsyncIterator[None]:
    """Serve the web pages on `listener`."""
    runner = web.AppRunner(application, access_log_class=AccessLogger)
    await runner.setup()
    try:
        await web.SockSite(runner, listener).start()
        yield
    finally:
        await runner.cleanup()
