"""`/mixcloud …`: finding shows and people, one's own account, and what is remembered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from mixbot.accounts import NotLinked
from mixbot.arguments import (
    HERE,
    LANGUAGE_CHOICES,
    PRIVATE,
    VISIBILITY,
    WHO_SEES,
    CityName,
    Mention,
    OwnShowLink,
    PersonLink,
    Position,
    Query,
    ShowLink,
    TagName,
    Visibility,
    is_private,
    key_to_show,
    may_anybody_turn,
    person_key,
    show_key,
    starting_at,
)
from mixbot.bot import MixBot
from mixbot.languages import LANGUAGES, N_, _, language_of, speak
from mixbot.services import MIXCLOUD
from mixbot.ui import help, linking, pager, privacy, publishing, showing, surprise
from mixbot.ui.answers import Answer
from mixbot.ui.listings import Listing, spelled, tag_query
from mixbot.ui.text import escape

SEARCHES = [
    app_commands.Choice(name=N_("shows"), value="s"),
    app_commands.Choice(name=N_("people"), value="u"),
    app_commands.Choice(name=N_("tags"), value="t"),
]
CHARTS = [
    app_commands.Choice(name=N_("popular"), value="p"),
    app_commands.Choice(name=N_("on their way up"), value="h"),
    app_commands.Choice(name=N_("new"), value="n"),
]
OF_TAGS = {"p": "g", "h": "k", "n": "m"}


class MixcloudCommands(
    commands.GroupCog,
    group_name="mixcloud",
    group_description=N_("Mixcloud: find shows and link your account."),
):
    """Finding shows and people, and the user's own account."""

    def __init__(self, bot: MixBot) -> None:
        self.bot = bot

    @app_commands.command(description=N_("Find shows, people or tags."), extras=HERE)
    @app_commands.describe(
        query=N_("What to look for"), type=N_("Shows, if you don't say"), visibility=WHO_SEES
    )
    @app_commands.choices(type=SEARCHES, visibility=VISIBILITY)
    async def search(
        self,
        interaction: discord.Interaction[MixBot],
        query: app_commands.Transform[str, Query],
        type: app_commands.Choice[str] | None = None,
        visibility: Visibility | None = None,
    ) -> None:
        self.bot.remember(interaction.user.id, "query", query)
        async with Answer(interaction, private=await is_private(interaction, visibility)) as answer:
            await pager.open_listing(
                answer,
                Listing(type.value if type else "s", query),
                anybody=may_anybody_turn(visibility),
                nothing=_(
                    "Mixcloud found nothing for “{query}”. Try fewer words.",
                    query=escape(query, 200),
                ),
            )

    @app_commands.command(
        description=N_("Show a show: its card, tracklist, comments and what is similar."),
        extras=HERE,
    )
    @app_commands.describe(
        mix=N_("A link, user/show, or a name; the last show shared here if empty"),
        at=N_("What is played then, such as 43:10"),
        visibility=WHO_SEES,
    )
    @app_commands.choices(visibility=VISIBILITY)
    async def show(
        self,
        interaction: discord.Interaction[MixBot],
        mix: app_commands.Transform[Mention, ShowLink] | None = None,
        at: app_commands.Transform[int, Position] | None = None,
        visibility: Visibility | None = None,
    ) -> None:
        private = await is_private(interaction, visibility, mix)
        async with Answer(interaction, private=private) as answer:
            at = starting_at(mix) if at is None else at
            key = await key_to_show(answer, mix, visibility, MIXCLOUD)
            await showing.open_show(answer, key, at=at)

    @app_commands.command(
        description=N_("Show a person: uploads, favorites, listens, followers, playlists."),
        extras=HERE,
    )
    @app_commands.describe(name=N_("A user name, a name, or a link"), visibility=WHO_SEES)
    @app_commands.choices(visibility=VISIBILITY)
    async def user(
        self,
        interaction: discord.Interaction[MixBot],
        name: app_commands.Transform[Mention, PersonLink],
        visibility: Visibility | None = None,
    ) -> None:
        async with Answer(interaction, private=await is_private(interaction, visibility)) as answer:
            await showing.open_person(answer, await person_key(interaction, name))

    @app_commands.command(
        description=N_("Browse what is popular, on its way up or new."), extras=HERE
    )
    @app_commands.describe(
        what=N_("What to browse"),
        tag=N_("Only with this tag"),
        city=N_("Only from this city"),
        visibility=WHO_SEES,
    )
    @app_commands.choices(what=CHARTS, visibility=VISIBILITY)
    async def browse(
        self,
        interaction: discord.Interaction[MixBot],
        what: app_commands.Choice[str],
        tag: app_commands.Transform[str, TagName] | None = None,
        city: app_commands.Transform[str, CityName] | None = None,
        visibility: Visibility | None = None,
    ) -> None:
        self.bot.remember(interaction.user.id, "tag", tag or "")
        self.bot.remember(interaction.user.id, "city", city or "")
        query = tag_query(tag, city)
        listing = Listing(OF_TAGS[what.value] if query else what.value, query)
        async with Answer(interaction, private=await is_private(interaction, visibility)) as answer:
            nothing = _(
                "Mixcloud has no shows for “{what}”. Try another tag or city.",
                what=escape(spelled(query), 200),
            )
            await pager.open_listing(
                answer,
                listing,
                anybody=may_anybody_turn(visibility),
                nothing=nothing if query else "",
            )

    @app_commands.command(
        description=N_("“I have 58 minutes”: a show that fits, by chance."), extras=HERE
    )
    @app_commands.describe(
        tag=N_("Only with this tag"), minutes=N_("How long you have"), visibility=WHO_SEES
    )
    @app_commands.choices(visibility=VISIBILITY)
    async def surprise(
        self,
        interaction: discord.Interaction[MixBot],
        tag: app_commands.Transform[str, TagName] | None = None,
        minutes: app_commands.Range[int, 1, 1440] | None = None,
        visibility: Visibility | None = None,
    ) -> None:
        self.bot.remember(interaction.user.id, "tag", tag or "")
        async with Answer(interaction, private=await is_private(interaction, visibility)) as answer:
            await surprise.open_surprise(
                answer,
                tag_query(tag, None),
                minutes,
                anybody=may_anybody_turn(visibility),
            )

    @app_commands.command(
        description=N_("Link your Mixcloud account, so that the buttons act as you."),
        extras=PRIVATE,
    )
    async def link(self, interaction: discord.Interaction[MixBot]) -> None:
        async with Answer(interaction, private=True) as answer:
            await linking.offer(answer)

    @app_commands.command(description=N_("Forget your Mixcloud account."), extras=PRIVATE)
    async def unlink(self, interaction: discord.Interaction[MixBot]) -> None:
        async with Answer(interaction, private=True) as answer:
            unlinked = await self.bot.unlink(interaction.user.id)
            await answer.give(linking.parting(unlinked, MIXCLOUD))

    @app_commands.command(
        description=N_("Show the Mixcloud account you have linked."), extras=PRIVATE
    )
    async def me(self, interaction: discord.Interaction[MixBot]) -> None:
        async with Answer(interaction, private=True) as answer:
            try:
                await showing.open_me(answer)
            except NotLinked as problem:
                await linking.offer(answer, problem)

    @app_commands.command(
        description=N_("What the people you follow have been up to."), extras=PRIVATE
    )
    async def feed(self, interaction: discord.Interaction[MixBot]) -> None:
        async with Answer(interaction, private=True) as answer:
            await pager.open_listing(
                answer,
                Listing("e"),
                nothing=_("Nothing yet. Follow somebody, and what they do shows up here."),
            )

    @app_commands.command(
        description=N_("Publish a show: give me the file, say what is in it, look, and publish."),
        extras=PRIVATE,
    )
    @app_commands.describe(
        file=N_("The sound, such as an MP3"),
        link=N_("A direct link to the sound, if it is too large for Discord"),
        cover=N_("A JPEG or PNG"),
        tracklist=N_("A CUE sheet, a text with times, or a show in YAML"),
    )
    async def upload(
        self,
        interaction: discord.Interaction[MixBot],
        file: discord.Attachment | None = None,
        link: str | None = None,
        cover: discord.Attachment | None = None,
        tracklist: discord.Attachment | None = None,
    ) -> None:
        await publishing.open_upload(interaction, publishing.given(file, link, cover, tracklist))

    @app_commands.command(
        description=N_("Change a show of yours: its text, cover, tracklist, and who can see it."),
        extras=PRIVATE,
    )
    @app_commands.describe(mix=N_("Which of your shows"))
    async def edit(
        self,
        interaction: discord.Interaction[MixBot],
        mix: app_commands.Transform[Mention, OwnShowLink],
    ) -> None:
        async with Answer(interaction, private=True) as answer:
            await publishing.open_edit(answer, await show_key(interaction, mix))

    @app_commands.command(
        description=N_("What is stored about you: see it, export it, have it forgotten."),
        extras=PRIVATE,
    )
    async def privacy(self, interaction: discord.Interaction[MixBot]) -> None:
        async with Answer(interaction, private=True) as answer:
            await privacy.open_privacy(answer)

    @app_commands.command(
        description=N_("In which language I answer you privately."), extras=PRIVATE
    )
    @app_commands.describe(language=N_("That of your Discord, if you don't say"))
    @app_commands.choices(language=LANGUAGE_CHOICES)
    async def language(
        self,
        interaction: discord.Interaction[MixBot],
        language: app_commands.Choice[str] | None = None,
    ) -> None:
        wanted = language.value if language and language.value in LANGUAGES else None
        async with Answer(interaction, private=True) as answer:
            person = await self.bot.preferences.person(interaction.user.id)
            await self.bot.preferences.decide_for_person(replace(person, language=wanted))
            spoken = wanted or language_of(str(interaction.locale))
            speak(spoken)
            await answer.give(_("From now on: {language}.", language=LANGUAGES[spoken]))

    @app_commands.command(
        description=N_("What mixbot can do, and what it can see."), extras=PRIVATE
    )
    async def help(self, interaction: discord.Interaction[MixBot]) -> None:
        async with Answer(interaction, private=True) as answer:
            await answer.give(card=await help.card(self.bot))


async def setup(bot: Any) -> None:
    await bot.add_cog(MixcloudCommands(bot))
