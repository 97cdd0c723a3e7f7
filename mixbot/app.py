"""Puts the parts together from the settings; starts them and closes them in reverse."""

from __future__ import annotations

import asyncio
import base64
import errno
import gc
import logging
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import aiohttp
import discord
from aiohttp import web
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    stop_after_attempt,
    stop_never,
    wait_random_exponential,
)

from mixbot import mixcloud, soundcloud
from mixbot.accounts import Accounts
from mixbot.bot import MixBot, point_at
from mixbot.errors import UserError
from mixbot.fetching import Fetcher, is_public
from mixbot.fetching.addresses import Address
from mixbot.metrics import Metrics, Timed
from mixbot.mixcloud import Mixcloud
from mixbot.mixcloud.constants import SHORT_ROOT
from mixbot.publishing import Publishing
from mixbot.pulse import Pulse
from mixbot.services import MIXCLOUD, SOUNDCLOUD
from mixbot.services.mixcloud import Credentials, MixcloudService
from mixbot.services.soundcloud import SoundCloudService
from mixbot.settings import Settings
from mixbot.signin import DiscordSignIn
from mixbot.store import DatabaseUnreachable, Store, open_store
from mixbot.store.engines import Database
from mixbot.tokens import LinkedTokens
from mixbot.transport.gate import Gate
from mixbot.web import AccessLogger, Events, create_app
from mixbot.web.player import IMAGE_ROOT, PLAYER_ROOT

log = logging.getLogger(__name__)

GateOfService = TypeVar("GateOfService", bound=Gate)

TIDY_SECONDS, LEAVE_SECONDS = 3600.0, 24 * 3600.0
COLLECT_AFTER = 5000  # new objects; Python's default is 700
LONGEST_PAUSE = 60.0  # seconds between two tries to reach what is not there
GATE_SECONDS = 5.0  # how soon a process learns that another was told to wait
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
SIGN_IN_URL = "https://discord.com/oauth2/authorize"


class CannotStart(UserError):
    """Something outside keeps the bot from starting; the sentence says what."""


class DiscordUnreachable(CannotStart):
    """It may answer later."""


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
        async with assembled(settings, listener, patient=True) as parts:
            working = asyncio.ensure_future(start(parts.bot, settings))
            told = asyncio.ensure_future(told_to_stop())
            await asyncio.wait((working, told), return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                told.cancel()
                working.result()
                return
            log.info("told to stop: what is under way is finished first")
            await parts.bot.drain()
            await parts.bot.close()
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
        log.info("stopped")


async def told_to_stop() -> None:
    """Wait for SIGTERM or SIGINT. The next one stops at once, as if nobody had waited."""
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stopped.set)
    try:
        await stopped.wait()
    finally:
        for number in STOP_SIGNALS:
            loop.remove_signal_handler(number)


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
    may_connect: Callable[[Address], bool] = is_public,
    patient: bool = False,
    **options: Any,
) -> AsyncIterator[App]:
    """Everything but the connection to Discord; web pages only if there is a `listener`.

    `patient`, it waits for a database that cannot be reached yet.

    The four addresses are the sandbox's in the demo, as is where links to files `may_connect`;
    `options` go to discord.py's client.
    """
    point_at(settings)
    async with AsyncExitStack() as stack:
        metrics = Metrics()
        store = await stack.enter_async_context(opened(settings, metrics, patient=patient))
        gate = await stack.enter_async_context(shared_gate(store, MIXCLOUD, mixcloud.Gate()))
        client = await stack.enter_async_context(
            Mixcloud(
                settings.mixcloud_api_url,
                access_token=None,
                mixcloud_root=settings.mixcloud_site_url,
                oembed_root=settings.mixcloud_oembed_url,
                short_root=short_url,
                gate=gate,
                on_exchange=metrics.exchanged,
            )
        )
        accounts = Accounts(
            store,
            MixcloudService(client, mixcloud_credentials(settings), public_url=settings.public_url),
            await stack.enter_async_context(soundcloud_from(settings, store, metrics)),
            public_url=settings.public_url,
            vault=settings.vault,
            sign_in=sign_in_from(settings, sign_in_url),
        )
        accounts.on_step = metrics.step
        stack.push_async_callback(accounts.close)
        fetcher = await stack.enter_async_context(
            Fetcher(links=settings.link_uploads, may_connect=may_connect)
        )
        publishing = Publishing(store, accounts, fetcher, on_outcome=metrics.uploaded)
        bot = MixBot(
            mixcloud=client,
            accounts=accounts,
            store=store,
            publishing=publishing,
            metrics=metrics,
            public_url=settings.public_url,
            gateway_url=settings.discord_gateway_url,
            message_content=settings.message_content,
            shard_count=settings.shard_count,
            shard_ids=settings.shard_ids,
            **options,
        )
        await stack.enter_async_context(bot)
        await stack.enter_async_context(at_work(tidy(store, accounts)))
        await stack.enter_async_context(at_work(leave(bot)))
        await stack.enter_async_context(at_work(metrics.measure_lag()))
        pulse = Pulse(bot, store)
        tell_ages(metrics, pulse, accounts)
        if listener:
            pages = create_app(
                accounts,
                client,
                ready=pulse.ready,
                health=pulse.health,
                metrics=metrics.text,
                events=events_from(settings, bot),
                long_key=store.long_key,
                player_root=player_url,
                image_root=image_url,
            )
            await stack.enter_async_context(serving(pages, listener))
        yield App(store, client, accounts, bot)


def mixcloud_credentials(settings: Settings) -> Credentials | None:
    """What this bot is known by at Mixcloud, if it is registered there."""
    client_id, secret = settings.mixcloud_client_id, settings.mixcloud_client_secret
    return Credentials(client_id, secret.get_secret_value()) if client_id and secret else None


@asynccontextmanager
async def soundcloud_from(
    settings: Settings, store: Store, metrics: Metrics
) -> AsyncIterator[SoundCloudService | None]:
    """SoundCloud, if this bot is registered there."""
    client_id, secret = settings.soundcloud_client_id, settings.soundcloud_client_secret
    vault = settings.vault
    if not client_id or not secret or not vault:
        yield None
        return
    tokens = LinkedTokens(store, vault)
    async with (
        shared_gate(store, SOUNDCLOUD, soundcloud.Gate()) as gate,
        soundcloud.SoundCloud(
            settings.soundcloud_api_url,
            auth_root=settings.soundcloud_auth_url,
            client_id=client_id,
            client_secret=secret.get_secret_value(),
            app_tokens=tokens.of_application(SOUNDCLOUD),
            gate=gate,
            on_exchange=partial(metrics.exchanged, service=SOUNDCLOUD),
        ) as client,
    ):
        yield SoundCloudService(client, tokens, public_url=settings.public_url)


def sign_in_from(settings: Settings, authorize_url: str) -> DiscordSignIn | None:
    """Signing in with Discord, where the settings allow it."""
    if not settings.discord_client_secret:
        return None
    return DiscordSignIn(
        bot_id(settings.discord_token.get_secret_value()),
        settings.discord_client_secret.get_secret_value(),
        authorize_url=authorize_url,
        api_url=settings.discord_api_url,
    )


def bot_id(token: str) -> str:
    """The id of a bot's user: the first part of its token, in base64."""
    part = token.partition(".")[0]
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode("ascii")
    except (ValueError, UnicodeDecodeError):
        raise CannotStart("DISCORD_TOKEN is not a bot token: copy it from the Bot page.") from None


def events_from(settings: Settings, bot: MixBot) -> Events | None:
    """Where Discord's events come in, if they can be told from others'."""
    key = settings.discord_public_key
    return Events(key, bot.forget) if key else None


@asynccontextmanager
async def opened(settings: Settings, metrics: Metrics, *, patient: bool) -> AsyncIterator[Store]:
    """The store; `patient`, as soon as its database can be reached."""

    def timed(database: Database) -> Database:
        return Timed(database, metrics)

    async with AsyncExitStack() as stack:
        async for attempt in patiently(DatabaseUnreachable, attempts=None if patient else 1):
            with attempt:
                store = await stack.enter_async_context(
                    open_store(settings.database_url, timed=timed)
                )
        yield store


def patiently(problem: type[Exception], *, attempts: int | None = None) -> AsyncRetrying:
    """Try again and again, ever more slowly, as long as it fails with this `problem`."""

    def say(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        pause = state.next_action.sleep if state.next_action else 0.0
        log.warning("%s It is tried again in %.0f s.", error, pause)

    return AsyncRetrying(
        retry=retry_if_exception_type(problem),
        wait=wait_random_exponential(multiplier=1, max=LONGEST_PAUSE),
        stop=stop_after_attempt(attempts) if attempts else stop_never,
        before_sleep=say,
        reraise=True,
    )


def tell_ages(metrics: Metrics, pulse: Pulse, accounts: Accounts) -> None:
    """Metrics that are looked up when somebody asks."""
    metrics.watch(
        "shard_heartbeat_age_seconds", "Since Discord acknowledged one", pulse.heartbeat_ages
    )
    metrics.watch(
        "last_event_age_seconds", "Since Discord sent anything", lambda: {"": pulse.event_age()}
    )
    metrics.watch(
        "gate_closed_seconds",
        "How long a service asks to wait",
        accounts.seconds_closed,
        label="service",
    )


@asynccontextmanager
async def at_work(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Do `work` beside the block, which ends it."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def every(
    seconds: float,
    work: Callable[[], Awaitable[None]],
    complaint: str,
    *,
    first: float | None = None,
) -> None:
    """Do `work` again and again, also where it fails; `first` after other seconds than later."""
    await asyncio.sleep(seconds if first is None else first)
    while True:
        try:
            await work()
        except Exception:
            log.exception("%s; it is tried again", complaint)
        await asyncio.sleep(seconds)


async def tidy(store: Store, accounts: Accounts) -> None:
    """Drop what is too old to be of use, now and every hour."""

    async def purge() -> None:
        accounts.withdraw(await store.purge(datetime.now(UTC)))

    await every(TIDY_SECONDS, purge, "what is too old could not be dropped", first=0)


async def leave(bot: MixBot) -> None:
    """Forget servers that the bot was taken out of, every day: no intent tells of it."""
    await every(
        LEAVE_SECONDS, bot.forget_servers_left, "servers that were left could not be forgotten"
    )


@asynccontextmanager
async def shared_gate(
    store: Store, provider: str, gate: GateOfService
) -> AsyncIterator[GateOfService]:
    """`gate` as that of all processes: a rate limit that one of them meets stops every one."""

    async def learn() -> None:
        until = await store.gate(provider)
        seconds = (until - datetime.now(UTC)).total_seconds() if until else 0.0
        if seconds > gate.seconds_left() + 1:
            gate.close(seconds)

    def tell(seconds: float) -> None:
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        task = asyncio.ensure_future(store.close_gate(provider, until))
        tasks.add(task)
        task.add_done_callback(told)

    def told(task: asyncio.Future[None]) -> None:
        tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("other processes do not know of a rate limit", exc_info=error)

    await learn()
    gate.on_close = tell
    tasks: set[asyncio.Future[None]] = set()
    complaint = "what other processes were told cannot be read"
    try:
        async with at_work(every(GATE_SECONDS, learn, complaint)):
            yield gate
    finally:
        await asyncio.gather(*tasks, return_exceptions=True)


async def start(bot: MixBot, settings: Settings) -> None:
    """Log in to Discord and stay connected; raises CannotStart when Discord does not want that."""
    bot.is_waiting = True
    async for attempt in patiently(DiscordUnreachable):
        with attempt:
            await log_in(bot, settings)
    bot.is_waiting = False
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
        await bot.http.close()
        bot.http.connector = discord.utils.MISSING  # the next try makes another, as the first did
        raise DiscordUnreachable(
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
