"""Former names: what a tenant was called before its platform gave it another id.

Revision: 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "former_names",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.id"], name=op.f("fk_former_names_tenant")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_former_names")),
        sqlite_with_rowid=False,
    )
