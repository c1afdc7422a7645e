"""Spending, outages, fingerprints, and what a job waits for.

Revision: 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

WAITING = sa.text("state = 'todo' AND waits_for <> ''")


def upgrade() -> None:
    """Forward."""
    op.add_column("jobs", sa.Column("waits_for", sa.Text(), server_default="", nullable=False))
    op.create_index("ix_jobs_waits_for", "jobs", ["waits_for"], sqlite_where=WAITING)
    _spending()
    _outages()
    _fingerprints()


def _spending() -> None:
    op.create_table(
        "spending",
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("micros", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name=op.f("fk_spending_tenant")),
        sa.PrimaryKeyConstraint("tenant", "provider", "month", name=op.f("pk_spending")),
        sqlite_with_rowid=False,
    )


def _outages() -> None:
    op.create_table(
        "outages",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outages")),
    )
    op.create_index("ix_outages_open", "outages", ["provider"], unique=True, sqlite_where=sa.text("ended_at IS NULL"))
    op.create_table(
        "told",
        sa.Column("outage", sa.Integer(), nullable=False),
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["outage"], ["outages.id"], name=op.f("fk_told_outage"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name=op.f("fk_told_tenant")),
        sa.PrimaryKeyConstraint("outage", "tenant", name=op.f("pk_told")),
        sqlite_with_rowid=False,
    )


def _fingerprints() -> None:
    op.create_table(
        "fingerprints",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("phash", sa.Integer(), nullable=False),
        sa.Column("dhash", sa.Integer(), nullable=False),
        sa.Column("flat", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_fingerprints")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_fingerprints_at", "fingerprints", ["at"])
