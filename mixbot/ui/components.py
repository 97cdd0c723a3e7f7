"""Buttons, menus and forms as Discord's JSON has them, and what happens when they are used.

A custom_id is a wire format: cards posted years ago keep working. So what a component does is
looked up by the pattern of its custom_id, not in an object that a restart would lose; and a row is
plain JSON, because discord.py's views would be built, sent, received, read back and thrown away.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import discord

from mixbot.ui import replies
from mixbot.ui.references import LostReference

if TYPE_CHECKING:
    from mixbot.bot import MixBot

Component: TypeAlias = dict[str, Any]
Rows: TypeAlias = Sequence[Component]
Interaction: TypeAlias = "discord.Interaction[MixBot]"
Handler: TypeAlias = Callable[[Interaction, "re.Match[str]"], Awaitable[None]]

PRIMARY, SECONDARY = 1, 2
_handlers: list[tuple[re.Pattern[str], Handler]] = []


def row(*components: Component) -> Component:
    """Up to five buttons, or one menu, beside each other."""
    return {"type": 1, "components": list(components)}


def button(
    label: str, custom_id: str, *, style: int = SECONDARY, disabled: bool = False
) -> Component:
    return {
        "type": 2,
        "label": label,
        "custom_id": custom_id,
        "style": style,
        "disabled": disabled,
    }


def link_button(label: str, url: str) -> Component:
    return {"type": 2, "style": 5, "label": label, "url": url}


def menu(custom_id: str, options: Iterable[Component], *, placeholder: str) -> Component:
    return {
        "type": 3,
        "custom_id": custom_id,
        "options": list(options),
        "placeholder": placeholder,
    }


def option(label: str, value: str, description: str = "") -> Component:
    """A line of a menu."""
    line = {"label": label, "value": value}
    if description:
        line["description"] = description
    return line


def form(
    title: str, custom_id: str, field_id: str, label: str, *, shortest: int, longest: int
) -> Component:
    """A form of one field of one line."""
    field = {
        "type": 4,
        "style": 1,
        "custom_id": field_id,
        "label": label,
        "min_length": shortest,
        "max_length": longest,
    }
    return {"custom_id": custom_id, "title": title, "components": [row(field)]}


def handles(pattern: re.Pattern[str]) -> Callable[[Handler], Handler]:
    """What to do when a component is used whose custom_id is like `pattern`, as a whole."""

    def register(handler: Handler) -> Handler:
        _handlers.append((pattern, handler))
        return handler

    return register


async def use(interaction: Interaction) -> None:
    """Do what the component or form stands for that somebody used; everybody gets an answer."""
    try:
        handler, match = _handler_of(cast(dict[str, Any], interaction.data)["custom_id"])
        await handler(interaction, match)
    except Exception as error:
        await replies.report(interaction, error)


def _handler_of(custom_id: str) -> tuple[Handler, re.Match[str]]:
    for pattern, handler in _handlers:
        if match := pattern.fullmatch(custom_id):
            return handler, match
    raise LostReference


def entered(interaction: Interaction) -> str:
    """What was typed into a form of one field."""
    return str(cast(dict[str, Any], interaction.data)["components"][0]["components"][0]["value"])


def chosen(interaction: Interaction) -> str:
    """What was chosen in a menu of which one choice is taken."""
    return str(cast(dict[str, Any], interaction.data)["values"][0])
