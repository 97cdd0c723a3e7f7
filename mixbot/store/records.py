"""What the store gives and takes: one frozen dataclass a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

APPLICATION = 0  # the user id of what is the bot's own, and nobody's: no Discord user has it


@dataclass(frozen=True, slots=True)
class Account:
    """An account at a provider, linked to a Discord user."""

    user_id: int
    provider: str
    key: str
    username: str
    name: str
    token: bytes = field(repr=False)  # encrypted
    linked_at: datetime


@dataclass(frozen=True, slots=True)
class LinkAttempt:
    """A user on the way to linking an account. `None` is what is not known yet, or was used."""

    user_id: int
    provider: str
    user_name: str
    started_at: datetime
    expires_at: datetime
    waiting_verb: str | None = None
    waiting_key: str | None = None
    reply_application_id: int | None = None
    reply_token: bytes | None = field(default=None, repr=False)  # encrypted
    link: bytes | None = field(default=None, repr=False)
    browser: bytes | None = field(default=None, repr=False)
    state: bytes | None = field(default=None, repr=False)
    verifier: bytes | None = field(default=None, repr=False)  # encrypted
    nonce: bytes | None = field(default=None, repr=False)
    code: bytes | None = field(default=None, repr=False)
    tries_left: int | None = None
    account_key: str | None = None
    account_username: str | None = None
    account_name: str | None = None
    account_token: bytes | None = field(default=None, repr=False)  # encrypted
    language: str | None = None
    consent_verifier: bytes | None = field(default=None, repr=False)  # encrypted


@dataclass(frozen=True, slots=True)
class Share:
    """A show that was shared in a channel."""

    channel_id: int
    guild_id: int | None
    user_id: int | None
    key: str
    name: str | None
    shared_at: datetime


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What those who manage a server have decided for it."""

    guild_id: int
    links: bool = False  # answer links in messages with a card
    private: bool = False  # answer privately where nothing else is asked for
    charts: bool = True  # count what is shared here
    classic: bool = False  # embeds and Discord's own preview of the page, in place of layouts
    language: str | None = None  # in place of the server's own
    locale: str | None = None  # the server's own, when it was last seen


@dataclass(frozen=True, slots=True)
class PersonSettings:
    """What a person has decided for themselves."""

    user_id: int
    language: str | None = None  # in place of that of their Discord
    profile: bool = False  # others may see which Mixcloud account is theirs


@dataclass(frozen=True, slots=True)
class LinkReply:
    """A message of ours that answers the links in somebody's message."""

    message_id: int
    channel_id: int
    user_id: int
    reply_id: int
    keys: str  # of the shows, a line each
    replied_at: datetime


@dataclass(frozen=True, slots=True)
class Upload:
    """A show that somebody is about to publish, or to change, from chat."""

    id: str  # of its buttons
    user_id: int
    key: str | None  # of the show that is changed, or was made
    material: str = field(repr=False)  # JSON
    state: str  # draft, sending, stopping, done
    language: str
    changed_at: datetime
    channel_id: int | None = None  # where it was begun
    in_channel: bool = False  # where it goes on when the private message no longer can
    application_id: int | None = None
    reply_token: bytes | None = field(default=None, repr=False)  # encrypted; of that message
    reply_until: datetime | None = None
    place_id: int | None = None  # the channel and the message in which it went on
    message_id: int | None = None
    holder: str | None = None  # the process that sends it, and until when nobody else may
    alive_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sealed:
    """A secret as a table keeps it: whose it is, at which provider, and the key of its row."""

    user_id: int
    provider: str  # "" in a table that is of none
    secret: bytes = field(repr=False)  # encrypted
    row: tuple[Any, ...] = field(repr=False)  # some tables are found by what is told to nobody
