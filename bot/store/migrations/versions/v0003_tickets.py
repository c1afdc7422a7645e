"""Tickets: jobs of slow vendors that were paid for.

Revision: 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "tickets",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("schema", sa.SmallInteger(), nullable=False),
        sa.Column("ticket", sa.Text(), nullable=False),
        sa.Column("cost", sa.Float(), nullable=False),
        sa.Column("delivery", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "job", name=op.f("pk_tickets")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_tickets_image", "tickets", ["provider", "sha256", "key"])
    op.create_index("ix_tickets_open", "tickets", ["at"], sqlite_where=sa.text("state = 'open'"))
    op.create_index("ix_tickets_at", "tickets", ["at"])
