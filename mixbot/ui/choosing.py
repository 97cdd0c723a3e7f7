"""Which of several shows is meant: a message may share ten."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self

import discord

from mixbot.accounts import Action
from mixbot.errors import UserError
from mixbot.mixcloud import Link
from mixbot.ui import pager, replies
from mixbot.ui.acting import carry_out
from mixbot.ui.references import Reference, reference, resolve
from mixbot.ui.text import plain

if TYPE_CHECKING:
    from mixbot.bot import MixBot

MOST = 25  # options in one of Discord's menus
CARD = "card"


class NoShowHere(UserError):
    def __init__(self) -> None:
        super().__init__("There is no link to a Mixcloud show in this message.")


async def settle(interaction: discord.Interaction[MixBot], show_keys: list[str], to: str) -> None:
    """Do `to` (a verb, or "card") with the one show, or ask with a menu which one is meant."""
    keys = list(dict.fromkeys(map(host, show_keys))) if to == "follow" else show_keys
    if not keys:
        raise NoShowHere
    if len(keys) == 1:
        await _do(interaction, keys[0], to)
        return
    store = interaction.client.store
    options = [
        discord.SelectOption(
            label=plain(name(interaction.client, key), 100), value=await reference(store, key)
        )
        for key in keys[:MOST]
    ]
    view = discord.ui.View(timeout=None)
    view.add_item(ChoiceMenu(to, options))
    noun = "hosts" if to == "follow" else "shows"
    cut = f" Here are the first {MOST}." if len(keys) > MOST else ""
    await interaction.edit_original_response(
        content=f"This message has {len(keys)} {noun}.{cut} Which one?", view=view
    )


def host(key: str) -> str:
    """The key of the person whose show or profile `key` is."""
    return Link(Link.from_key(key).user).key


def name(bot: MixBot, key: str) -> str:
    """What a menu calls `key`: its title if a card showed it lately, else what its link says."""
    link = Link.from_key(key)
    title = bot.names.get(key) or (link.show or "").replace("-", " ")
    return f"{title} · {link.user}" if title else link.user


async def _do(interaction: discord.Interaction[MixBot], key: str, to: str) -> None:
    if to == CARD:
        await pager.open_show(interaction, key)
    else:
        await carry_out(interaction, Action(to, key))


class ChoiceMenu(
    discord.ui.DynamicItem[discord.ui.Select[discord.ui.View]],
    template=r"m1:pick:(?P<to>card|favorite|follow|repost|listen_later)",
):
    """Does one thing with each show that is chosen, in a private answer of its own."""

    def __init__(self, to: str, options: list[discord.SelectOption]) -> None:
        self.to = to
        super().__init__(discord.ui.Select(custom_id=f"m1:pick:{to}", options=options))

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        return cls(match["to"], getattr(item, "options", []))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        try:
            await interaction.response.defer(ephemeral=True, thinking=True)
            ref = Reference(self.item.values[0])
            await _do(interaction, await resolve(interaction.client.store, ref), self.to)
        except Exception as error:  # discord.py would only log it
            await replies.report(interaction, error)
