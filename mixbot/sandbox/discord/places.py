"""Servers, their members, roles and channels, and direct messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .errors import ClientRefused, Json, missing_access, missing_permissions
from .ids import now
from .kinds import THREADS, ChannelKind, Context
from .permissions import ALL, MEMBER, Permission

if TYPE_CHECKING:
    from .accounts import Account
    from .messages import Message
    from .people import User, Webhook
    from .world import World


@dataclass(eq=False, slots=True)
class Role:
    """A role of a server."""

    id: str
    name: str
    permissions: int
    position: int = 0

    def to_json(self) -> Json:
        return {
            "id": self.id,
            "name": self.name,
            "permissions": str(self.permissions),
            "position": self.position,
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "managed": False,
            "mentionable": False,
            "icon": None,
            "unicode_emoji": None,
            "flags": 0,
        }


@dataclass(eq=False, slots=True)
class Member:
    """A person, or the bot, in one server."""

    user: User
    nick: str | None = None
    roles: list[Role] = field(default_factory=list)
    joined_at: str = field(default_factory=now)

    def to_json(self, *, with_user: bool = True) -> Json:
        member: Json = {
            "nick": self.nick,
            "roles": [role.id for role in self.roles],
            "joined_at": self.joined_at,
            "premium_since": None,
            "avatar": None,
            "banner": None,
            "deaf": False,
            "mute": False,
            "pending": False,
            "communication_disabled_until": None,
            "flags": 0,
        }
        if with_user:
            member["user"] = self.user.to_json()
        return member


class Channel:
    """A place for messages: a server's channel or thread, a DM with the bot, or a group DM."""

    def __init__(
        self,
        world: World,
        id: str,
        type: int,
        name: str = "",
        *,
        guild: Guild | None = None,
        parent: Channel | None = None,
        recipients: Sequence[User] = (),
        owner: User | None = None,
    ) -> None:
        self._world = world
        self.id = id
        self.type = type
        self.name = name
        self.guild = guild
        self.parent = parent
        self.recipients = tuple(recipients)
        self.owner = owner
        self.topic: str | None = None
        self.position = 0
        self.overwrites: dict[str, tuple[int, int]] = {}
        self.messages: dict[str, Message] = {}

    def __repr__(self) -> str:
        return f"<Channel {self.name or self.type} {self.id}>"

    @property
    def context(self) -> int:
        """Discord's interaction context: 0 server, 1 DM with the bot, 2 other private channel."""
        if self.guild:
            return Context.GUILD
        return Context.BOT_DM if self.bot_present else Context.PRIVATE_CHANNEL

    @property
    def bot_present(self) -> bool:
        """Whether the bot is in here as a member, not only brought along by a user."""
        return self.guild.bot_present if self.guild else self.type == ChannelKind.DM

    @property
    def is_thread(self) -> bool:
        return self.type in THREADS

    @property
    def sending(self) -> Permission:
        """The permission that writing in here needs."""
        if self.is_thread:
            return Permission.SEND_MESSAGES_IN_THREADS
        return Permission.SEND_MESSAGES

    @property
    def writable(self) -> bool:
        """Whether it holds messages; a forum holds only threads."""
        return self.type != ChannelKind.FORUM

    def allow(self, who: User | Role, permissions: int) -> None:
        """Allow somebody here what the server does not allow them in general."""
        allowed, denied = self.overwrites.get(who.id, (0, 0))
        self.overwrites[who.id] = (allowed | permissions, denied & ~permissions)
        self._world.channel_changed(self)

    def deny(self, who: User | Role, permissions: int) -> None:
        """Take permissions away from a person, the bot (`discord.bot`) or a role, in here."""
        allowed, denied = self.overwrites.get(who.id, (0, 0))
        self.overwrites[who.id] = (allowed & ~permissions, denied | permissions)
        self._world.channel_changed(self)

    def permissions_of(self, user: Account) -> int:
        """What `user` may do here, as Discord's bit set."""
        if not self.guild:
            return MEMBER if user in self.recipients or user is self._world.bot else 0
        if self.parent:
            permissions = self.parent.permissions_of(user)
            if self.type == ChannelKind.PRIVATE_THREAD and user not in self.recipients:
                return permissions if permissions & Permission.MANAGE_THREADS else 0
            return permissions
        permissions = self.guild.permissions_of(user)
        if permissions == ALL:
            return ALL
        member = self.guild.members.get(user.id)
        roles = [role.id for role in member.roles] if member else []
        for holder in (self.guild.id, *roles, user.id):
            allowed, denied = self.overwrites.get(holder, (0, 0))
            permissions = permissions & ~denied | allowed
        return permissions

    def sees(self, user: Account) -> bool:
        """Whether `user` can open this channel."""
        return bool(self.permissions_of(user) & Permission.VIEW_CHANNEL)

    def demand(self, *needed: Permission) -> None:
        """Refuse the bot, as Discord would, unless it has these permissions here."""
        permissions = self.permissions_of(self._world.bot)
        if not permissions & Permission.VIEW_CHANNEL:
            raise missing_access()
        if any(not permissions & permission for permission in needed):
            raise missing_permissions()

    def thread(self, name: str) -> Channel:
        """Start a thread in this channel."""
        kind = ChannelKind.THREAD
        if self.type == ChannelKind.ANNOUNCEMENT:
            kind = ChannelKind.ANNOUNCEMENT_THREAD
        return self._world.add_channel(kind, name, guild=self.guild, parent=self)

    def private_thread(self, name: str, *members: User) -> Channel:
        """Start a thread that only `members` see, and who may manage threads; nor does the bot."""
        return self._world.add_channel(
            ChannelKind.PRIVATE_THREAD, name, guild=self.guild, parent=self, recipients=members
        )

    def post(self, author: User, title: str, content: str) -> Channel:
        """Post in this forum: a thread, whose first message has the thread's id."""
        if self.type != ChannelKind.FORUM:
            raise ClientRefused(f"{self} is no forum")
        if not self.permissions_of(author) & Permission.SEND_MESSAGES:
            raise ClientRefused(f"{author.name} may not post in {self}")
        thread = self._world.add_channel(
            ChannelKind.THREAD, title, guild=self.guild, parent=self, owner=author
        )
        self._world.begin_post(thread, author, content)
        return thread

    def webhook(self, name: str) -> Webhook:
        """Add a webhook, by which another application writes in here: `await hook.say("…")`."""
        return self._world.add_webhook(self, name)

    def to_json(self) -> Json:
        channel: Json = {
            "id": self.id,
            "type": self.type,
            "flags": 0,
            "last_message_id": next(reversed(self.messages), None),
        }
        if self.guild:
            channel |= self._guild_fields(self.guild)
        if self.type in (ChannelKind.DM, ChannelKind.GROUP_DM):
            channel["recipients"] = [
                user.to_json() for user in self.recipients if user is not self._world.bot
            ]
        if self.type == ChannelKind.GROUP_DM:
            channel |= {
                "name": self.name or None,
                "icon": None,
                "owner_id": self.recipients[0].id,
            }
        return channel

    def _guild_fields(self, guild: Guild) -> Json:
        fields: Json = {
            "name": self.name,
            "guild_id": guild.id,
            "parent_id": self.parent.id if self.parent else None,
            "rate_limit_per_user": 0,
        }
        if self.is_thread:
            later = [
                id for id in self.messages if id != self.id
            ]  # a forum post's first is no reply
            return fields | {
                "owner_id": self.owner.id if self.owner else guild.owner_id,
                "message_count": len(later),
                "member_count": len(self.recipients) or 1,
                "total_message_sent": len(later),
                "thread_metadata": {
                    "archived": False,
                    "auto_archive_duration": 1440,
                    "archive_timestamp": now(),
                    "locked": False,
                },
            }
        if self.type == ChannelKind.FORUM:
            fields |= {
                "available_tags": [],
                "default_reaction_emoji": None,
                "default_sort_order": None,
                "default_forum_layout": 0,
            }
        return fields | {
            "position": self.position,
            "topic": self.topic,
            "nsfw": False,
            "permission_overwrites": [
                {
                    "id": holder,
                    "type": 1 if holder in guild.members else 0,
                    "allow": str(allowed),
                    "deny": str(denied),
                }
                for holder, (allowed, denied) in self.overwrites.items()
            ],
        }

    def to_partial_json(self, user: User) -> Json:
        """The channel as an interaction of `user` carries it."""
        channel = self.to_json()
        channel.pop("permission_overwrites", None)
        if self.guild:
            channel["permissions"] = str(self.permissions_of(user))
        return channel


class Guild:
    """A server."""

    def __init__(
        self, world: World, id: str, name: str, *, locale: str = "en-US", bot_present: bool = True
    ) -> None:
        self._world = world
        self.id = id
        self.name = name
        self.locale = locale
        self.bot_present = bot_present
        self.everyone = Role(id, "@everyone", int(MEMBER))
        self.roles: list[Role] = [self.everyone]
        self.members: dict[str, Member] = {}
        self.channels: dict[str, Channel] = {}
        self.emojis: list[Json] = []
        self.owner_id = world.somebody
        if bot_present:
            role = self._add_role(world.app_name, MEMBER | Permission.MENTION_EVERYONE)
            self.members[world.bot.id] = Member(world.bot, roles=[role])

    def __repr__(self) -> str:
        return f"<Guild {self.name} {self.id}>"

    def channel(self, name: str, *, type: int = ChannelKind.TEXT) -> Channel:
        """Add a channel; `type` 5 makes it an announcement channel, 15 a forum."""
        return self._world.add_channel(type, name, guild=self)

    def role(self, name: str, permissions: int = 0) -> Role:
        """Add a role that grants `permissions`."""
        role = self._add_role(name, permissions)
        if self.bot_present:
            self._world.gateway.role_created(self, role)
        return role

    def _add_role(self, name: str, permissions: int) -> Role:
        role = Role(self._world.new_id(), name, int(permissions), position=len(self.roles))
        self.roles.append(role)
        return role

    def allow(self, user: User, permissions: int) -> None:
        """Allow a member, or the bot (`discord.bot`), more: a role of their own grants it."""
        member = self.members[user.id]
        member.roles.append(self.role(user.name, permissions))
        if self.bot_present:
            self._world.gateway.member_changed(self, member)

    def join(self, user: User, *, nick: str | None = None, permissions: int = 0) -> Member:
        """Make `user` a member; `permissions` come with a role of their own."""
        roles = [self.role(user.name, permissions)] if permissions else []
        member = self.members[user.id] = Member(user, nick, roles)
        if self.bot_present:
            self._world.gateway.member_joined(self, member)
        return member

    def leave(self, user: User) -> None:
        """Make `user` leave."""
        del self.members[user.id]
        if self.bot_present:
            self._world.gateway.member_left(self, user)

    def permissions_of(self, user: Account) -> int:
        """What `user` may do in this server, channels aside."""
        member = self.members.get(user.id)
        if member is None:
            return 0
        if user.id == self.owner_id:
            return ALL
        permissions = self.everyone.permissions
        for role in member.roles:
            permissions |= role.permissions
        return ALL if permissions & Permission.ADMINISTRATOR else permissions

    def furnish(self, *, channels: int = 20, roles: int = 15, emojis: int = 25) -> Guild:
        """Fill the server with what real ones have, for measurements; returns itself."""
        for number in range(channels):
            self._world.add_channel(
                ChannelKind.TEXT, f"room-{number}", guild=self
            ).topic = "Talk and music"
        for number in range(roles):
            self.role(f"Role {number}")
        self.emojis = [
            {
                "id": self._world.new_id(),
                "name": f"emoji_{number}",
                "roles": [],
                "require_colons": True,
                "managed": False,
                "animated": False,
                "available": True,
            }
            for number in range(emojis)
        ]
        return self

    def to_json(self) -> Json:
        """The server as GUILD_CREATE sends it."""
        bot = self._world.bot
        threads = [c for c in self.channels.values() if c.is_thread and c.sees(bot)]
        channels = [c for c in self.channels.values() if not c.is_thread]
        return {
            "id": self.id,
            "name": self.name,
            "icon": None,
            "splash": None,
            "banner": None,
            "description": None,
            "owner_id": self.owner_id,
            "preferred_locale": self.locale,
            "features": [],
            "roles": [role.to_json() for role in self.roles],
            "emojis": self.emojis,
            "stickers": [],
            "channels": [channel.to_json() for channel in channels],
            "threads": [channel.to_json() for channel in threads],
            "members": [member.to_json() for member in self.members.values()],
            "member_count": len(self.members),
            "presences": [],
            "voice_states": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
            "joined_at": now(),
            "large": False,
            "unavailable": False,
            "verification_level": 0,
            "default_message_notifications": 0,
            "explicit_content_filter": 0,
            "mfa_level": 0,
            "nsfw_level": 0,
            "premium_tier": 0,
            "premium_subscription_count": 0,
            "premium_progress_bar_enabled": False,
            "system_channel_id": None,
            "system_channel_flags": 0,
            "rules_channel_id": None,
            "public_updates_channel_id": None,
            "safety_alerts_channel_id": None,
            "afk_channel_id": None,
            "afk_timeout": 300,
            "vanity_url_code": None,
            "application_id": None,
            "max_members": 500000,
            "region": "deprecated",
        }
