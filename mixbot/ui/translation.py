"""The names and descriptions of the commands in every language that Discord knows of ours."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Location

from mixbot.languages import ENGLISH, catalogue, language_of

COMMAND, OPTION = "command", "option"  # where a word of the catalogues is a name
NAMES = {
    Location.command_name: COMMAND,
    Location.group_name: COMMAND,
    Location.parameter_name: OPTION,
}


class Catalogues(app_commands.Translator):
    """What discord.py asks for when the commands are registered."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        language = language_of(str(locale))
        if language == ENGLISH:
            return None
        kind = NAMES.get(context.location)
        # Menus are called as their buttons are.
        if kind is not None and not isinstance(context.data, app_commands.ContextMenu):
            translated = catalogue(language).pgettext(kind, string.message)
        else:
            translated = catalogue(language).gettext(string.message)
        return translated if translated != string.message else None
