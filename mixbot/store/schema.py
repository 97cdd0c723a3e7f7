"""The tables. What they hold is told in one place; how it got there is told by `migrations`."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    TypeDecorator,
)

HEAD = "0004"  # the revision that the tables below describe


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC. SQLite keeps no time zone, so it is taken off and put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

# Written by Alembic in the same shape; here so that a new database needs no Alembic.
alembic_version = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)

accounts = Table(
    "accounts",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("provider", String(16), primary_key=True),
    Column("key", Text, nullable=False),
    Column("username", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("token", LargeBinary, nullable=False),  # encrypted
    Column("linked_at", UtcDateTime, nullable=False),
    Column("refreshing_by", String(32)),  # the process that refreshes the token, and until when
    Column("refreshing_until", UtcDateTime),  # nobody else may
)

# One a user and provider, so a newer one voids the older. Secrets are only here as hashes, or
# encrypted where they are needed again; each becomes NULL when it has been used.
link_attempts = Table(
    "link_attempts",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("provider", String(16), primary_key=True),
    Column("user_name", Text, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("waiting_verb", String(16)),
    Column("waiting_key", Text),
    Column("reply_application_id", BigInteger),
    Column("reply_token", LargeBinary),  # encrypted
    Column("link", LargeBinary, unique=True),
    Column("browser", LargeBinary),
    Column("state", LargeBinary, unique=True),  # of signing in with Discord
    Column("verifier", LargeBinary),  # encrypted; PKCE of the same
    Column("nonce", LargeBinary, unique=True),  # in the address the provider returns to
    Column("code", LargeBinary),
    Column("tries_left", Integer),
    Column("account_key", Text),
    Column("account_username", Text),
    Column("account_name", Text),
    Column("account_token", LargeBinary),  # encrypted
    Column("language", String(8)),  # of who is linking
    Column("consent_verifier", LargeBinary),  # encrypted; PKCE of the consent at the provider
    Index(None, "expires_at"),
)

link_starts = Table(
    "link_starts",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("since", UtcDateTime, primary_key=True),
    Column("count", Integer, nullable=False),
)

shares = Table(
    "shares",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("channel_id", BigInteger, nullable=False),
    Column("guild_id", BigInteger),
    Column("user_id", BigInteger),
    Column("key", Text, nullable=False),
    Column("name", Text),
    Column("shared_at", UtcDateTime, nullable=False),
    Index(None, "channel_id", "id"),
    Index(None, "guild_id", "id"),
    Index(None, "user_id", "id"),
    Index(None, "shared_at"),
)

long_keys = Table(
    "long_keys",
    metadata,
    Column("id", String(22), primary_key=True),
    Column("key", Text, nullable=False),
)

gates = Table(
    "gates",
    metadata,
    Column("provider", String(16), primary_key=True),
    Column("closed_until", UtcDateTime, nullable=False),
)

servers = Table(
    "servers",
    metadata,
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("links", Boolean, nullable=False),
    Column("private", Boolean, nullable=False),
    Column("charts", Boolean, nullable=False),
    Column("classic", Boolean, nullable=False),
    Column("language", String(8)),
    Column("locale", String(8)),
)

people = Table(
    "people",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("language", String(8)),
    Column("profile", Boolean, nullable=False),
)

# Which of our messages answers the links in somebody's message.
link_replies = Table(
    "link_replies",
    metadata,
    Column("message_id", BigInteger, primary_key=True, autoincrement=False),
    Column("channel_id", BigInteger, nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("reply_id", BigInteger, nullable=False),
    Column("keys", Text, nullable=False),
    Column("replied_at", UtcDateTime, nullable=False),
    Index(None, "replied_at"),
    Index(None, "user_id"),
)

# What somebody is about to publish, or to change, from chat.
uploads = Table(
    "uploads",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("user_id", BigInteger, nullable=False),
    Column("key", Text),  # of the show that is changed, or was made
    Column("material", Text, nullable=False),
    Column("state", String(8), nullable=False),
    Column("language", String(8), nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("channel_id", BigInteger),
    Column("in_channel", Boolean, nullable=False),
    Column("application_id", BigInteger),
    Column("reply_token", LargeBinary),  # encrypted
    Column("reply_until", UtcDateTime),
    Column("place_id", BigInteger),
    Column("message_id", BigInteger),
    Column("holder", String(32)),
    Column("alive_until", UtcDateTime),
    Index(None, "user_id"),
    Index(None, "changed_at"),
    Index(None, "alive_until"),
)
