"""Accounts, links in the making, shares, long keys and gates.

The first revision.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("user_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("provider", sa.String(16), primary_key=True),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("token", sa.LargeBinary, nullable=False),
        sa.Column("linked_at", moment, nullable=False),
    )
    op.create_table(
        "link_attempts",
        sa.Column("user_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("provider", sa.String(16), primary_key=True),
        sa.Column("user_name", sa.Text, nullable=False),
        sa.Column("started_at", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("waiting_verb", sa.String(16)),
        sa.Column("waiting_key", sa.Text),
        sa.Column("reply_application_id", sa.BigInteger),
        sa.Column("reply_token", sa.LargeBinary),
        sa.Column("link", sa.LargeBinary, unique=True),
        sa.Column("browser", sa.LargeBinary),
        sa.Column("state", sa.LargeBinary, unique=True),
        sa.Column("verifier", sa.LargeBinary),
        sa.Column("nonce", sa.LargeBinary, unique=True),
        sa.Column("code", sa.LargeBinary),
        sa.Column("tries_left", sa.Integer),
        sa.Column("account_key", sa.Text),
        sa.Column("account_username", sa.Text),
        sa.Column("account_name", sa.Text),
        sa.Column("account_token", sa.LargeBinary),
    )
    op.create_index("ix_link_attempts_expires_at", "link_attempts", ["expires_at"])
    op.create_table(
        "link_starts",
        sa.Column("user_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("since", moment, primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
    )
    op.create_table(
        "shares",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("guild_id", sa.BigInteger),
        sa.Column("user_id", sa.BigInteger),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("name", sa.Text),
        sa.Column("shared_at", moment, nullable=False),
    )
    op.create_index("ix_shares_channel_id_id", "shares", ["channel_id", "id"])
    op.create_index("ix_shares_guild_id_id", "shares", ["guild_id", "id"])
    op.create_index("ix_shares_user_id_id", "shares", ["user_id", "id"])
    op.create_index("ix_shares_shared_at", "shares", ["shared_at"])
    op.create_table(
        "long_keys",
        sa.Column("id", sa.String(22), primary_key=True),
        sa.Column("key", sa.Text, nullable=False),
    )
    op.create_table(
        "gates",
        sa.Column("provider", sa.String(16), primary_key=True),
        sa.Column("closed_until", moment, nullable=False),
    )


def downgrade() -> None:
    for table in ("gates", "long_keys", "shares", "link_starts", "link_attempts", "accounts"):
        op.drop_table(table)
