"""What a cloud's images ask for and its flavors have, and which images are deactivated."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table, names in (
        ("size_binding", ("disk_gib", "ram_mib")),
        ("template_binding", ("min_disk_gib", "min_ram_mib")),
    ):
        for name in names:
            column = sa.Column(name, sa.Integer(), nullable=False, server_default=sa.text("0"))
            op.add_column(table, column)
    op.add_column(
        "template_binding",
        sa.Column("usable", sa.Boolean(), nullable=False, server_default=sa.true()),
    )


def downgrade() -> None:
    for name in ("usable", "min_ram_mib", "min_disk_gib"):
        op.drop_column("template_binding", name)
    for name in ("ram_mib", "disk_gib"):
        op.drop_column("size_binding", name)
