"""What a server has decided, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mixbot.languages import LANGUAGES, _
from mixbot.store import ServerSettings
from mixbot.ui.cards import Card

if TYPE_CHECKING:
    from mixbot.bot import MixBot


def card(bot: MixBot, settings: ServerSettings) -> Card:
    """How mixbot behaves in a server."""
    if not settings.links:
        links = _("**Links in messages**: left alone.")
    elif bot.reads_messages:
        links = _(
            "**Links in messages**: answered with a card, once an hour for each show and channel."
        )
    else:
        links = _(
            "**Links in messages**: to be answered with a card, but I cannot read messages. "
            "Whoever runs me has to set MIXBOT_MESSAGE_CONTENT and switch on the intent at Discord."
        )
    lines = [
        links,
        _("**Answers** are seen by everyone, if nobody says otherwise.")
        if not settings.private
        else _("**Answers** are seen only by who asked, if nobody says otherwise."),
        _("**Charts** count what is shared here.")
        if settings.charts
        else _("**Charts** leave this server out."),
        _("**Cards** are small embeds, beside Discord's own preview of the page.")
        if settings.classic
        else _("**Cards** are large layouts."),
        _("**Public answers** are in {language}.", language=LANGUAGES[settings.language])
        if settings.language
        else _("**Public answers** are in the server's own language."),
    ]
    return Card(
        title=_("mixbot in this server"),
        text="\n".join(lines),
        small=_("Change it with the options of `/settings`."),
    )
