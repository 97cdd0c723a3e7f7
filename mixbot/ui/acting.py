"""Doing something with a show: from a command, a menu or a button, and after linking."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any, Self

import discord

from mixbot.accounts import Action, Linked, NotLinked
from mixbot.ui import linking, replies, verbs
from mixbot.ui.references import Reference, reference, resolve
from mixbot.ui.text import escape, isolate

if TYPE_CHECKING:
    from mixbot.bot import MixBot

log = logging.getLogger(__name__)

ACTION = re.compile(r"m1:(?P<code>(?:un)?(?:fav|fol|rep|lat))(?P<in_place>!?):(?P<ref>.+)")


async def carry_out(interaction: discord.Interaction[MixBot], action: Action) -> None:
    """Do `action` for whoever asked and say so in the deferred, private answer, with Undo.

    Who has not linked an account gets the link button there, and the action is done afterwards.
    """
    bot = interaction.client
    try:
        await bot.accounts.perform(interaction.user.id, action)
    except NotLinked as problem:
        await linking.offer(interaction, problem, waiting=action)
        return
    await interaction.edit_original_response(
        content=verbs.sentence(verbs.did(action, bot.names)), view=await _way_back(bot, action)
    )


async def finish(bot: MixBot, linked: Linked) -> None:
    """Turn the private “Link Mixcloud” message into “Linked as …” and do what was waiting."""
    content = f"Linked as **{escape(isolate(linked.account.name), 100)}**"
    view = None
    if linked.waiting:
        try:
            await bot.accounts.perform(linked.user_id, linked.waiting)
        except Exception as error:
            sentence = replies.explain(error)
            if sentence is None:
                log.exception("bug in a waiting action")
            content += f", but this did not work: {sentence or 'something went wrong on my side.'}"
        else:
            content += f", and {verbs.did(linked.waiting, bot.names)}."
            view = await _way_back(bot, linked.waiting)
    else:
        content += ". The buttons on every card now act as you."
    if linked.reply is None:
        return
    message = discord.Webhook.partial(linked.reply.application_id, linked.reply.token, client=bot)
    try:
        await message.edit_message(
            "@original",  # type: ignore[call-overload]  # Discord's name for the first answer
            content=content,
            view=view,
        )
    except discord.HTTPException as error:  # older than 15 minutes, or dismissed
        log.info("a linking message is gone: %s", error.code)


async def _way_back(bot: MixBot, action: Action) -> discord.ui.View:
    undo = Action(verbs.VERBS[action.verb].undo, action.key)
    view = discord.ui.View(timeout=None)
    view.add_item(ActionButton(undo.verb, await reference(bot.store, undo.key), in_place=True))
    return view


class ActionButton(discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=ACTION):
    """Does one thing with one show for whoever clicks; works as long as its message exists.

    In place (“!”), it answers by changing the private message it stands on: that is Undo.
    """

    def __init__(self, verb: str, ref: Reference, *, in_place: bool = False) -> None:
        self.verb = verb
        self.ref = ref
        self.in_place = in_place
        words = verbs.VERBS[verb]
        super().__init__(
            discord.ui.Button(
                label="Undo" if in_place else words.label,
                style=(
                    discord.ButtonStyle.primary
                    if verb == "favorite" and not in_place
                    else discord.ButtonStyle.secondary
                ),
                custom_id=f"m1:{words.code}{'!' if in_place else ''}:{ref}",
            )
        )

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        return cls(
            verbs.BY_CODE[match["code"]], Reference(match["ref"]), in_place=bool(match["in_place"])
        )

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        try:
            if self.in_place:
                await interaction.response.defer()
            else:
                await interaction.response.defer(ephemeral=True, thinking=True)
            key = await resolve(interaction.client.store, self.ref)
            await carry_out(interaction, Action(self.verb, key))
        except Exception as error:  # discord.py would only log it
            await replies.report(interaction, error)
