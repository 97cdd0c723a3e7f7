"""What mixbot says when something goes wrong."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
from discord import app_commands

from mixbot import mixcloud, soundcloud
from mixbot.errors import UserError
from mixbot.languages import _
from mixbot.services import MIXCLOUD, NAMES, SOUNDCLOUD
from mixbot.ui.answers import ALREADY_ACKNOWLEDGED, Answer, Undelivered
from mixbot.ui.text import escape, when
from mixbot.ui.watching import OUTCOME

if TYPE_CHECKING:
    from mixbot.bot import MixBot

log = logging.getLogger(__name__)

# Discord's codes for an answer that came too late or twice: nobody is left to tell.
UNKNOWN_INTERACTION, INVALID_WEBHOOK_TOKEN = 10062, 50027
STOPPED = "interaction %s came while the bot stopped"


def explain(error: BaseException) -> str | None:
    """What to tell the user, or None if `error` is a bug of ours."""
    match error:
        case UserError():
            return str(error)
        case app_commands.MissingPermissions(missing_permissions=missing):
            return _(
                "This needs a permission that you do not have here: {permissions}.",
                permissions=_named(missing),
            )
        case app_commands.CheckFailure():
            return str(error)
        case mixcloud.MixcloudError():
            return _explain(error, mixcloud, MIXCLOUD)
        case soundcloud.SoundCloudError():
            return _explain(error, soundcloud, SOUNDCLOUD)
        case discord.Forbidden(code=50001 | 50013):
            return _("Discord does not let me do that here: {reason}.", reason=error.text)
    return None


def _explain(error: BaseException, library: Any, provider: str) -> str | None:
    """What to tell of what the library of a service raises."""
    named = {"service": NAMES[provider], "provider": provider}
    match error:
        case library.NotFound():
            return _(
                "{service} has nothing there: it may be private, renamed or removed. "
                "Look for it with `/{provider} search`.",
                **named,
            )
        case library.RateLimited(retry_after=seconds):
            moment = when(datetime.now(UTC) + timedelta(seconds=seconds), "R")
            return _("{service} asks to wait. Try again {moment}.", moment=moment, **named)
        case library.Unreachable():
            return _("{service} does not answer right now. Try again in a while.", **named)
        case library.Rejected(status=403, message=message):
            return _(
                "{service} does not show that to me: {message} "
                "Find another with `/{provider} search`.",
                message=escape(message, 200),
                **named,
            )
        case (
            library.Rejected(message=message)
            | soundcloud.Unauthorized(message=message)
            | soundcloud.SoundCloudOAuthError(message=message)
        ):
            message = escape(message, 500)
            return _("{service} did not accept that: {message}", message=message, **named)
    return None


def _outcome(error: BaseException) -> str:
    """What kind of end this is, for those who count."""
    match error:
        case mixcloud.RateLimited() | mixcloud.Unreachable():
            return "mixcloud"
        case (
            soundcloud.RateLimited() | soundcloud.Unreachable() | soundcloud.SoundCloudOAuthError()
        ):
            return "soundcloud"
        case _ if explain(error) is None:
            return "bug"
    return "refused"


def _named(permissions: Sequence[str]) -> str:
    """Permissions as Discord's own settings call them."""
    return ", ".join(
        f"**{permission.replace('_', ' ').replace('guild', 'server').title()}**"
        for permission in permissions
    )


async def report(interaction: discord.Interaction[MixBot], error: BaseException) -> None:
    """Tell the user what went wrong, and the log if it was a bug."""
    while isinstance(error, app_commands.CommandInvokeError | app_commands.TransformerError) and (
        error.__cause__ is not None
    ):
        error = error.__cause__
    if isinstance(error, discord.HTTPException) and error.code in (
        UNKNOWN_INTERACTION,
        ALREADY_ACKNOWLEDGED,
        INVALID_WEBHOOK_TOKEN,
    ):
        interaction.extras[OUTCOME] = "late"
        log.warning("interaction %s was answered too late: %s", interaction.id, error.code)
        return
    if isinstance(error, Undelivered):
        interaction.extras[OUTCOME] = "late"
        log.warning("interaction %s has no answer: Discord did not take it", interaction.id)
        return
    if interaction.client.is_closed():
        log.info(STOPPED, interaction.id)
        return
    code = secrets.token_hex(3)
    interaction.extras[OUTCOME] = _outcome(error)
    if isinstance(error, soundcloud.SoundCloudOAuthError):
        log.error("SoundCloud gives this bot no token: %s", error)
    if explain(error) is None:
        log.error("bug %s in interaction %s", code, interaction.id, exc_info=error)
    if interaction.type is discord.InteractionType.autocomplete:
        return

    def told(error: BaseException) -> str:
        return explain(error) or _(
            "Something went wrong on my side. If it happens again, report code `{code}`.",
            code=code,
        )

    try:
        await Answer.to(interaction).refuse(error, told)
    except (discord.HTTPException, aiohttp.ClientError, OSError, Undelivered) as failure:
        log.warning("interaction %s has no answer: %s", interaction.id, type(failure).__name__)
    except RuntimeError:  # of aiohttp, where Discord has been left in the meantime
        if not interaction.client.is_closed():
            raise
        log.info(STOPPED, interaction.id)
