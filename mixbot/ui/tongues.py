"""In which language an interaction is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from mixbot.languages import language_of, speak
from mixbot.store import ServerSettings

if TYPE_CHECKING:
    from mixbot.bot import MixBot


async def language_for(interaction: discord.Interaction[MixBot]) -> str:
    """The language of a person: the one they chose, or that of their Discord."""
    person = await interaction.client.preferences.person_at_hand(interaction.user.id)
    return person.language or language_of(str(interaction.locale))


async def speak_to(interaction: discord.Interaction[MixBot]) -> None:
    """Answer the person who is there in their language."""
    speak(await language_for(interaction))


async def speak_to_all(interaction: discord.Interaction[MixBot]) -> bool:
    """Answer everybody in the place of `interaction`; where that is no server, its person.

    Tells whether classic embeds are wanted there.
    """
    if interaction.guild_id is None:
        await speak_to(interaction)
        return False
    server = await interaction.client.preferences.server_at_hand(interaction.guild_id)
    speak(server_language(server, str(interaction.guild_locale or "")))
    return server.classic


def server_language(server: ServerSettings, locale: str | None = None) -> str:
    """The language of a server: the one that was chosen for it, or its own."""
    return server.language or language_of(locale or server.locale)
