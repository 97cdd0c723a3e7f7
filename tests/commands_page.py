"""The table of all commands in the documentation, made of what Discord is told of them.

`python -m tests.commands_page` writes `docs/commands.md`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import discord
from discord import app_commands

from mixbot.bot import MixBot
from tests.catalogues import offline_bot

PAGE = Path(__file__).parent.parent / "docs" / "commands.md"
TYPES = {"string": "text", "integer": "number"}
ANSWERS = {
    "private": "only who asked",
    "choice": "as `visibility` says, else as `/settings` says: everyone",
}
HEAD = """# Commands

What Discord is told of mixbot's commands. `python -m tests.commands_page` writes this page, and a
test holds it to the truth. Names and descriptions are in six languages; these are English.
`/soundcloud` is there where the bot is registered at SoundCloud.

| command | options | where it works | who sees the answer | what it does |
| --- | --- | --- | --- | --- |
"""

Anything = app_commands.Command[Any, ..., Any] | app_commands.ContextMenu


def page(bot: MixBot) -> str:
    """The whole page."""
    rows = [f"| {' | '.join(_cells(bot, command))} |" for command in all_commands(bot)]
    return HEAD + "\n".join(rows) + "\n"


def all_commands(bot: MixBot) -> Iterator[Anything]:
    """Slash commands, then menus."""
    for command in bot.tree.walk_commands():
        if isinstance(command, app_commands.Command):
            yield command
    for kind in (discord.AppCommandType.message, discord.AppCommandType.user):
        yield from bot.tree.get_commands(type=kind)


def _cells(bot: MixBot, command: Anything) -> Iterator[str]:
    if isinstance(command, app_commands.ContextMenu):
        yield f"{command.type.name} → Apps → *{command.name}*"
        yield "–"
    else:
        yield f"`/{command.qualified_name}`"
        yield "<br>".join(map(_option, command.parameters)) or "–"
    yield _where(bot, command)
    yield ANSWERS[command.extras["answers"]]
    yield command.description if isinstance(command, app_commands.Command) else "the same, there"


def _option(parameter: app_commands.Parameter) -> str:
    name = f"**`{parameter.name}`**" if parameter.required else f"`{parameter.name}`"
    if parameter.choices:
        kind = ", ".join(choice.name for choice in parameter.choices)
    else:
        kind = TYPES.get(parameter.type.name, parameter.type.name)
        kind += ", with suggestions" if parameter.autocomplete else ""
    return f"{name}: {parameter.description} ({kind})"


def _where(bot: MixBot, command: Anything) -> str:
    """Where Discord offers it, and to whom."""
    root = command.root_parent or command if isinstance(command, app_commands.Command) else command
    told = root.to_dict(bot.tree)
    places = [
        name
        for number, name in enumerate(("servers", "DMs", "group DMs"))
        if number in told["contexts"]
    ]
    where = ", ".join(places)
    if 1 not in told["integration_types"]:
        where += "; not as a person's own app"
    if permissions := told.get("default_member_permissions"):
        names = [name for name, on in discord.Permissions(permissions) if on]
        where += f"; who may {', '.join(names).replace('_', ' ').replace('guild', 'server')}"
    return where


async def main() -> None:
    async with offline_bot() as bot:
        PAGE.write_text(page(bot), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
