"""`mixbot sync`: tells Discord which commands there are, after showing what changes."""

from __future__ import annotations

from typing import Any

import discord
from rich.console import Console
from rich.prompt import Confirm

from mixbot import app
from mixbot.bot import MixBot
from mixbot.settings import Settings


async def sync(settings: Settings, guild_id: int | None, *, confirmed: bool, out: Console) -> None:
    """Register the commands, everywhere or in one server, unless they are already as they are."""
    in_memory = settings.model_copy(update={"database_url": "sqlite:///:memory:"})
    async with app.assembled(in_memory) as parts:
        bot = parts.bot
        await app.log_in(bot, settings)
        try:
            await _sync(bot, guild_id, confirmed=confirmed, out=out)
        except discord.HTTPException as error:
            raise app.CannotStart(f"Discord refuses this: {error.text or error.status}.") from None
        except EOFError:
            raise app.CannotStart(
                "Nobody is here to say yes: nothing changed. Use --yes."
            ) from None


async def _sync(bot: MixBot, guild_id: int | None, *, confirmed: bool, out: Console) -> None:
    guild = discord.Object(guild_id) if guild_id else None
    if guild:
        bot.tree.copy_global_to(guild=guild)
    wanted = await payloads(bot, guild)
    if bot.application_id is None:
        raise app.CannotStart("Discord did not say which application the token is of.")
    if guild_id:
        registered = await bot.http.get_guild_commands(bot.application_id, guild_id)
    else:
        registered = await bot.http.get_global_commands(bot.application_id)
    changes = differences(registered, wanted)
    for line in changes:
        out.print(line, markup=False)
    if not changes:
        out.print("Nothing to change.")
    elif confirmed or Confirm.ask("Register this?", console=out, default=True):
        await bot.tree.sync(guild=guild)
        out.print(f"{len(wanted)} commands registered.")


async def payloads(bot: MixBot, guild: discord.Object | None = None) -> list[dict[str, Any]]:
    """All commands as Discord is told of them, in every language."""
    found = bot.tree._get_all_commands(guild=guild)
    if (translator := bot.tree.translator) is None:
        return [command.to_dict(bot.tree) for command in found]
    return [await command.get_translated_payload(bot.tree, translator) for command in found]


def differences(registered: list[Any], wanted: list[Any]) -> list[str]:
    """A line for each command that is added, removed or changed, “+”, “-” or “~” before it."""
    before = {(one.get("type", 1), one["name"]): _essence(one) for one in registered}
    after = {(one.get("type", 1), one["name"]): _essence(one) for one in wanted}
    lines = []
    for identity in sorted(before.keys() | after.keys()):
        kind = {1: "/", 2: "user menu: ", 3: "message menu: "}[identity[0]]
        if identity not in before:
            lines.append(f"+ {kind}{identity[1]}")
        elif identity not in after:
            lines.append(f"- {kind}{identity[1]}")
        elif before[identity] != after[identity]:
            lines.append(f"~ {kind}{identity[1]}")
    return lines


MEANT = {
    "autocomplete",
    "channel_types",
    "choices",
    "contexts",
    "default_member_permissions",
    "description",
    "description_localizations",
    "integration_types",
    "max_length",
    "max_value",
    "min_length",
    "min_value",
    "name",
    "name_localizations",
    "nsfw",
    "options",
    "required",
    "type",
    "value",
}


def _essence(command: Any) -> Any:
    """`command` without what Discord adds and without what means the same as its absence."""
    if isinstance(command, list):
        return [_essence(one) for one in command]
    if not isinstance(command, dict):
        return command
    kept = {key: _essence(value) for key, value in command.items() if key in MEANT}
    kept["default_member_permissions"] = str(kept.get("default_member_permissions") or "")
    return {key: value for key, value in kept.items() if value not in (None, False, [], {}, "")}
