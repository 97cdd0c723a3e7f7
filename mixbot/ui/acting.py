"""Doing something with a show: from a command, a menu or a button, and after linking."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

import discord

from mixbot.accounts import Action, Linked, NotLinked
from mixbot.languages import _, speak
from mixbot.services import MIXCLOUD
from mixbot.ui import linking, publishing, replies, verbs
from mixbot.ui.answers import Answer, as_text, edit
from mixbot.ui.components import PRIMARY, SECONDARY, Component, Rows, button, row
from mixbot.ui.handling import Interaction, handles
from mixbot.ui.references import Reference, reference, resolve
from mixbot.ui.text import inline

if TYPE_CHECKING:
    from mixbot.bot import MixBot

log = logging.getLogger(__name__)

# In place (“!”), a button answers by changing the private message it stands on: that is Undo.
ACTION = re.compile(r"m1:(?P<code>(?:un)?(?:fav|fol|rep|lat))(?P<in_place>!?):(?P<ref>.+)")


async def carry_out(answer: Answer, action: Action) -> None:
    """Do `action` for whoever asked and say so in the private `answer`, with Undo.

    Who has not linked an account gets the link button there, and the action is done afterwards.
    """
    bot = answer.interaction.client
    try:
        await bot.accounts.perform(answer.interaction.user.id, action)
    except NotLinked as problem:
        await linking.offer(answer, problem, waiting=action)
        return
    await answer.give(verbs.did(action, bot.names), rows=await _way_back(bot, action))


async def finish(bot: MixBot, linked: Linked) -> None:
    """Turn the private “Link Mixcloud” message into “Linked as …” and do what was waiting."""
    speak(linked.language)
    lines = [_("Linked as {name}.", name=f"**{inline(linked.account.name, 100)}**")]
    rows: Rows = ()
    if linked.waiting:
        try:
            more, rows = await _done_after_linking(bot, linked, linked.waiting)
            lines += more
        except Exception as error:
            sentence = replies.explain(error)
            if sentence is None:
                log.exception("bug in a waiting action")
                sentence = _("Something went wrong on my side.")
            lines.append(_("But this did not work: {problem}", problem=sentence))
    else:
        lines.append(_("The buttons on every card now act as you."))
    if linked.reply is None:
        return
    content = await bot.clickable("\n".join(lines))
    # As a layout, because the message may be one already, and then stays one.
    message = as_text(content, rows) | {"content": None, "embeds": []}
    try:
        await edit(bot, linked.reply.application_id, linked.reply.token, message)
    except discord.HTTPException as error:  # older than 15 minutes, or dismissed
        log.info("a linking message is gone: %s", error.code)


async def _done_after_linking(
    bot: MixBot, linked: Linked, waiting: Action
) -> tuple[list[str], Rows]:
    """What was done, in a sentence, with what can be done next."""
    if waiting.verb in verbs.PUBLISHING:
        return await publishing.go_on(bot, linked, waiting)
    await bot.accounts.perform(linked.user_id, waiting)
    return [verbs.did(waiting, bot.names)], await _way_back(bot, waiting)


async def _way_back(bot: MixBot, action: Action) -> list[Component]:
    words = verbs.VERBS[verbs.VERBS[action.verb].undo]
    ref = await reference(bot.store, action.key)
    return [row(button(_("Undo"), f"m1:{words.code}!:{ref}"))]


def action_button(verb: str, ref: Reference, provider: str = MIXCLOUD) -> Component:
    """Does one thing with one show for whoever clicks; works as long as its message exists."""
    words = verbs.words(verb, provider)
    style = PRIMARY if verb == "favorite" else SECONDARY
    return button(_(words.label), f"m1:{words.code}:{ref}", style=style)


@handles(ACTION)
async def act(interaction: Interaction, match: re.Match[str]) -> None:
    """Do what the button says, as whoever clicked it."""
    in_place = bool(match["in_place"])
    async with Answer(interaction, private=True, in_place=in_place) as answer:
        key = await resolve(interaction.client.store, Reference(match["ref"]))
        await carry_out(answer, Action(verbs.BY_CODE[match["code"]], key))
