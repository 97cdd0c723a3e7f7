"""`mixbot check`: is everything there that the bot needs? One line for each part."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import aiohttp
from rich.console import Console
from rich.markup import escape

from mixbot import app
from mixbot.errors import UserError
from mixbot.mixcloud import Mixcloud, MixcloudError
from mixbot.rotation import count_older, survey
from mixbot.settings import LOOPBACK, Settings
from mixbot.soundcloud import SoundCloud, SoundCloudError
from mixbot.store import examined, open_store
from mixbot.store.schema import HEAD

ANSWER_SECONDS = 5.0
CLOCKS_DIFFER = 30.0  # seconds; links and codes live for minutes


class Wrong(UserError):
    """Something is not as it has to be; the sentence says what to do."""


class Doubtful(Exception):
    """The bot works so, and its operator should know of it."""


async def run(settings: Settings, out: Console) -> bool:
    """Print what works (✓), what to look at (!) and what does not (✗); true if nothing is ✗."""
    parts: dict[str, Callable[[Settings], Awaitable[str]]] = {
        "Settings": _settings,
        "Database": _database,
        "Encryption keys": _keys,
        "Web pages": _pages,
        "Discord": _discord,
        "Clock": _clock,
        "Mixcloud": _mixcloud,
        "SoundCloud": _soundcloud,
    }
    good = True
    for name, ask in parts.items():
        try:
            line = f"[green]✓[/] {name}: {escape(await ask(settings))}"
        except Doubtful as doubt:
            line = f"[yellow]![/] {name}: {escape(str(doubt))}"
        except (UserError, MixcloudError, SoundCloudError) as error:
            good = False
            line = f"[red]✗[/] {name}: {escape(str(error))}"
        out.print(line)
    return good


async def _settings(settings: Settings) -> str:
    if settings.mixcloud_client_id is None:
        return "read; MIXCLOUD_CLIENT_ID is not set, so nobody can link an account of Mixcloud"
    if settings.discord_client_secret is None:
        return "read; DISCORD_CLIENT_SECRET is not set, so who links has to enter a code"
    return "read"


async def _database(settings: Settings) -> str:
    before = await examined(settings.database_url)
    if before is None:
        return "nothing there yet, and it can be written; tables are made at the first start"
    if before != HEAD:
        raise Doubtful(
            f"at revision {before}, this version needs {HEAD}: back it up, then "
            "`mixbot db upgrade` (or start the bot, which does the same)"
        )
    return f"can be written, at revision {HEAD}"


async def _keys(settings: Settings) -> str:
    vault = settings.vault
    ids = f"{', '.join(vault.key_ids)} set" if vault else "none set"
    if await examined(settings.database_url, write=False) != HEAD:
        return f"{ids}; the database is not at this version's revision, so nothing was tried"
    async with open_store(settings.database_url) as store:
        found = await survey(store, vault)
        older = await count_older(store, vault) if vault else 0
    if lost := sum(found.unreadable.values()):
        keys = ", ".join(found.unreadable)
        raise Wrong(
            f"{ids}, and {lost} of {found.total} secrets cannot be opened; they are of key {keys}. "
            "Add that key, or have those people link again"
        )
    if older:
        raise Doubtful(
            f"{ids}, all {found.total} secrets can be opened, {older} only with an older key: "
            "`mixbot keys rotate` brings them to the first"
        )
    return f"{ids}, all {found.total} secrets can be opened with the first" if vault else ids


async def _pages(settings: Settings) -> str:
    """The address itself was checked with the settings; here, whether mixbot is behind it."""
    address = settings.public_url
    can_link = settings.mixcloud_client_id or settings.soundcloud_client_id
    if can_link and urlsplit(address).hostname in LOOPBACK:
        raise Doubtful(f"{address} is this machine alone: nobody else can link an account")
    try:
        async with _asking() as session, session.get(f"{address}/healthz") as answer:
            known = (await answer.json()).get("status")
    except (aiohttp.ContentTypeError, ValueError, AttributeError):
        known = None
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise Doubtful(
            f"{address} does not answer ({type(error).__name__}); that is as it should be only "
            "while no bot runs"
        ) from None
    if known is None:
        raise Doubtful(f"{address} is answered by something else, or no bot runs behind it")
    if known != "ok":
        raise Doubtful(f"{address} leads to a bot that is not well: look at its log")
    return f"{address} leads to a running bot"


async def _discord(settings: Settings) -> str:
    in_memory = settings.model_copy(update={"database_url": "sqlite:///:memory:"})
    async with app.assembled(in_memory) as parts:
        await app.log_in(parts.bot, settings)
        commands = await parts.bot.tree.fetch_commands()
    if not commands:
        raise Doubtful(f"logged in as {parts.bot.user}, no commands registered: `mixbot sync`")
    return f"logged in as {parts.bot.user}, {len(commands)} commands registered"


async def _clock(settings: Settings) -> str:
    try:
        async with (
            _asking() as session,
            session.get(f"{settings.discord_api_url}/gateway") as answer,
        ):
            theirs = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (aiohttp.ClientError, OSError, TimeoutError):
        raise Wrong("Discord does not answer, so nothing to compare it with.") from None
    except ValueError:
        raise Doubtful("Discord did not say what time it is") from None
    seconds = time.time() - theirs.timestamp()
    if abs(seconds) > CLOCKS_DIFFER:
        way = "ahead of" if seconds > 0 else "behind"
        raise Wrong(
            f"this machine's is {abs(seconds):,.0f} seconds {way} Discord's: set it, or links "
            "expire too soon or too late."
        )
    return "agrees with Discord's"


async def _mixcloud(settings: Settings) -> str:
    async with Mixcloud(settings.mixcloud_api_url, access_token=None) as mixcloud:
        await mixcloud.popular(limit=1)
    return f"answers at {settings.mixcloud_api_url}"


async def _soundcloud(settings: Settings) -> str:
    """One application token is asked for, of the fifty that there are in twelve hours."""
    secret = settings.soundcloud_client_secret
    if secret is None:
        return "SOUNDCLOUD_CLIENT_ID is not set, so there are no commands for it"
    async with SoundCloud(
        settings.soundcloud_api_url,
        auth_root=settings.soundcloud_auth_url,
        client_id=settings.soundcloud_client_id,
        client_secret=secret.get_secret_value(),
    ) as soundcloud:
        await soundcloud.search("music", limit=1)
    return f"answers at {settings.soundcloud_api_url}"


def _asking() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS))
