"""Interactions: what a person does, and the rules by which the bot may answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mixbot.sandbox.waiting import Watched

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
from .events import Kind
from .files import File
from .kinds import CommandKind, Flag, InteractionKind, MessageKind, ResponseKind
from .messages import Message, compose, edited
from .shapes import without_nulls

if TYPE_CHECKING:
    from .people import User
    from .places import Channel
    from .world import World

Uploads = Sequence[tuple[int, File]]

ANSWERS = frozenset(
    {ResponseKind.REPLY, ResponseKind.DEFER, ResponseKind.PREMIUM, ResponseKind.ACTIVITY}
)
CHANGES = frozenset({ResponseKind.DEFER_UPDATE, ResponseKind.UPDATE})
ALLOWED_RESPONSES = {
    InteractionKind.COMMAND: ANSWERS | {ResponseKind.FORM},
    InteractionKind.COMPONENT: ANSWERS | CHANGES | {ResponseKind.FORM},
    InteractionKind.AUTOCOMPLETE: frozenset({ResponseKind.CHOICES}),
    InteractionKind.FORM: ANSWERS,
}
FAILURES = {
    InteractionKind.COMMAND: "The application did not respond",
    InteractionKind.COMPONENT: "This interaction failed",
    InteractionKind.AUTOCOMPLETE: "Loading options failed",
    InteractionKind.FORM: "Something went wrong. Try again.",
}


class Interaction(Watched):
    """One use of a command, button, menu or form, seen from the person who did it."""

    def __init__(
        self,
        world: World,
        kind: InteractionKind,
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
        self.response: ResponseKind | None = None
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
        self._skipped = world.ahead
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
        return self.data["target_id"] if self._on_message else None

    @property
    def _on_message(self) -> bool:
        """Whether it came from a message's Apps menu."""
        is_command = self.kind == InteractionKind.COMMAND
        return is_command and self.data["type"] == CommandKind.MESSAGE_MENU

    # What happens to it.

    def time_out(self) -> None:
        """Give up on the bot, as Discord does after three seconds."""
        if self.response or self.failure:
            return
        self._deadline.cancel()
        self.failure = FAILURES[self.kind]
        self.changed()
        self.tell("interaction_failed")

    def expire(self) -> None:
        """Make its token invalid at once, as it is after fifteen minutes."""
        self._expired = True

    @property
    def expired(self) -> bool:
        age = asyncio.get_running_loop().time() - self._started
        age += self._world.ahead - self._skipped
        return self._expired or age > self._world.token_seconds

    def close(self) -> None:
        self._deadline.cancel()

    def tell(self, event: Kind) -> None:
        """Let the person see it; what is offered while typing is no event."""
        if self.kind != InteractionKind.AUTOCOMPLETE:
            self._world.publish(event, self.channel, interaction=self)

    # What the bot may do. Everything below raises Refusal as Discord would.

    @property
    def allowed_responses(self) -> frozenset[ResponseKind]:
        allowed = ALLOWED_RESPONSES[self.kind]
        if self.kind == InteractionKind.FORM and self.message:
            return allowed | CHANGES  # the form came from a button or menu of this message
        return allowed

    def respond(self, body: Json, files: Uploads = ()) -> Json:
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
        self._carry_out(ResponseKind(kind or 0), data, files)
        return self._callback_result()

    def _carry_out(self, kind: ResponseKind, data: Json, files: Uploads) -> None:
        """Check everything first: a refused response does not count as one."""
        match kind:
            case ResponseKind.REPLY:
                limits.check_message(data, uploads=len(files), path=("data",))
                self.original = self._composed(data, files)
                self._acknowledge(kind)
                self._world.message_created(self.original)
                self._answer(self.original)
            case ResponseKind.DEFER:
                self.original = self._composed({"flags": data.get("flags")})
                self.original.raw["flags"] |= Flag.LOADING
                self._acknowledge(kind)
                self._world.message_created(self.original)
            case ResponseKind.UPDATE if self.message:
                limits.check_message(
                    data, before=self.message.raw, uploads=len(files), path=("data",)
                )
                changes = edited(self.message, data, files)
                self.original = self.message
                self._acknowledge(kind)
                self.original.update(**changes)
                self._answer(self.original)
            case ResponseKind.DEFER_UPDATE:
                self.original = self.message
                self._acknowledge(kind)
            case ResponseKind.CHOICES:
                limits.check_choices(data.get("choices"))
                self.choices = data.get("choices") or []
                self._acknowledge(kind)
            case ResponseKind.FORM:
                limits.check_modal(data)
                self.modal = without_nulls(data)
                self._acknowledge(kind)
                self.tell("modal_opened")
            case _:
                self._acknowledge(kind)

    def _acknowledge(self, kind: ResponseKind) -> None:
        self.response = kind
        self._deadline.cancel()
        self.acknowledged_after = asyncio.get_running_loop().time() - self._started
        self.changed()
        self.tell("interaction_acknowledged")

    def _callback_result(self) -> Json:
        callback: Json = {"id": self.id, "type": self.kind}
        result: Json = {"interaction": callback}
        if self.original:
            callback |= {
                "response_message_id": self.original.id,
                "response_message_loading": self.original.thinking,
                "response_message_ephemeral": self.original.ephemeral,
            }
        if self.original and self.response in (ResponseKind.REPLY, ResponseKind.UPDATE):
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

    def _composed(self, body: Json, files: Uploads = ()) -> Message:
        """A message that answers, still unpublished."""
        private = int(body.get("flags") or 0) & Flag.EPHEMERAL or self._forced_private
        more: Json = {}
        if self.kind == InteractionKind.COMMAND:
            slash = self.data["type"] == CommandKind.SLASH
            if not self.original:
                more["type"] = MessageKind.SLASH_COMMAND if slash else MessageKind.MENU_COMMAND
            more["interaction"] = {
                "id": self.id,
                "type": self.kind,
                "name": self.name,
                "user": self.user.to_json(),
            }
        return compose(
            self._world,
            self.channel,
            self._world.bot,
            body,
            files=files,
            only_for=self.user if private else None,
            webhook_id=self._world.application_id,
            application_id=self._world.application_id,
            interaction_metadata=self.metadata(),
            **more,
        )

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
        if self.kind == InteractionKind.COMPONENT and self.message:
            data["interacted_message_id"] = self.message.id
        if self.kind == InteractionKind.FORM and self.cause:
            data["triggering_interaction_metadata"] = self.cause.metadata()
        if self._on_message:
            data["target_message_id"] = self.data["target_id"]
        return data

    def _open(self) -> None:
        """Refuse what comes too late or, before any response, too early."""
        if self.expired:
            raise invalid_webhook_token()
        if not self.response or self.response == ResponseKind.CHOICES:
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

    def follow_up(self, body: Json, files: Uploads = ()) -> Message:
        """A further message; the first one after a “thinking…” takes its place."""
        self._open()
        limits.check_message(body, uploads=len(files))
        if self.original and self.original.thinking and not self.original.deleted:
            message = self.original
            self._change(message, body, files)
        else:
            if self._brought_along and not self.channel.bot_present and len(self.followups) >= 5:
                raise too_many_followups()
            message = self._composed(body, files)
            self._world.message_created(message)
        self.followups.append(message)
        self._answer(message)
        return message

    def edit(self, message_id: str, body: Json, files: Uploads = ()) -> Message:
        """Change a message that came of this interaction."""
        message = self.find(message_id)
        limits.check_message(body, before=message.raw, uploads=len(files))
        self._change(message, body, files)
        return message

    def _change(self, message: Message, body: Json, files: Uploads) -> None:
        changes = edited(message, body, files)
        if message.thinking:
            changes["edited_timestamp"] = None
        message.update(**changes)
        self._answer(message)

    def delete(self, message_id: str) -> None:
        """Delete a message that came of this interaction."""
        self._world.delete_message(self.find(message_id))
