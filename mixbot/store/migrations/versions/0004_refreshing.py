"""Who refreshes an account's token; the PKCE verifier of a consent at the provider."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("refreshing_by", sa.String(32)))
    op.add_column("accounts", sa.Column("refreshing_until", sa.DateTime(timezone=True)))
    op.add_column("link_attempts", sa.Column("consent_verifier", sa.LargeBinary))


def downgrade() -> None:
    op.drop_column("link_attempts", "consent_verifier")
    op.drop_column("accounts", "refreshing_until")
    op.drop_column("accounts", "refreshing_by")
