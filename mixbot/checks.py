"""`mixbot check`: is everything there that the bot needs? One line for each part."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from rich.console import Console
from rich.markup import escape

from mixbot import app
from mixbot.errors import UserError
from mixbot.mixcloud import Mixcloud, MixcloudError
from mixbot.settings import Settings
from mixbot.store import open_store


async def run(settings: Settings, out: Console) -> bool:
    """Print what works and what does not; true when all does."""
    parts: dict[str, Callable[[Settings], Awaitable[str]]] = {
        "Settings": _settings,
        "Database": _database,
        "Discord": _discord,
        "Mixcloud": _mixcloud,
    }
    good = True
    for name, ask in parts.items():
        try:
            line = f"[green]✓[/] {name}: {await ask(settings)}"
        except (UserError, MixcloudError) as error:
            good = False
            line = f"[red]✗[/] {name}: {escape(str(error))}"
        out.print(line)
    return good


async def _settings(settings: Settings) -> str:
    if settings.mixcloud_client_id is None:
        return "read; MIXCLOUD_CLIENT_ID is not set, so nobody can link an account"
    return "read"


async def _database(settings: Settings) -> str:
    async with open_store(settings.database_url):
        return "opened, its tables are those of this version"


async def _discord(settings: Settings) -> str:
    in_memory = settings.model_copy(update={"database_url": "sqlite:///:memory:"})
    async with app.assembled(in_memory) as parts:
        await app.log_in(parts.bot, settings)
        commands = await parts.bot.tree.fetch_commands()
        return f"logged in as {parts.bot.user}, {len(commands)} commands registered"


async def _mixcloud(settings: Settings) -> str:
    async with Mixcloud(settings.mixcloud_api_url, access_token=None) as mixcloud:
        await mixcloud.popular(limit=1)
    return f"answers at {settings.mixcloud_api_url}"
