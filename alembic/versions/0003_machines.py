"""Mini-PCs."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "machine",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("project_id", sa.String(), nullable=False),
        sa.Column("cloud_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("size_id", sa.String(), nullable=False),
        sa.Column("template_id", sa.String(), nullable=False),
        sa.Column("access", sa.String(length=32), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("cloud_init", sa.Text(), nullable=False),
        sa.Column("wants_address", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("return_on", sa.Date(), nullable=False),
        sa.Column("wanted", sa.String(length=32), nullable=False),
        sa.Column("command", sa.String(length=32), nullable=True),
        sa.Column("command_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("command_sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("command_mark", sa.String(), nullable=False),
        sa.Column("rename_due", sa.Boolean(), nullable=False),
        sa.Column("presence", sa.String(length=32), nullable=False),
        sa.Column("power", sa.String(length=32), nullable=True),
        sa.Column("raw_status", sa.String(), nullable=False),
        sa.Column("server_id", sa.String(), nullable=True),
        sa.Column("port_id", sa.String(), nullable=True),
        sa.Column("fixed_ip", sa.String(), nullable=True),
        sa.Column("address_id", sa.String(), nullable=True),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("answers", sa.Boolean(), nullable=True),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("create_sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("building_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("built_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.String(), nullable=True),
        sa.Column("notice", sa.String(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("released", sa.Boolean(), nullable=False),
        sa.Column("deadline_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("state_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.Column("claimed_by", sa.String(), nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["cloud_id"], ["cloud.id"], name=op.f("fk_machine_cloud_id_cloud")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["account.id"], name=op.f("fk_machine_created_by_account")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_machine_project_id_project")
        ),
        sa.ForeignKeyConstraint(["size_id"], ["size.id"], name=op.f("fk_machine_size_id_size")),
        sa.ForeignKeyConstraint(
            ["template_id"], ["template.id"], name=op.f("fk_machine_template_id_template")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_machine")),
    )
    with op.batch_alter_table("machine", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_machine_project_id"), ["project_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_machine_server_id"), ["server_id"], unique=False)
        batch_op.create_index(
            "ix_machine_work", ["cloud_id", "settled", "next_try_at"], unique=False
        )
        batch_op.create_index(
            "uq_machine_live_name",
            ["project_id", "name"],
            unique=True,
            sqlite_where=sa.text("gone_at IS NULL"),
            postgresql_where=sa.text("gone_at IS NULL"),
        )


def downgrade() -> None:
    with op.batch_alter_table("machine", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_machine_live_name",
            sqlite_where=sa.text("gone_at IS NULL"),
            postgresql_where=sa.text("gone_at IS NULL"),
        )
        batch_op.drop_index("ix_machine_work")
        batch_op.drop_index(batch_op.f("ix_machine_server_id"))
        batch_op.drop_index(batch_op.f("ix_machine_project_id"))

    op.drop_table("machine")
