"""What happens when a button, menu or form is used.

A custom_id is a wire format: cards posted years ago keep working. So what a component does is
looked up by the pattern of its custom_id, not in an object that a restart would lose.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import discord

from mixbot.ui import replies
from mixbot.ui.references import LostReference
from mixbot.ui.tongues import speak_to
from mixbot.ui.watching import NAME

if TYPE_CHECKING:
    from mixbot.bot import MixBot

Interaction: TypeAlias = "discord.Interaction[MixBot]"
Handler: TypeAlias = Callable[[Interaction, "re.Match[str]"], Awaitable[None]]

_handlers: list[tuple[re.Pattern[str], Handler]] = []


def handles(pattern: re.Pattern[str]) -> Callable[[Handler], Handler]:
    """What to do when a component is used whose custom_id is like `pattern`, as a whole."""

    def register(handler: Handler) -> Handler:
        _handlers.append((pattern, handler))
        return handler

    return register


async def use(interaction: Interaction) -> None:
    """Do what the component or form stands for that somebody used; everybody gets an answer."""
    try:
        await speak_to(interaction)
        handler, match = _handler_of(cast(dict[str, Any], interaction.data)["custom_id"])
        interaction.extras[NAME] = handler.__name__
        await handler(interaction, match)
    except Exception as error:
        await replies.report(interaction, error)


def _handler_of(custom_id: str) -> tuple[Handler, re.Match[str]]:
    for pattern, handler in _handlers:
        if match := pattern.fullmatch(custom_id):
            return handler, match
    raise LostReference


def entered(interaction: Interaction) -> dict[str, Any]:
    """What was filled into a form: the text of each field, or the ids of what was chosen."""
    parts = cast(dict[str, Any], interaction.data)["components"]
    fields = [part["component"] for part in parts if "component" in part]
    return {
        field["custom_id"]: field["values"] if "values" in field else field["value"]
        for field in fields
    }


def attached(interaction: Interaction, ids: Sequence[str]) -> list[dict[str, Any]]:
    """The files that were put into a form, as Discord describes them."""
    resolved = cast(dict[str, Any], interaction.data).get("resolved", {})
    return [resolved["attachments"][id] for id in ids]


def chosen(interaction: Interaction) -> str:
    """What was chosen in a menu of which one choice is taken."""
    return str(cast(dict[str, Any], interaction.data)["values"][0])


def seen_alone(interaction: Interaction) -> bool:
    """Whether the message whose component was used is on nobody else's screen."""
    return bool(interaction.message and interaction.message.flags.ephemeral)


def custom_ids(message: discord.Message) -> Iterator[str]:
    """Those of all buttons and menus of a message."""
    for component in components_in(message.components):
        yield getattr(component, "custom_id", None) or ""


def components_in(components: Sequence[Any]) -> Iterator[Any]:
    """All components, however deep."""
    for component in components:
        yield component
        yield from components_in(getattr(component, "children", ()))
