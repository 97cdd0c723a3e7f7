"""`/favorite`, `/repost`, `/later`, `/follow`, their undoings, and the message menus for them."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from mixbot.accounts import Action
from mixbot.arguments import MIX, Mention, PersonLink, ShowLink, person_key, show_key, shows_in
from mixbot.bot import MixBot
from mixbot.ui.acting import carry_out
from mixbot.ui.answers import Answer
from mixbot.ui.choosing import settle

WHO = "A user name or a link; the host of the last show shared here if empty"


class ActionCommands(commands.Cog):
    """Doing something with a show as oneself."""

    def __init__(self, bot: MixBot) -> None:
        self.bot = bot
        self.menus = [
            app_commands.ContextMenu(name="Mix actions", callback=self.mix_actions),
            app_commands.ContextMenu(name="Favorite", callback=self.favorite_message),
            app_commands.ContextMenu(name="Listen later", callback=self.listen_to_message_later),
            app_commands.ContextMenu(name="Repost", callback=self.repost_message),
            app_commands.ContextMenu(name="Follow host", callback=self.follow_host),
        ]

    async def cog_load(self) -> None:
        for menu in self.menus:
            self.bot.tree.add_command(menu)

    async def cog_unload(self) -> None:
        for menu in self.menus:
            self.bot.tree.remove_command(menu.name, type=menu.type)

    @app_commands.command()
    @app_commands.describe(mix=MIX)
    async def favorite(
        self,
        interaction: discord.Interaction[MixBot],
        mix: app_commands.Transform[Mention, ShowLink] | None = None,
    ) -> None:
        """Mixcloud: add a show to your favorites."""
        async with Answer(interaction, private=True) as answer:
            key = await show_key(interaction, mix)
            await carry_out(answer, Action("favorite", key))

    @app_commands.command()
    @app_commands.describe(mix=MIX)
    async def unfavorite(
        self,
        interaction: discord.Interaction[MixBot],
        mix: app_commands.Transform[Mention, ShowLink] | None = None,
    ) -> None:
        """Mixcloud: remove a show from your favorites."""
        async with Answer(interaction, private=True) as answer:
            key = await show_key(interaction, mix)
            await carry_out(answer, Action("unfavorite", key))

    @app_commands.command()
    @app_commands.describe(mix=MIX)
    async def repost(
        self,
        interaction: discord.Interaction[MixBot],
        mix: app_commands.Transform[Mention, ShowLink] | None = None,
    ) -> None:
        """Mixcloud: show a show to your followers."""
        async with Answer(interaction, private=True) as answer:
            key = await show_key(interaction, mix)
            await carry_out(answer, Action("repost", key))

    @app_commands.command()
    @app_commands.describe(mix=MIX)
    async def unrepost(
        self,
        interaction: discord.Interaction[MixBot],
        mix: app_commands.Transform[Mention, ShowLink] | None = None,
    ) -> None:
        """Mixcloud: take a repost back."""
        async with Answer(interaction, private=True) as answer:
            key = await show_key(interaction, mix)
            await carry_out(answer, Action("unrepost", key))

    @app_commands.command()
    @app_commands.describe(mix=MIX)
    async def later(
        self,
        interaction: discord.Interaction[MixBot],
        mix: app_commands.Transform[Mention, ShowLink] | None = None,
    ) -> None:
        """Mixcloud: keep a show in your Listen later."""
        async with Answer(interaction, private=True) as answer:
            key = await show_key(interaction, mix)
            await carry_out(answer, Action("listen_later", key))

    @app_commands.command()
    @app_commands.describe(mix=MIX)
    async def unlater(
        self,
        interaction: discord.Interaction[MixBot],
        mix: app_commands.Transform[Mention, ShowLink] | None = None,
    ) -> None:
        """Mixcloud: take a show out of your Listen later."""
        async with Answer(interaction, private=True) as answer:
            key = await show_key(interaction, mix)
            await carry_out(answer, Action("unlisten_later", key))

    @app_commands.command()
    @app_commands.describe(who=WHO)
    async def follow(
        self,
        interaction: discord.Interaction[MixBot],
        who: app_commands.Transform[Mention, PersonLink] | None = None,
    ) -> None:
        """Mixcloud: follow a person, or the host of a show."""
        async with Answer(interaction, private=True) as answer:
            key = await person_key(interaction, who)
            await carry_out(answer, Action("follow", key))

    @app_commands.command()
    @app_commands.describe(who=WHO)
    async def unfollow(
        self,
        interaction: discord.Interaction[MixBot],
        who: app_commands.Transform[Mention, PersonLink] | None = None,
    ) -> None:
        """Mixcloud: no longer follow a person."""
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
            await settle(answer, await shows_in(self.bot, message), "follow")


async def setup(bot: Any) -> None:
    await bot.add_cog(ActionCommands(bot))
