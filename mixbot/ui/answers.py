"""Answering Discord: at once where it goes quickly, else with a promise that is kept."""

from __future__ import annotations

import asyncio
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Self

import discord
from discord.http import Route
from discord.webhook.async_ import async_context

if TYPE_CHECKING:
    from mixbot.bot import MixBot

    from .components import Rows

SOON = 1.0  # seconds; Discord waits 3, and shows nobody anything until then
EPHEMERAL = 1 << 6
SEND, SEND_LATER, EDIT_LATER, EDIT, FORM = 4, 5, 6, 7, 9  # kinds of responses to an interaction
KEY = "answer"


class State(Enum):
    """How far an answer is."""

    OWED = auto()
    PROMISED = auto()
    GIVEN = auto()


class Answer:
    """The answer to one interaction.

    Inside `async with`, there is a second to `give` it; after that Discord is told to wait,
    and it is given when it is there. An answer that came within the second took one call
    instead of two. It is private or not from the beginning, as Discord wants it. `in_place`, it
    changes the message whose component was used.
    """

    def __init__(
        self,
        interaction: discord.Interaction[MixBot],
        *,
        private: bool = False,
        in_place: bool = False,
    ) -> None:
        self.interaction = interaction
        self.in_place = in_place
        self.state = State.OWED
        self._flags = EPHEMERAL if private else 0
        self._promise: asyncio.Task[None] | None = None
        interaction.extras[KEY] = self

    @classmethod
    def to(cls, interaction: discord.Interaction[MixBot]) -> Answer:
        """The answer that was begun, or a private one that begins now."""
        return interaction.extras.get(KEY) or cls(interaction, private=True)

    async def __aenter__(self) -> Self:
        self._timer = asyncio.get_running_loop().call_later(SOON, self._start_promise)
        return self

    async def __aexit__(self, kind: object, error: object, traceback: object) -> None:
        self._timer.cancel()
        if error is None and self.state is State.OWED and self.in_place:
            self._start_promise()  # nothing changes, and Discord wants to know that
        if self._promise:
            await self._promise

    async def give(
        self, content: str = "", *, embed: discord.Embed | None = None, rows: Rows = ()
    ) -> None:
        """Show this, in place of what the answer showed before."""
        data: dict[str, Any] = {
            "content": content,
            "embeds": [embed.to_dict()] if embed else [],
            "components": list(rows),
            "allowed_mentions": {"parse": []},
        }
        if self._promise:
            await self._promise
        before, self.state = self.state, State.GIVEN
        try:
            await self._show(data, first=before is State.OWED)
        except discord.HTTPException:
            self.state = before  # Discord took offence at it, and still waits
            raise

    async def _show(self, data: dict[str, Any], *, first: bool) -> None:
        interaction = self.interaction
        if first:
            kind = EDIT if self.in_place else SEND
            flags = {} if self.in_place else {"flags": self._flags}
            await _respond(interaction, kind, data | flags)
        else:
            await edit(interaction, interaction.application_id, interaction.token, data)

    async def refuse(self, sentence: str) -> None:
        """Say why there is no answer: privately, unless a public one was promised."""
        if self._promise:
            await self._promise
        data = {"content": sentence, "allowed_mentions": {"parse": []}}
        if self.state is State.OWED:
            self.state = State.GIVEN
            await _respond(self.interaction, SEND, data | {"flags": EPHEMERAL})
        elif self.state is State.PROMISED and not self.in_place:
            await self.give(sentence)
        else:
            await self.interaction.followup.send(sentence, ephemeral=True)

    def _start_promise(self) -> None:
        if self.state is State.OWED:
            self.state = State.PROMISED
            self._promise = asyncio.create_task(self._make_promise())

    async def _make_promise(self) -> None:
        kind = EDIT_LATER if self.in_place else SEND_LATER
        await _respond(self.interaction, kind, {"flags": self._flags})


async def open_form(interaction: discord.Interaction[MixBot], form: dict[str, Any]) -> None:
    """Answer with a form; what is typed into it is an interaction of its own."""
    await _respond(interaction, FORM, form)


async def _respond(
    interaction: discord.Interaction[MixBot], kind: int, data: dict[str, Any]
) -> None:
    # What InteractionResponse does, without asking for the message back and building it: that
    # is two fifths of what such an answer costs.
    await _request(
        interaction,
        Route(
            "POST",
            "/interactions/{webhook_id}/{webhook_token}/callback",
            webhook_id=interaction.id,
            webhook_token=interaction.token,
        ),
        {"type": kind, "data": data},
    )


async def edit(
    interaction: discord.Interaction[MixBot] | MixBot,
    application_id: int,
    token: str,
    data: dict[str, Any],
) -> None:
    """Change the first answer to the interaction that `token` is of."""
    await _request(
        interaction,
        Route(
            "PATCH",
            "/webhooks/{webhook_id}/{webhook_token}/messages/@original",
            webhook_id=application_id,
            webhook_token=token,
        ),
        data,
    )


async def _request(
    source: discord.Interaction[MixBot] | MixBot, route: Route, payload: dict[str, Any]
) -> None:
    bot = source.client if isinstance(source, discord.Interaction) else source
    session = bot.http._HTTPClient__session  # type: ignore[attr-defined]  # as Webhook.partial does
    await async_context.get().request(
        route, session, payload=payload, proxy=bot.http.proxy, proxy_auth=bot.http.proxy_auth
    )
