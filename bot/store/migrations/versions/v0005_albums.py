"""Albums: messages that are one post.

Revision: 0005, after 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "albums",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("album", sa.Text(), nullable=False),
        sa.Column("message", sa.Integer(), nullable=False),
        sa.Column("media", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name=op.f("fk_albums_tenant")),
        sa.PrimaryKeyConstraint("tenant", "channel", "album", "message", name=op.f("pk_albums")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_albums_at", "albums", ["at"])
