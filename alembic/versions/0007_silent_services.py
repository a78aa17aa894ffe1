"""Which service of a cloud is silent, and how old what the others told is."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("cloud", schema=None) as batch_op:
        batch_op.add_column(sa.Column("addresses_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("offers_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("silent_service", sa.String(length=16), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("cloud", schema=None) as batch_op:
        batch_op.drop_column("silent_service")
        batch_op.drop_column("offers_at")
        batch_op.drop_column("addresses_at")
