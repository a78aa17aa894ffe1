"""leaders are watched by their beat, not by a clock

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DELETE FROM leader")
    with op.batch_alter_table("leader", schema=None) as batch_op:
        batch_op.add_column(sa.Column("beat", sa.Integer(), nullable=False))
        batch_op.drop_column("until")


def downgrade() -> None:
    op.execute("DELETE FROM leader")
    with op.batch_alter_table("leader", schema=None) as batch_op:
        batch_op.add_column(sa.Column("until", sa.DateTime(timezone=True), nullable=False))
        batch_op.drop_column("beat")
