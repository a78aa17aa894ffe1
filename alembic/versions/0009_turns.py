"""When a machine's turn to be built came; what is there now has had its turn."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("machine", schema=None) as batch_op:
        batch_op.add_column(sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index("ix_machine_built", ["cloud_id", "built_at"], unique=False)
    op.execute("UPDATE machine SET begun_at = created_at")


def downgrade() -> None:
    with op.batch_alter_table("machine", schema=None) as batch_op:
        batch_op.drop_index("ix_machine_built")
        batch_op.drop_column("begun_at")
