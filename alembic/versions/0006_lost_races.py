"""What holds the work on a machine up, and races for a cloud's quota that it lost."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("machine", sa.Column("trouble", sa.String(), nullable=True))
    op.add_column(
        "machine", sa.Column("spoiled", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column(
        "machine", sa.Column("races", sa.Integer(), nullable=False, server_default=sa.text("0"))
    )


def downgrade() -> None:
    op.drop_column("machine", "races")
    op.drop_column("machine", "spoiled")
    op.drop_column("machine", "trouble")
