"""Shows that are published or changed from chat."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "uploads",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("key", sa.Text),
        sa.Column("material", sa.Text, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.Column("channel_id", sa.BigInteger),
        sa.Column("in_channel", sa.Boolean, nullable=False),
        sa.Column("application_id", sa.BigInteger),
        sa.Column("reply_token", sa.LargeBinary),
        sa.Column("reply_until", moment),
        sa.Column("place_id", sa.BigInteger),
        sa.Column("message_id", sa.BigInteger),
        sa.Column("holder", sa.String(32)),
        sa.Column("alive_until", moment),
    )
    for column in ("user_id", "changed_at", "alive_until"):
        op.create_index(f"ix_uploads_{column}", "uploads", [column])


def downgrade() -> None:
    op.drop_table("uploads")
