"""The sentences that the catalogues must have, and the tool that writes them there.

`python -m tests.catalogues` adds to `mixbot/languages/*.po` what is said now and takes out what no
longer is; translations stay.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po
from discord import app_commands

from mixbot import app
from mixbot.bot import MixBot
from mixbot.languages import ENGLISH, LANGUAGES
from mixbot.settings import Settings
from mixbot.ui.translation import COMMAND, OPTION
from mixbot.vault import Vault

ROOT = Path(__file__).parent.parent
PLACE = ROOT / "mixbot" / "languages"
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2), "said": None}

METHODS = [("sandbox/**", "ignore"), ("**.py", "python"), ("**.html", "jinja2")]


@asynccontextmanager
async def offline_bot() -> AsyncIterator[MixBot]:
    """The bot with all its commands, connected to nothing."""
    settings = Settings(
        discord_token="none.of.any",
        database_url="sqlite:///:memory:",
        message_content=True,
        soundcloud_client_id="registered",  # or there are no commands for it
        soundcloud_client_secret="none",
        encryption_keys=Vault.new_key(),
    )
    async with app.assembled(settings) as parts:
        await parts.bot.setup_hook()
        yield parts.bot


def template(bot: MixBot) -> Catalog:
    """Everything that is said, in English: what the code says, and the names of commands."""
    catalogue = Catalog(project="mixbot", copyright_holder="The mixbot maintainers")
    for folder in ("mixbot", "cogs"):
        found = extract_from_dir(
            ROOT / folder, method_map=METHODS, keywords=KEYWORDS, strip_comment_tags=True
        )
        for filename, _line, message, _comments, context in found:
            place = f"{folder}/{filename}"
            catalogue.add(message, context=context, locations=[(place, 0)])
    for command in bot.tree.walk_commands():
        catalogue.add(command.name, context=COMMAND)
        if isinstance(command, app_commands.Command):
            for parameter in command.parameters:
                catalogue.add(parameter.name, context=OPTION)
    return catalogue


def catalogue(language: str) -> Catalog:
    """The translations into `language`, as they are written."""
    with (PLACE / f"{language}.po").open("rb") as source:
        return read_po(source, locale=language)


async def main() -> None:
    async with offline_bot() as bot:
        said = template(bot)
    for language in LANGUAGES:
        if language == ENGLISH:
            continue
        known = catalogue(language)
        known.update(said, no_fuzzy_matching=True)
        known.obsolete.clear()
        with (PLACE / f"{language}.po").open("wb") as target:
            write_po(target, known, width=100, omit_header=True, no_location=True)
        missing = [one.id for one in known if one.id and not is_translated(one)]
        print(f"{language}: {len(missing)} of {len(known)} missing")


def is_translated(message: Message) -> bool:
    """Whether nothing of a sentence is left in English."""
    strings = [message.string] if isinstance(message.string, str) else message.string
    return bool(strings) and all(strings)


if __name__ == "__main__":
    asyncio.run(main())
