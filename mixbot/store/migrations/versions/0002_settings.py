"""Settings of servers and people, answers to links in messages, and the language of a link."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "servers",
        sa.Column("guild_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("links", sa.Boolean, nullable=False),
        sa.Column("private", sa.Boolean, nullable=False),
        sa.Column("charts", sa.Boolean, nullable=False),
        sa.Column("classic", sa.Boolean, nullable=False),
        sa.Column("language", sa.String(8)),
        sa.Column("locale", sa.String(8)),
    )
    op.create_table(
        "people",
        sa.Column("user_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("language", sa.String(8)),
        sa.Column("profile", sa.Boolean, nullable=False),
    )
    op.create_table(
        "link_replies",
        sa.Column("message_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("reply_id", sa.BigInteger, nullable=False),
        sa.Column("keys", sa.Text, nullable=False),
        sa.Column("replied_at", moment, nullable=False),
    )
    op.create_index("ix_link_replies_replied_at", "link_replies", ["replied_at"])
    op.create_index("ix_link_replies_user_id", "link_replies", ["user_id"])
    op.add_column("link_attempts", sa.Column("language", sa.String(8)))


def downgrade() -> None:
    op.drop_column("link_attempts", "language")
    for table in ("link_replies", "people", "servers"):
        op.drop_table(table)
