"""What becomes of an interaction, for logs and metrics."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

import discord
import structlog

from mixbot.ui.answers import ACKNOWLEDGED

if TYPE_CHECKING:
    from mixbot.bot import MixBot
    from mixbot.metrics import Metrics

log = logging.getLogger(__name__)

NAME, OUTCOME = "name", "outcome"  # of an interaction's extras
KINDS = {
    discord.InteractionType.application_command: "command",
    discord.InteractionType.autocomplete: "autocomplete",
    discord.InteractionType.component: "component",
    discord.InteractionType.modal_submit: "form",
}


class Watched:
    """An interaction from when it is there to when it is done."""

    def __init__(self, interaction: discord.Interaction[MixBot]) -> None:
        self._interaction = interaction
        self._began = time.perf_counter()
        structlog.contextvars.bind_contextvars(interaction=interaction.id)

    def end(self, metrics: Metrics) -> None:
        """Count it, and write a line about it."""
        interaction, now = self._interaction, time.perf_counter()
        kind = KINDS.get(interaction.type, "other")
        name, outcome = self._name, interaction.extras.get(OUTCOME, "done")
        acknowledged = interaction.extras.get(ACKNOWLEDGED, now) - self._began
        metrics.interacted(kind, name, outcome, acknowledged)
        if log.isEnabledFor(logging.INFO) and kind != "autocomplete":
            said = {
                "command": name,
                "place": _place(interaction),
                "milliseconds": round((now - self._began) * 1000),
                "acknowledged": round(acknowledged * 1000),
                "outcome": outcome,
            }
            log.info("interaction", extra=said)

    @property
    def _name(self) -> str:
        """The command or handler; never what somebody typed."""
        command = self._interaction.command
        return command.qualified_name if command else self._interaction.extras.get(NAME, "unknown")


def _place(interaction: discord.Interaction[MixBot]) -> str:
    """What kind of place it was: never which."""
    if interaction.guild_id is not None:
        return "server" if interaction.is_guild_integration() else "server of others"
    return "private"
