"""`/soundcloud …`: finding tracks, playlists and people, and one's own account."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from mixbot.accounts import NotLinked
from mixbot.arguments import (
    HERE,
    PRIVATE,
    VISIBILITY,
    WHO_SEES,
    Mention,
    Query,
    TrackLink,
    Visibility,
    is_private,
    key_to_show,
    may_anybody_turn,
    starting_at,
)
from mixbot.bot import MixBot
from mixbot.languages import N_, _
from mixbot.services import SOUNDCLOUD
from mixbot.ui import linking, pager, showing, tracks
from mixbot.ui.answers import Answer
from mixbot.ui.listings import Listing
from mixbot.ui.text import escape

SEARCHES = [
    app_commands.Choice(name=N_("tracks"), value="T"),
    app_commands.Choice(name=N_("people"), value="V"),
    app_commands.Choice(name=N_("playlists"), value="W"),
]


class SoundCloudCommands(
    commands.GroupCog,
    group_name="soundcloud",
    group_description=N_("SoundCloud: find tracks and link your account."),
):
    """Finding tracks and people, and the user's own account."""

    def __init__(self, bot: MixBot) -> None:
        self.bot = bot

    @app_commands.command(description=N_("Find tracks, people or playlists."), extras=HERE)
    @app_commands.describe(
        query=N_("What to look for"), type=N_("Tracks, if you don't say"), visibility=WHO_SEES
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
                Listing(type.value if type else "T", query),
                anybody=may_anybody_turn(visibility),
                nothing=_(
                    "SoundCloud found nothing for “{query}”. Try fewer words.",
                    query=escape(query, 200),
                ),
            )

    @app_commands.command(description=N_("Show the card of a track or playlist."), extras=HERE)
    @app_commands.describe(
        track=N_("A link, artist/track, or a name; the last one shared here if empty"),
        visibility=WHO_SEES,
    )
    @app_commands.choices(visibility=VISIBILITY)
    async def show(
        self,
        interaction: discord.Interaction[MixBot],
        track: app_commands.Transform[Mention, TrackLink] | None = None,
        visibility: Visibility | None = None,
    ) -> None:
        private = await is_private(interaction, visibility, track)
        async with Answer(interaction, private=private) as answer:
            key = await key_to_show(answer, track, visibility, SOUNDCLOUD)
            await showing.open_show(answer, key, at=starting_at(track))

    @app_commands.command(
        description=N_("Link your SoundCloud account, so that the buttons act as you."),
        extras=PRIVATE,
    )
    async def link(self, interaction: discord.Interaction[MixBot]) -> None:
        async with Answer(interaction, private=True) as answer:
            await linking.offer(answer, provider=SOUNDCLOUD)

    @app_commands.command(description=N_("Forget your SoundCloud account."), extras=PRIVATE)
    async def unlink(self, interaction: discord.Interaction[MixBot]) -> None:
        async with Answer(interaction, private=True) as answer:
            unlinked = await self.bot.unlink(interaction.user.id, SOUNDCLOUD)
            await answer.give(linking.parting(unlinked, SOUNDCLOUD))

    @app_commands.command(
        description=N_("Show the SoundCloud account you have linked."), extras=PRIVATE
    )
    async def me(self, interaction: discord.Interaction[MixBot]) -> None:
        async with Answer(interaction, private=True) as answer:
            try:
                await tracks.open_me(answer)
            except NotLinked as problem:
                await linking.offer(answer, problem)


async def setup(bot: Any) -> None:
    await bot.add_cog(SoundCloudCommands(bot))
