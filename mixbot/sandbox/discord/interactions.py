"""Interactions: what a person does, and the rules by which the bot may answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from . import limits
from .errors import (
    InteractionFailed,
    Json,
    already_acknowledged,
    invalid_webhook_token,
    too_many_followups,
    unknown_interaction,
    unknown_message,
    unknown_webhook,
)
from .files import File
from .messages import Message, compose, edited
from .shapes import without_nulls
from .waiting import Watched

if TYPE_CHECKING:
    from .people import User
    from .places import Channel
    from .world import World

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
REPLY, DEFER, DEFER_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9


class Interaction(Watched):
    """One use of a command, button, menu or form, seen from the person who did it."""

    def __init__(
        self,
        world: World,
        kind: int,
        user: User,
        channel: Channel,
        data: Json,
        owners: Json,
        *,
        name: str,
        message: Message | None = None,
        cause: Interaction | None = None,
    ) -> None:
        super().__init__()
        self._world = world
        self.id = world.new_id()
        self.token = world.new_token(self.id)
        self.kind = kind
        self.user = user
        self.channel = channel
        self.data = data
        self.owners = owners
        self.name = name
        self.message = message
        self.cause = cause
        self.response: int | None = None
        self.original: Message | None = None
        self.answers: list[Message] = []
        self.followups: list[Message] = []
        self.modal: Json | None = None
        self.choices: list[Json] | None = None
        self.failure = ""
        self.acknowledged_after: float | None = None
        self._followups_read = 0
        self._expired = False
        loop = asyncio.get_running_loop()
        self._started = loop.time()
        self._deadline = loop.call_later(world.interaction_seconds, self.time_out)

    def __repr__(self) -> str:
        state = self.failure or ("acknowledged" if self.response else "waiting")
        return f"<Interaction {self.name!r} of {self.user.name}: {state}, {self.answers}>"

    # What the person experiences.

    async def acknowledged(self, timeout: float = 10) -> None:
        """Wait for the first sign of life: an answer, “thinking…”, a form or a silent defer."""
        await self.becomes(lambda: self.response or self.failure, timeout, "an acknowledgement")
        if self.failure:
            raise InteractionFailed(f"{self.name}: {self.failure}")

    async def reply(self, timeout: float = 10) -> Message:
        """The first finished answer: a new message, or the changed one; not a mere “thinking…”.

        Raises InteractionFailed if the bot did not acknowledge in time.
        """
        await self.becomes(lambda: self.answers or self.failure, timeout, "a reply")
        if not self.answers:
            raise InteractionFailed(f"{self.name}: {self.failure}")
        return self.answers[0]

    async def followup(self, timeout: float = 10) -> Message:
        """The next follow-up message that this method has not returned yet.

        The first one after a “thinking…” takes its place, and is the `reply()`, as on Discord.
        """
        number = self._followups_read
        await self.becomes(
            lambda: len(self.followups) > number or self.failure, timeout, "a follow-up"
        )
        if self.failure:
            raise InteractionFailed(f"{self.name}: {self.failure}")
        self._followups_read += 1
        return self.followups[number]

    async def opened_modal(self, timeout: float = 10) -> Json:
        """The form that the bot answered with: `title`, `custom_id`, `components`."""
        await self.becomes(lambda: self.modal or self.failure, timeout, "a form")
        if self.modal is None:
            raise InteractionFailed(f"{self.name}: {self.failure}")
        return self.modal

    def to_json(self) -> Json:
        """The interaction for a browser.

        `state` is `waiting`, `acknowledged` or `failed`; a failed one has a `failure`, the sentence
        to show. `message_id` is the message whose button, menu or Apps entry was used, `name` the
        command, the button's label or the form's title.
        """
        state = "failed" if self.failure else "acknowledged" if self.response else "waiting"
        return {
            "id": self.id,
            "type": self.kind,
            "name": self.name,
            "user_id": self.user.id,
            "channel_id": self.channel.id,
            "message_id": self._message_id,
            "custom_id": self.data.get("custom_id"),
            "state": state,
            "failure": self.failure or None,
            "modal": self.modal,
        }

    @property
    def _message_id(self) -> str | None:
        if self.message:
            return self.message.id
        return self.data["target_id"] if self.data.get("type") == 3 else None

    # What happens to it.

    def time_out(self) -> None:
        """Give up on the bot, as Discord does after three seconds."""
        if self.response or self.failure:
            return
        self._deadline.cancel()
        match self.kind:
            case 2:
                self.failure = "The application did not respond"
            case 3:
                self.failure = "This interaction failed"
            case 4:
                self.failure = "Loading options failed"
            case _:
                self.failure = "Something went wrong. Try again."
        self.changed()
        self._tell("interaction_failed")

    def expire(self) -> None:
        """Make its token invalid at once, as it is after fifteen minutes."""
        self._expired = True

    @property
    def expired(self) -> bool:
        age = asyncio.get_running_loop().time() - self._started
        return self._expired or age > self._world.token_seconds

    def close(self) -> None:
        self._deadline.cancel()

    def _tell(self, event: Any) -> None:
        if self.kind != AUTOCOMPLETE:
            self._world.publish(event, self.channel, interaction=self)

    # What the bot may do. Everything below raises Refusal as Discord would.

    @property
    def allowed_responses(self) -> frozenset[int]:
        match self.kind:
            case 4:
                return frozenset({CHOICES})
            case 2:
                return frozenset({REPLY, DEFER, MODAL, 10, 12})
            case 3:
                return frozenset({REPLY, DEFER, DEFER_UPDATE, UPDATE, MODAL, 10, 12})
            case _ if self.message:
                return frozenset({REPLY, DEFER, DEFER_UPDATE, UPDATE, 10, 12})
        return frozenset({REPLY, DEFER, 10, 12})

    def respond(self, body: Json, files: Sequence[tuple[int, File]] = ()) -> Json:
        """The first response, by which the bot acknowledges."""
        if self.failure or self.expired:
            raise unknown_interaction()
        if self.response:
            raise already_acknowledged()
        kind, data = body.get("type"), body.get("data") or {}
        if kind not in self.allowed_responses:
            form = limits.Form()
            form.choices(("type",), sorted(self.allowed_responses))
            form.refuse_if_wrong()
        match kind:
            case 4:
                limits.check_message(data, uploads=len(files), path=("data",))
                self._acknowledge(kind)
                self.original = self._create(data, files)
                self._answer(self.original)
            case 5:
                self._acknowledge(kind)
                self.original = self._create({"flags": data.get("flags")}, thinking=True)
            case 6:
                self._acknowledge(kind)
                self.original = self.message
            case 7 if self.message:
                limits.check_message(
                    data, before=self.message.raw, uploads=len(files), path=("data",)
                )
                self._acknowledge(kind)
                self.original = self.message
                self._edit(self.message, data, files)
            case 8:
                choices = data.get("choices")
                limits.check_choices(choices)
                self.choices = choices or []
                self._acknowledge(kind)
            case 9:
                limits.check_modal(data)
                self.modal = without_nulls(data)
                self._acknowledge(kind)
                self._tell("modal_opened")
            case _:
                self._acknowledge(kind or 0)
        return self._callback_result()

    def _acknowledge(self, kind: int) -> None:
        self.response = kind
        self._deadline.cancel()
        self.acknowledged_after = asyncio.get_running_loop().time() - self._started
        self.changed()
        self._tell("interaction_acknowledged")

    def _callback_result(self) -> Json:
        callback: Json = {"id": self.id, "type": self.kind}
        result: Json = {"interaction": callback}
        if self.original and self.response in (REPLY, DEFER, DEFER_UPDATE, UPDATE):
            callback |= {
                "response_message_id": self.original.id,
                "response_message_loading": self.original.thinking,
                "response_message_ephemeral": self.original.ephemeral,
            }
        if self.response in (REPLY, UPDATE) and self.original:
            result["resource"] = {"type": self.response, "message": self.original.raw}
        elif self.response is not None:
            result["resource"] = {"type": self.response}
        return result

    @property
    def _forced_private(self) -> bool:
        """A user's own app may not speak up where the person may not use external apps."""
        return self._brought_along and not self._world.may_use_external_apps(
            self.user, self.channel
        )

    @property
    def _brought_along(self) -> bool:
        """Whether the bot is here only because the person installed it for themselves."""
        return "0" not in self.owners

    def _create(
        self, body: Json, files: Sequence[tuple[int, File]] = (), *, thinking: bool = False
    ) -> Message:
        private = bool(int(body.get("flags") or 0) & limits.EPHEMERAL) or self._forced_private
        more: Json = {}
        if self.kind == COMMAND and not self.original:
            more["type"] = 20 if self.data.get("type", 1) == 1 else 23
        message = compose(
            self._world,
            self.channel,
            self._world.bot,
            body,
            files=files,
            only_for=self.user if private else None,
            interaction=self,
            webhook_id=self._world.application_id,
            application_id=self._world.application_id,
            interaction_metadata=self.metadata(),
            **more,
        )
        if self.kind == COMMAND:
            message.raw["interaction"] = {
                "id": self.id,
                "type": self.kind,
                "name": self.name,
                "user": self.user.to_json(),
            }
        if thinking:
            message.raw["flags"] |= limits.LOADING
        self._world.message_created(message)
        return message

    def _answer(self, message: Message) -> None:
        if message not in self.answers:
            self.answers.append(message)
        self.changed()

    def metadata(self) -> Json:
        """What Discord writes on the bot's messages about the interaction behind them."""
        data: Json = {
            "id": self.id,
            "type": self.kind,
            "user": self.user.to_json(),
            "authorizing_integration_owners": self.owners,
        }
        if self.kind == COMPONENT and self.message:
            data["interacted_message_id"] = self.message.id
        if self.kind == MODAL_SUBMIT and self.cause:
            data["triggering_interaction_metadata"] = self.cause.metadata()
        if self.kind == COMMAND and self.data.get("type") == 3:
            data["target_message_id"] = self.data["target_id"]
        return data

    def _open(self) -> None:
        """Refuse what comes too late or, before any response, too early."""
        if self.expired:
            raise invalid_webhook_token()
        if not self.response or self.response == CHOICES:
            raise unknown_webhook()

    def find(self, message_id: str) -> Message:
        """The message that the bot means by its id or by `@original`."""
        self._open()
        if message_id == "@original":
            message = self.original
        else:
            mine = {m.id: m for m in (self.original, *self.followups) if m}
            message = mine.get(message_id)
        if message is None or message.deleted:
            raise unknown_message()
        return message

    def follow_up(self, body: Json, files: Sequence[tuple[int, File]] = ()) -> Message:
        """A further message; the first one after a “thinking…” takes its place."""
        self._open()
        limits.check_message(body, uploads=len(files))
        if self.original and self.original.thinking and not self.original.deleted:
            message = self.original
            self._edit(message, {**body, "flags": message.flags | (body.get("flags") or 0)}, files)
        else:
            if self._brought_along and not self.channel.bot_present and len(self.followups) >= 5:
                raise too_many_followups()
            message = self._create(body, files)
        self.followups.append(message)
        self._answer(message)
        return message

    def edit(self, message_id: str, body: Json, files: Sequence[tuple[int, File]] = ()) -> Message:
        """Change a message that came of this interaction."""
        message = self.find(message_id)
        limits.check_message(body, before=message.raw, uploads=len(files))
        self._edit(message, body, files)
        return message

    def _edit(self, message: Message, body: Json, files: Sequence[tuple[int, File]]) -> None:
        first = message.thinking
        changes = edited(message, body, files)
        if first:
            changes["edited_timestamp"] = None
        message.update(**changes)
        self._answer(message)

    def delete(self, message_id: str) -> None:
        """Delete a message that came of this interaction."""
        self._world.delete_message(self.find(message_id))
