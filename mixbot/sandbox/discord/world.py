"""All that exists: the application, its bot, people, places, messages and interactions."""

from __future__ import annotations

import base64
import secrets
from typing import TYPE_CHECKING, Any

from .commands import Commands
from .errors import Json
from .events import Event, Kind, Subscription
from .files import Files
from .ids import GuildIds, Snowflakes
from .kinds import ChannelKind
from .people import User
from .permissions import Permission
from .places import Channel, Guild
from .unfurl import Unfurler

if TYPE_CHECKING:
    from .gateway import Gateway
    from .interactions import Interaction
    from .messages import Message

GUILDS, GUILD_MESSAGES, DIRECT_MESSAGES = 1 << 0, 1 << 9, 1 << 12
GUILD_TYPING, DM_TYPING, MESSAGE_CONTENT = 1 << 11, 1 << 14, 1 << 15
KEPT_MESSAGES = 1000  # in each channel
KEPT_INTERACTIONS = 20_000


class World:
    """The state behind the API, and the one place where it changes."""

    gateway: Gateway

    def __init__(self, *, app_name: str, interaction_seconds: float, token_seconds: float) -> None:
        self.interaction_seconds = interaction_seconds
        self.token_seconds = token_seconds
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
        self.files = Files(self.new_id)
        self.subscriptions: set[Subscription] = set()
        self.unfurler = Unfurler()

    def _make_bot_token(self) -> str:
        owner = base64.urlsafe_b64encode(self.application_id.encode()).decode().rstrip("=")
        return f"{owner}.{secrets.token_urlsafe(5)}.{secrets.token_urlsafe(28)}"

    def new_token(self, id: str) -> str:
        """A token for an interaction, as long as Discord's."""
        inside = f"interaction:{id}:{secrets.token_urlsafe(60)}"
        return base64.urlsafe_b64encode(inside.encode()).decode().rstrip("=")

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

    def add_channel(
        self, type: int, name: str, *, guild: Guild | None = None, parent: Channel | None = None
    ) -> Channel:
        channel = Channel(self, self.new_id(), type, name, guild=guild, parent=parent)
        self.channels[channel.id] = channel
        if guild:
            channel.position = len(guild.channels)
            guild.channels[channel.id] = channel
            if guild.bot_present:
                event = "THREAD_CREATE" if parent else "CHANNEL_CREATE"
                self.gateway.dispatch(event, channel.to_json(), guild_id=guild.id, intent=GUILDS)
        return channel

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

    def delete_message(self, message: Message) -> None:
        self.dismiss(message)
        self._dispatch("MESSAGE_DELETE", message)

    def typing(self, user: User, channel: Channel) -> None:
        self.publish("typing_started", channel, user=user)

    def _dispatch(self, event: str, message: Message) -> None:
        """Tell the bot, if it is there, listens to messages, and may see this one."""
        channel = message.channel
        intent = GUILD_MESSAGES if channel.guild else DIRECT_MESSAGES
        if message.ephemeral or not channel.bot_present or not self.gateway.listens(intent):
            return
        data: Json = {"id": message.id, "channel_id": channel.id}
        if event != "MESSAGE_DELETE":
            data = dict(message.raw)
        guild_id = None
        if channel.guild:
            guild_id = data["guild_id"] = channel.guild.id
            member = channel.guild.members.get(message.author.id)
            if member and event != "MESSAGE_DELETE":
                data["member"] = member.to_json(with_user=False)
        self.gateway.dispatch(
            event, data, guild_id=guild_id, intent=intent, hide=self.hides(message)
        )

    def hides(self, message: Message) -> bool:
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
            "attachment_size_limit": 10485760,
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
