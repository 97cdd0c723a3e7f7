"""All that exists: the application, its bot, people, places, messages and interactions."""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .commands import Commands
from .errors import Json
from .events import Event, Kind, Subscription
from .files import Files
from .ids import GuildIds, Snowflakes
from .kinds import ChannelKind
from .messages import Message, compose
from .people import User, Webhook
from .permissions import Permission
from .places import Channel, Guild
from .unfurl import Unfurler

if TYPE_CHECKING:
    from .gateway import Gateway
    from .interactions import Interaction

GUILDS, GUILD_MESSAGES, DIRECT_MESSAGES = 1 << 0, 1 << 9, 1 << 12
GUILD_TYPING, DM_TYPING, MESSAGE_CONTENT = 1 << 11, 1 << 14, 1 << 15
KEPT_MESSAGES = 1000  # in each channel
KEPT_INTERACTIONS = 20_000
EMPTIED: Json = {"content": "", "embeds": [], "attachments": [], "components": []}


class World:
    """The state behind the API, and the one place where it changes."""

    gateway: Gateway

    def __init__(self, *, app_name: str, interaction_seconds: float, token_seconds: float) -> None:
        self.interaction_seconds = interaction_seconds
        self.token_seconds = token_seconds
        self.ahead = 0.0  # seconds that were skipped
        self.new_id = Snowflakes()
        self._new_guild_id = GuildIds()
        self.somebody = self.new_id()
        self.application_id = self.new_id()
        self.app_name = app_name
        self.bot_token = self._make_bot_token()
        self.client_secret = secrets.token_urlsafe(24)
        self.bot = User(self, self.application_id, app_name, bot=True)
        self.users: dict[str, User] = {self.bot.id: self.bot}
        self.guilds: dict[str, Guild] = {}
        self.channels: dict[str, Channel] = {}
        self.interactions: dict[str, Interaction] = {}
        self.interactions_by_token: dict[str, Interaction] = {}
        self.commands = Commands(self.application_id, self.new_id)
        self.files = Files(self.new_id, self.clock)
        self.subscriptions: set[Subscription] = set()
        self.unfurler = Unfurler()

    def _make_bot_token(self) -> str:
        owner = base64.urlsafe_b64encode(self.application_id.encode()).decode().rstrip("=")
        return f"{owner}.{secrets.token_urlsafe(5)}.{secrets.token_urlsafe(28)}"

    def new_token(self, id: str) -> str:
        """A token for an interaction, as long as Discord's."""
        inside = f"interaction:{id}:{secrets.token_urlsafe(60)}"
        return base64.urlsafe_b64encode(inside.encode()).decode().rstrip("=")

    def clock(self) -> float:
        """The time in seconds, those skipped included."""
        return time.time() + self.ahead

    # People and places.

    def add_user(self, name: str, **more: Any) -> User:
        user = User(self, self.new_id(), name, **more)
        self.users[user.id] = user
        return user

    def add_guild(self, name: str, **more: Any) -> Guild:
        guild = Guild(self, self._new_guild_id(), name, **more)
        self.guilds[guild.id] = guild
        if guild.bot_present:
            self.gateway.guild_created(guild)
        return guild

    def add_webhook(self, channel: Channel, name: str) -> Webhook:
        return Webhook(self, self.new_id(), name, channel)

    def add_channel(
        self,
        type: int,
        name: str,
        *,
        guild: Guild | None = None,
        parent: Channel | None = None,
        **more: Any,
    ) -> Channel:
        channel = Channel(self, self.new_id(), type, name, guild=guild, parent=parent, **more)
        self.channels[channel.id] = channel
        if guild:
            channel.position = len(guild.channels)
            guild.channels[channel.id] = channel
            if guild.bot_present and (not parent or channel.sees(self.bot)):
                event = "THREAD_CREATE" if parent else "CHANNEL_CREATE"
                data = channel.to_json() | ({"newly_created": True} if parent else {})
                self.gateway.dispatch(event, data, guild_id=guild.id, intent=GUILDS)
        self.publish("channel_created", channel)
        return channel

    def channel_changed(self, channel: Channel) -> None:
        guild = channel.guild
        if guild and guild.bot_present:
            data = channel.to_json()
            self.gateway.dispatch("CHANNEL_UPDATE", data, guild_id=guild.id, intent=GUILDS)

    def begin_post(self, thread: Channel, author: User, content: str) -> None:
        """The first message of a forum's thread; both have the same id."""
        self.message_created(compose(self, thread, author, {"content": content}, id=thread.id))

    def open_dm(self, user: User) -> Channel:
        """The one conversation between `user` and the bot."""
        for channel in self.channels.values():
            if channel.type == ChannelKind.DM and user in channel.recipients:
                return channel
        return self._add_private(ChannelKind.DM, (user, self.bot))

    def add_group_dm(self, *people: User, name: str = "") -> Channel:
        return self._add_private(ChannelKind.GROUP_DM, people, name)

    def _add_private(self, type: int, people: tuple[User, ...], name: str = "") -> Channel:
        channel = Channel(self, self.new_id(), type, name, recipients=people)
        self.channels[channel.id] = channel
        return channel

    def may_use_external_apps(self, user: User, channel: Channel) -> bool:
        return bool(channel.permissions_of(user) & Permission.USE_EXTERNAL_APPS)

    # What happens.

    def publish(self, kind: Kind, channel: Channel, **what: Any) -> None:
        """Show it to everybody who watches and may see it."""
        if self.subscriptions:
            event = Event(kind, channel, **what)
            for subscription in tuple(self.subscriptions):
                subscription.offer(event)

    def message_created(self, message: Message) -> None:
        messages = message.channel.messages
        messages[message.id] = message
        if len(messages) > KEPT_MESSAGES:
            del messages[next(iter(messages))]
        self.publish("message_created", message.channel, message=message)
        self._dispatch("MESSAGE_CREATE", message)
        self.unfurler.look_at(message)

    def message_updated(self, message: Message) -> None:
        message.changed()
        self.publish("message_updated", message.channel, message=message)
        self._dispatch("MESSAGE_UPDATE", message)

    def dismiss(self, message: Message) -> None:
        """Take a private message off its reader's screen; the bot does not learn of it."""
        message.channel.messages.pop(message.id, None)
        self.publish("message_deleted", message.channel, message=message)
        message.deleted = True
        message.changed()

    def delete_message(self, *messages: Message) -> None:
        """Delete one message, or several of one channel at once."""
        for message in messages:
            self.dismiss(message)
        self._dispatch_deletion(messages)

    def typing(self, user: User, channel: Channel) -> None:
        self.publish("typing_started", channel, user=user)

    def _dispatch(self, event: str, message: Message) -> None:
        """Tell the bot of a message, if it listens to messages and may see this one."""
        channel = message.channel
        if message.ephemeral or not self._overhears(channel):
            return
        place: Json = {}
        if channel.guild:
            place["guild_id"] = channel.guild.id
            if member := channel.guild.members.get(message.author.id):
                place["member"] = member.to_json(with_user=False)
        self.gateway.dispatch(
            event,
            message.raw | place,
            guild_id=place.get("guild_id"),
            intent=_intent(channel),
            emptied=self.emptied(message) | place,
        )

    def _dispatch_deletion(self, messages: Sequence[Message]) -> None:
        channel = messages[0].channel
        ids = [message.id for message in messages if not message.ephemeral]
        if not ids or not self._overhears(channel):
            return
        guild_id = channel.guild.id if channel.guild else None
        event = "MESSAGE_DELETE" if len(ids) == 1 else "MESSAGE_DELETE_BULK"
        data: Json = {"id": ids[0]} if len(ids) == 1 else {"ids": ids}
        data["channel_id"] = channel.id
        if guild_id:
            data["guild_id"] = guild_id
        self.gateway.dispatch(event, data, guild_id=guild_id, intent=_intent(channel))

    def _overhears(self, channel: Channel) -> bool:
        """Whether the bot learns of what is written in `channel`."""
        there = channel.bot_present and self.gateway.listens(_intent(channel))
        return there and channel.sees(self.bot)

    def emptied(self, message: Message) -> Json:
        """The message as a bot gets it that may not read what people write to others."""
        raw = message.raw | (EMPTIED if self._hides(message) else {})
        answered = message.answered
        if answered and self._hides(answered):
            raw["referenced_message"] = raw["referenced_message"] | EMPTIED
        return raw

    def _hides(self, message: Message) -> bool:
        """Whether the bot needs the message content intent to read it."""
        return (
            message.channel.guild is not None
            and message.author is not self.bot
            and all(user["id"] != self.bot.id for user in message.raw["mentions"])
        )

    def start(self, interaction: Interaction) -> Interaction:
        """Send an interaction to the bot."""
        self.interactions[interaction.id] = interaction
        self.interactions_by_token[interaction.token] = interaction
        if len(self.interactions) > KEPT_INTERACTIONS:
            oldest = self.interactions.pop(next(iter(self.interactions)))
            del self.interactions_by_token[oldest.token]
        interaction.tell("interaction_started")
        guild = interaction.channel.guild
        self.gateway.dispatch(
            "INTERACTION_CREATE",
            self._payload(interaction),
            guild_id=guild.id if guild and guild.bot_present else None,
        )
        return interaction

    def _payload(self, interaction: Interaction) -> Json:
        channel, user = interaction.channel, interaction.user
        payload: Json = {
            "version": 1,
            "id": interaction.id,
            "application_id": self.application_id,
            "type": interaction.kind,
            "token": interaction.token,
            "data": interaction.data,
            "channel_id": channel.id,
            "channel": channel.to_partial_json(user),
            "locale": user.locale,
            "context": channel.context,
            "authorizing_integration_owners": interaction.owners,
            "app_permissions": str(self._app_permissions(interaction)),
            "entitlements": [],
            "attachment_size_limit": self.files.size_limit,
        }
        if interaction.message:
            payload["message"] = interaction.message.raw
        if guild := channel.guild:
            member = guild.members[user.id].to_json()
            member["permissions"] = str(channel.permissions_of(user))
            payload |= {
                "guild_id": guild.id,
                "guild": {"id": guild.id, "locale": guild.locale, "features": []},
                "guild_locale": guild.locale,
                "member": member,
            }
        else:
            payload["user"] = user.to_json()
        return payload

    def _app_permissions(self, interaction: Interaction) -> int:
        """What the bot may do there; one that a user brought along may do what the user may."""
        if interaction.channel.bot_present:
            return interaction.channel.permissions_of(self.bot)
        return interaction.channel.permissions_of(interaction.user)


def _intent(channel: Channel) -> int:
    return GUILD_MESSAGES if channel.guild else DIRECT_MESSAGES
