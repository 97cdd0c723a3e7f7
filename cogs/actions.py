"""`/favorite`, `/repost`, `/later`, `/follow`, their undoings, and the message menus for them."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from mixbot.accounts import Action
from mixbot.arguments import (
    PRIVATE,
    Mention,
    PersonLink,
    ShowLink,
    people_in,
    person_key,
    show_key,
    shows_in,
)
from mixbot.bot import MixBot
from mixbot.languages import N_
from mixbot.services import MIXCLOUD
from mixbot.ui.acting import carry_out
from mixbot.ui.answers import Answer
from mixbot.ui.choosing import settle
from mixbot.ui.profiles import open_profile

MIX = N_("A link, user/show, or a name; the last show shared here if empty")
WHO = N_("A user name or a link; the host of the last show shared here if empty")


class ActionCommands(commands.Cog):
    """Doing something with a show as oneself."""

    def __init__(self, bot: MixBot) -> None:
        self.bot = bot
        self.menus = [
            app_commands.ContextMenu(name=name, callback=callback, extras=PRIVATE)
            for name, callback in (
                (N_("Mix actions"), self.mix_actions),
                (N_("Favorite"), self.favorite_message),
                (N_("Listen later"), self.listen_to_message_later),
                (N_("Repost"), self.repost_message),
                (N_("Follow host"), self.follow_host),
                (N_("Mixcloud profile"), self.profile),
            )
        ]

    async def cog_load(self) -> None:
        for menu in self.menus:
            self.bot.tree.add_command(menu)

    async def cog_unload(self) -> None:
        for menu in self.menus:
            self.bot.tree.remove_command(menu.name, type=menu.type)

    @app_commands.command(description=N_("Add a show to your favorites."), extras=PRIVATE)
    @app_commands.describe(mix=MIX)
    async def favorite(
        self,
        interaction: discord.Interaction[MixBot],
        mix: app_commands.Transform[Mention, ShowLink] | None = None,
    ) -> None:
        async with Answer(interaction, private=True) as answer:
            key = await show_key(interaction, mix)
            await carry_out(answer, Action("favorite", key))

    @app_commands.command(description=N_("Remove a show from your favorites."), extras=PRIVATE)
    @app_commands.describe(mix=MIX)
    async def unfavorite(
        self,
        interaction: discord.Interaction[MixBot],
        mix: app_commands.Transform[Mention, ShowLink] | None = None,
    ) -> None:
        async with Answer(interaction, private=True) as answer:
            key = await show_key(interaction, mix)
            await carry_out(answer, Action("unfavorite", key))

    @app_commands.command(description=N_("Show a show to your followers."), extras=PRIVATE)
    @app_commands.describe(mix=MIX)
    async def repost(
        self,
        interaction: discord.Interaction[MixBot],
        mix: app_commands.Transform[Mention, ShowLink] | None = None,
    ) -> None:
        async with Answer(interaction, private=True) as answer:
            key = await show_key(interaction, mix)
            await carry_out(answer, Action("repost", key))

    @app_commands.command(description=N_("Take a repost back."), extras=PRIVATE)
    @app_commands.describe(mix=MIX)
    async def unrepost(
        self,
        interaction: discord.Interaction[MixBot],
        mix: app_commands.Transform[Mention, ShowLink] | None = None,
    ) -> None:
        async with Answer(interaction, private=True) as answer:
            key = await show_key(interaction, mix)
            await carry_out(answer, Action("unrepost", key))

    @app_commands.command(description=N_("Keep a show in your Listen later."), extras=PRIVATE)
    @app_commands.describe(mix=MIX)
    async def later(
        self,
        interaction: discord.Interaction[MixBot],
        mix: app_commands.Transform[Mention, ShowLink] | None = None,
    ) -> None:
        async with Answer(interaction, private=True) as answer:
            key = await show_key(interaction, mix, MIXCLOUD)
            await carry_out(answer, Action("listen_later", key))

    @app_commands.command(description=N_("Take a show out of your Listen later."), extras=PRIVATE)
    @app_commands.describe(mix=MIX)
    async def unlater(
        self,
        interaction: discord.Interaction[MixBot],
        mix: app_commands.Transform[Mention, ShowLink] | None = None,
    ) -> None:
        async with Answer(interaction, private=True) as answer:
            key = await show_key(interaction, mix, MIXCLOUD)
            await carry_out(answer, Action("unlisten_later", key))

    @app_commands.command(description=N_("Follow a person, or the host of a show."), extras=PRIVATE)
    @app_commands.describe(who=WHO)
    async def follow(
        self,
        interaction: discord.Interaction[MixBot],
        who: app_commands.Transform[Mention, PersonLink] | None = None,
    ) -> None:
        async with Answer(interaction, private=True) as answer:
            key = await person_key(interaction, who)
            await carry_out(answer, Action("follow", key))

    @app_commands.command(description=N_("No longer follow a person."), extras=PRIVATE)
    @app_commands.describe(who=WHO)
    async def unfollow(
        self,
        interaction: discord.Interaction[MixBot],
        who: app_commands.Transform[Mention, PersonLink] | None = None,
    ) -> None:
        async with Answer(interaction, private=True) as answer:
            key = await person_key(interaction, who)
            await carry_out(answer, Action("unfollow", key))

    async def mix_actions(
        self, interaction: discord.Interaction[MixBot], message: discord.Message
    ) -> None:
        async with Answer(interaction, private=True) as answer:
            await settle(answer, await shows_in(self.bot, message), "card")

    async def favorite_message(
        self, interaction: discord.Interaction[MixBot], message: discord.Message
    ) -> None:
        async with Answer(interaction, private=True) as answer:
            await settle(answer, await shows_in(self.bot, message), "favorite")

    async def listen_to_message_later(
        self, interaction: discord.Interaction[MixBot], message: discord.Message
    ) -> None:
        async with Answer(interaction, private=True) as answer:
            await settle(answer, await shows_in(self.bot, message), "listen_later")

    async def repost_message(
        self, interaction: discord.Interaction[MixBot], message: discord.Message
    ) -> None:
        async with Answer(interaction, private=True) as answer:
            await settle(answer, await shows_in(self.bot, message), "repost")

    async def follow_host(
        self, interaction: discord.Interaction[MixBot], message: discord.Message
    ) -> None:
        async with Answer(interaction, private=True) as answer:
            keys = await shows_in(self.bot, message) or people_in(message)
            await settle(answer, keys, "follow")

    async def profile(
        self, interaction: discord.Interaction[MixBot], user: discord.User | discord.Member
    ) -> None:
        async with Answer(interaction, private=True) as answer:
            await open_profile(answer, user.id)


async def setup(bot: Any) -> None:
    await bot.add_cog(ActionCommands(bot))
