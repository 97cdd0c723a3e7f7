"""What people can see happen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Self

from .errors import Json

if TYPE_CHECKING:
    from .interactions import Interaction
    from .messages import Message
    from .people import User
    from .places import Channel

Kind = Literal[
    "channel_created",
    "message_created",
    "message_updated",
    "message_deleted",
    "typing_started",
    "interaction_started",
    "interaction_acknowledged",
    "interaction_failed",
    "modal_opened",
]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that changed on the screen of those who can see it.

    - `channel_created`: `channel` is new: a channel, a thread, a post in a forum.
    - `message_created`, `message_updated`, `message_deleted`: `message` is the message. One that is
      still being thought of (`message.thinking`, flag 128) is created when the bot defers, and
      updated when the answer is there. An ephemeral one (flag 64) is seen by its reader only.
    - `typing_started`: `user` types in `channel`.
    - `interaction_started`: `interaction.user` used a command, button, menu or form. Only this
      person sees it and the three that follow.
    - `interaction_acknowledged`: the bot has answered or deferred; a button's spinner may stop.
    - `interaction_failed`: it did not in time; `interaction.failure` is the sentence to show.
    - `modal_opened`: the bot answered with a form, `interaction.modal`.

    `message`, `interaction` and `user` live on; `raw` is what the one of them was at the time.
    """

    kind: Kind
    channel: Channel
    message: Message | None = None
    interaction: Interaction | None = None
    user: User | None = None
    raw: Json = field(init=False)

    def __post_init__(self) -> None:
        if self.message:
            raw = self.message.raw
        else:
            raw = (self.interaction or self.user or self.channel).to_json()
        object.__setattr__(self, "raw", raw)

    def seen_by(self, user: User) -> bool:
        """Whether `user` notices it."""
        if self.message:
            return user.sees(self.message)
        if self.interaction:
            return self.interaction.user is user
        return self.channel.sees(user)

    def to_json(self) -> Json:
        """The event for a browser: `event`, `channel_id`, and what it is about: `message` …"""
        what = "message" if self.message else "interaction" if self.interaction else "channel"
        if self.user:
            what = "user"
        return {"event": self.kind, "channel_id": self.channel.id, what: self.raw}


@dataclass(eq=False)
class Subscription:
    """Events as they happen, for `async for`; leave it with `async with` or `close()`.

    It receives from the moment it is made, so nothing that follows is missed.
    """

    user: User | None
    _feeds: set[Subscription]
    _queue: asyncio.Queue[Event | None] = field(default_factory=asyncio.Queue)

    def __post_init__(self) -> None:
        self._feeds.add(self)

    def offer(self, event: Event) -> None:
        if self.user is None or event.seen_by(self.user):
            self._queue.put_nowait(event)

    def close(self) -> None:
        """Receive nothing more; an `async for` that is waiting ends."""
        self._feeds.discard(self)
        self._queue.put_nowait(None)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        self.close()

    async def __aiter__(self) -> AsyncIterator[Event]:
        while event := await self._queue.get():
            yield event

    async def next(self, kind: Kind | None = None) -> Event:
        """The next event, or the next of one kind."""
        while event := await self._queue.get():
            if kind is None or event.kind == kind:
                return event
        raise StopAsyncIteration
