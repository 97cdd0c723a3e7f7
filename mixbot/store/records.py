"""What the store gives and takes: one frozen dataclass a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


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


@dataclass(frozen=True, slots=True)
class Share:
    """A show that was shared in a channel."""

    channel_id: int
    guild_id: int | None
    user_id: int | None
    key: str
    name: str | None
    shared_at: datetime
