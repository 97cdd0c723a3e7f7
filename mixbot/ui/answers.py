"""Answering Discord: at once where it goes quickly, else with a promise that is kept."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import aiohttp
import discord
import orjson
from aiohttp.payload import BytesPayload
from discord.http import Route
from discord.webhook.async_ import async_context
from yarl import URL

from mixbot.languages import spoken
from mixbot.links import page_of
from mixbot.transport.deadline import TimeLimit
from mixbot.ui.cards import LAYOUT, Card, as_embed, as_layout
from mixbot.ui.components import Rows, text, written
from mixbot.ui.tongues import speak_to, speak_to_all

if TYPE_CHECKING:
    from datetime import datetime

    from mixbot.bot import MixBot

Body: TypeAlias = dict[str, Any]
"""A message's fields, as Discord's JSON has them."""
Form: TypeAlias = tuple[str, bool, bool]
"""The language of an answer, whether it offers to be shown, and whether its card is an embed."""

SOON = 1.0  # seconds; Discord waits 3, and shows nobody anything until then
EPHEMERAL = 1 << 6  # a bit of a message's flags
SEND, SEND_LATER, EDIT_LATER, EDIT, FORM = 4, 5, 6, 7, 9  # kinds of responses to an interaction
RESPONSE_SECONDS, FILE_SECONDS, EDIT_SECONDS = 1.2, 2.5, 20.0  # for each try
BETWEEN_TRIES = 0.4
ALREADY_ACKNOWLEDGED = 40060  # Discord's code for a second response
KEY, ACKNOWLEDGED = "answer", "acknowledged"  # of an interaction's extras
UNTIMED = aiohttp.ClientTimeout(total=None)  # as time is bounded already
REFUSALS = {403: discord.Forbidden, 404: discord.NotFound}


@dataclass(frozen=True, slots=True)
class File:
    """Something that is sent along with an answer."""

    name: str
    data: bytes
    content_type: str


class Undelivered(Exception):
    """Discord did not take an answer in the time that there was for it."""


def written_once(body: Body) -> Body:
    """`body` with its parts as JSON in JSON: it is sent again and again."""
    return {name: written(part) if isinstance(part, list) else part for name, part in body.items()}


class State(Enum):
    """How far an answer is."""

    OWED = auto()
    PROMISED = auto()
    GIVEN = auto()


class Patience:
    """The time that answers have: with a timer for all that have the same, and not one for each."""

    def __init__(self) -> None:
        response, edit = TimeLimit(RESPONSE_SECONDS), TimeLimit(EDIT_SECONDS)
        self.for_response, self.for_file = (response, response), (TimeLimit(FILE_SECONDS),)
        self.for_edit = edit, edit
        self._owed: dict[Answer, float] = {}  # until when, the oldest first
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, answer: Answer) -> None:
        """Have `answer` promised, unless it ends soon."""
        loop = asyncio.get_running_loop()
        until = self._owed[answer] = loop.time() + SOON
        if self._timer is None:
            self._timer = loop.call_at(until, self._promise_the_late, loop)

    def end(self, answer: Answer) -> None:
        """There is nothing more to promise."""
        self._owed.pop(answer, None)

    def _promise_the_late(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        while self._owed:
            answer, until = next(iter(self._owed.items()))
            if until > loop.time():
                self._timer = loop.call_at(until, self._promise_the_late, loop)
                return
            del self._owed[answer]
            answer.promise()


class Answer:
    """The answer to one interaction.

    Inside `async with`, there is a second to `give` it; after that Discord is told to wait,
    and it is given when it is there. An answer that came within the second took one call
    instead of two. It is `private` or not from the beginning, as Discord wants it: a private one
    speaks its reader's language, another that of its server. `in_place`, it changes the message
    whose component was used.
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
        self._kept_private = _is_kept_private(interaction)
        self.private = private or self._kept_private
        self.state = State.OWED
        self._classic = False
        self._promise: asyncio.Task[None] | None = None
        interaction.extras[KEY] = self

    @classmethod
    def to(cls, interaction: discord.Interaction[MixBot]) -> Answer:
        """The answer that was begun, or a private one that begins now."""
        return interaction.extras.get(KEY) or cls(interaction, private=True)

    async def __aenter__(self) -> Self:
        self._context = copy_context()  # a promise is part of this, as what is logged of it tells
        self.interaction.client.patience.begin(self)
        if not self.private:
            self._classic = await speak_to_all(self.interaction)
        return self

    async def __aexit__(self, kind: object, error: object, traceback: object) -> None:
        self.interaction.client.patience.end(self)
        if error is None and self.state is State.OWED and self.in_place:
            self.promise()  # nothing changes, and Discord wants to know that
        if self._promise:
            await self._promise

    async def open_up(self) -> None:
        """Have all see it after all, unless Discord knows already that they do not."""
        if self.can_be_shown and self.state is State.OWED:
            self.private = False
            self._classic = await speak_to_all(self.interaction)

    async def give(
        self,
        content: str = "",
        *,
        card: Card | None = None,
        rows: Rows = (),
        file: File | None = None,
    ) -> None:
        """Show this, in place of what the answer showed before: a text, or a card."""
        if card:
            body = self.drawn(card, rows)
        else:
            body = self._text(await self.interaction.client.clickable(content), rows)
        await self.give_drawn(body, file)

    async def give_drawn(self, body: Body, file: File | None = None) -> None:
        """Show what was `drawn`, by this answer or by another of the same form."""
        if self._promise:
            await self._promise
        before, self.state = self.state, State.GIVEN
        try:
            await self._show(body, file, first=before is State.OWED)
        except (discord.HTTPException, Undelivered):
            self.state = before  # Discord took offence at it, and still waits
            raise

    @property
    def form(self) -> Form:
        """What decides how a card looks, and which buttons it has."""
        return spoken(), self.can_be_shown, self._is_classic

    @property
    def can_be_shown(self) -> bool:
        """Whether who asked may have it shown to all: it is private, and Discord would let them."""
        return self.private and not self._kept_private

    def drawn(self, card: Card, rows: Rows) -> Body:
        """`card` and its buttons as Discord is told of them."""
        return as_embed(card, rows) if self._is_classic else as_layout(card, rows)

    @property
    def _is_classic(self) -> bool:
        return self._classic and not self._stays_layout

    def _text(self, content: str, rows: Rows) -> Body:
        if self._stays_layout:
            return as_text(content, rows)
        return {"content": content, "embeds": [], "components": list(rows)}

    @property
    def _stays_layout(self) -> bool:
        """Whether this changes a layout, which Discord lets become nothing else."""
        message = self.interaction.message if self.in_place else None
        return bool(message and message.flags.value & LAYOUT)

    async def _show(self, body: Body, file: File | None, *, first: bool) -> None:
        interaction = self.interaction
        data = {**body, "allowed_mentions": {"parse": []}}
        if body.get("flags") and (self.in_place or not first):
            data |= {"content": None, "embeds": []}  # what was there before it was a layout
        if not first:
            await edit(interaction, interaction.application_id, interaction.token, data, file)
            return
        if self.private and not self.in_place:
            data["flags"] = data.get("flags", 0) | EPHEMERAL
        await _respond(interaction, EDIT if self.in_place else SEND, data, file)

    async def refuse(self, error: BaseException, explain: Callable[[BaseException], str]) -> None:
        """Say why there is no answer: privately, unless a public one was promised."""
        if self._promise:
            await self._promise
        if self.state is State.PROMISED and not self.in_place:
            await self.give(explain(error))
            return
        await speak_to(self.interaction)
        sentence = await self.interaction.client.clickable(explain(error))
        data = {"content": sentence, "allowed_mentions": {"parse": []}}
        if self.state is State.OWED:
            self.state = State.GIVEN
            await _respond(self.interaction, SEND, data | {"flags": EPHEMERAL})
        else:
            await self.interaction.followup.send(sentence, ephemeral=True)

    def promise(self) -> None:
        """Tell Discord to wait, if it does not know anything yet."""
        if self.state is State.OWED:
            self.state = State.PROMISED
            self._promise = asyncio.create_task(self._make_promise(), context=self._context)

    async def _make_promise(self) -> None:
        kind = EDIT_LATER if self.in_place else SEND_LATER
        await _respond(self.interaction, kind, {"flags": EPHEMERAL if self.private else 0})


def as_text(content: str, rows: Rows = ()) -> Body:
    """A layout that is nothing but a text and its buttons."""
    return {"flags": LAYOUT, "components": [text(content), *rows]}


def _is_kept_private(interaction: discord.Interaction[MixBot]) -> bool:
    """Whether Discord shows the answer to nobody else, whatever is asked for.

    It does so where a person brought the app along into a server that lets them not.
    """
    return (
        interaction.guild_id is not None
        and not interaction.is_guild_integration()
        and not interaction.permissions.use_external_apps
    )


async def open_form(interaction: discord.Interaction[MixBot], form: dict[str, Any]) -> None:
    """Answer with a form; what is typed into it is an interaction of its own."""
    await _respond(interaction, FORM, form)


async def _respond(
    interaction: discord.Interaction[MixBot], kind: int, data: Body, file: File | None = None
) -> None:
    interaction.extras.setdefault(ACKNOWLEDGED, time.perf_counter())
    # What InteractionResponse does, without asking for the message back and building it: that
    # is two fifths of what such an answer costs.
    route = Route(
        "POST",
        "/interactions/{webhook_id}/{webhook_token}/callback",
        webhook_id=interaction.id,
        webhook_token=interaction.token,
    )
    patience = interaction.client.patience
    tries = patience.for_file if file else patience.for_response
    await _surely(tries, interaction.client, route, {"type": kind, "data": data}, file)


async def edit(
    interaction: discord.Interaction[MixBot] | MixBot,
    application_id: int,
    token: str,
    data: Body,
    file: File | None = None,
) -> None:
    """Change the first answer to the interaction that `token` is of."""
    route = Route(
        "PATCH",
        "/webhooks/{webhook_id}/{webhook_token}/messages/@original",
        webhook_id=application_id,
        webhook_token=token,
    )
    bot = interaction.client if isinstance(interaction, discord.Interaction) else interaction
    await _surely(bot.patience.for_edit, bot, route, data, file)


async def _surely(
    tries: Sequence[TimeLimit], bot: MixBot, route: Route, payload: Body, file: File | None
) -> None:
    """Send, and once more where nobody knows whether it arrived, or where Discord was not itself.

    What was done must not be told as failed because a connection broke. `tries` say how long each
    may take: an answer is of use for three seconds, and discord.py waits longer than that
    before it tries again. There are few, because a Discord that is slow is not helped by more.
    Raises Undelivered.
    """
    for number, limit in enumerate(tries, 1):
        last = number == len(tries)
        try:
            with limit:
                await _request(bot, route, payload, file)
        except discord.HTTPException as error:
            if error.code == ALREADY_ACKNOWLEDGED and number > 1:
                return  # what was sent before had arrived
            if last or (error.status != 429 and error.status < 500):
                raise
        except TimeoutError:
            if last:
                raise Undelivered from None
        except (aiohttp.ClientError, OSError):
            if last:
                raise Undelivered from None
            await asyncio.sleep(BETWEEN_TRIES)
        else:
            return


async def _request(bot: MixBot, route: Route, payload: Body, file: File | None) -> None:
    session = bot.http._HTTPClient__session  # type: ignore[attr-defined]  # as Webhook.partial does
    proxy: dict[str, Any] = {"proxy": bot.http.proxy, "proxy_auth": bot.http.proxy_auth}
    said = orjson.dumps(payload)
    if file is None:
        if not await _taken(session, route, said, proxy):
            await async_context.get().request(route, session, payload=payload, **proxy)
        return
    parts: list[dict[str, Any]] = [
        {"name": "payload_json", "value": said.decode()},
        {
            "name": "files[0]",
            "value": file.data,
            "filename": file.name,
            "content_type": file.content_type,
        },
    ]
    await async_context.get().request(route, session, multipart=parts, **proxy)


async def _taken(
    session: aiohttp.ClientSession, route: Route, payload: bytes, proxy: dict[str, Any]
) -> bool:
    """Whether Discord took it at once; if not, it may when discord.py has waited and tried again.

    That is all that nearly every answer needs, and a third less than what discord.py does for it:
    no lock, for an answer waits for its promise itself, and no answer read that nobody asked for.
    """
    async with session.request(
        route.method,
        URL(route.url, encoded=True),
        data=BytesPayload(payload, content_type="application/json"),
        timeout=UNTIMED,
        **proxy,
    ) as response:
        said = await response.read()
        if response.status < 300:
            return True
        if response.status == 429 or response.status >= 500:
            return False
        raise REFUSALS.get(response.status, discord.HTTPException)(response, _read(said))


def _read(said: bytes) -> Any:
    """Discord's JSON, or the text that something on the way said in its place."""
    try:
        return orjson.loads(said)
    except orjson.JSONDecodeError:
        return said.decode(errors="replace")


async def remember(interaction: discord.Interaction[MixBot], show_key: str | None) -> None:
    """Note that everyone in the channel is about to see this show: the last one shared there."""
    if show_key and interaction.channel_id:
        await note_share(
            interaction.client,
            show_key,
            shared_at=interaction.created_at,
            channel_id=interaction.channel_id,
            user_id=interaction.user.id,
            guild_id=interaction.guild_id,
        )


async def note_share(
    bot: MixBot,
    show_key: str,
    *,
    shared_at: datetime,
    channel_id: int,
    user_id: int,
    guild_id: int | None,
) -> None:
    """Note who shared a show, and where.

    Of a private one nothing is noted: it would be suggested in other channels, too.
    """
    if page_of(show_key).secret is None:
        await bot.store.record_share(
            channel_id,
            show_key,
            shared_at=shared_at,
            name=bot.names.get(show_key),
            user_id=user_id,
            guild_id=guild_id,
        )
