"""What others did to machines past the portal, and the servers that they made beside them."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

def new_columns() -> tuple[sa.Column, ...]:
    return (
        sa.Column("address_denied", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("cloud_project_id", sa.String(), nullable=True),
        sa.Column("server_name", sa.String(), nullable=False, server_default=sa.text("''")),
        sa.Column("vcpus", sa.Integer(), nullable=True),
        sa.Column("ram_mib", sa.Integer(), nullable=True),
        sa.Column("groups", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("doors_changed", sa.Boolean(), nullable=False, server_default=sa.false()),
    )


def upgrade() -> None:
    for column in new_columns():
        op.add_column("machine", column)
    op.execute("UPDATE machine SET address_denied = true WHERE notice = 'error.no_address'")
    op.execute(
        "UPDATE machine SET server_name = name WHERE server_id IS NOT NULL AND NOT rename_due"
    )
    op.execute(
        "UPDATE machine SET cloud_project_id = (SELECT side.cloud_project_id"
        " FROM cloud_project AS side WHERE side.project_id = machine.project_id"
        " AND side.cloud_id = machine.cloud_id) WHERE gone_at IS NULL AND port_id IS NOT NULL"
    )
    op.create_table(
        "outside",
        sa.Column("cloud_id", sa.String(), nullable=False),
        sa.Column("server_id", sa.String(), nullable=False),
        sa.Column("cloud_project_id", sa.String(), nullable=False),
        sa.Column("vcpus", sa.Integer(), nullable=False),
        sa.Column("ram_mib", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["cloud_id"], ["cloud.id"], name=op.f("fk_outside_cloud_id_cloud")),
        sa.PrimaryKeyConstraint("cloud_id", "server_id", name=op.f("pk_outside")),
    )
    op.create_index(op.f("ix_outside_cloud_project_id"), "outside", ["cloud_project_id"])


def downgrade() -> None:
    op.drop_table("outside")
    for column in reversed(new_columns()):
        op.drop_column("machine", column.name)
