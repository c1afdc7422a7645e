"""Faces, guilds and drafts.

Revision: 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    _faces()
    _guilds()
    _drafts()


def _faces() -> None:
    op.create_table(
        "faces",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name=op.f("fk_faces_tenant")),
        sa.PrimaryKeyConstraint("tenant", "member", "slot", name=op.f("pk_faces")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_faces_at", "faces", ["at"])


def _guilds() -> None:
    op.create_table(
        "guilds",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("members", sa.Integer(), nullable=True),
        sa.Column("joined_at", sa.BigInteger(), nullable=True),
        sa.Column("left_at", sa.BigInteger(), nullable=True),
        sa.Column("seen_at", sa.BigInteger(), nullable=True),
        sa.Column("greeted_at", sa.BigInteger(), nullable=True),
        sa.Column("barred", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("daily_limit", sa.Integer(), nullable=True),
        sa.Column("grants", sa.Text(), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name=op.f("fk_guilds_tenant")),
        sa.PrimaryKeyConstraint("tenant", name=op.f("pk_guilds")),
    )


def _drafts() -> None:
    op.create_table(
        "drafts",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name=op.f("fk_drafts_tenant")),
        sa.PrimaryKeyConstraint("tenant", "owner", "name", name=op.f("pk_drafts")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_drafts_at", "drafts", ["at"])
