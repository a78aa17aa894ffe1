"""Clouds, what they offer, and each project's side in them."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cloud",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("access", sa.JSON(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("open_for_orders", sa.Boolean(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("swept_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cursor", sa.DateTime(timezone=True), nullable=True),
        sa.Column("silent_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("topic_version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cloud")),
        sa.UniqueConstraint("name", name=op.f("uq_cloud_name")),
    )
    op.create_table(
        "size",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("name", sa.JSON(), nullable=False),
        sa.Column("vcpus", sa.Integer(), nullable=False),
        sa.Column("ram_mib", sa.Integer(), nullable=False),
        sa.Column("disk_gib", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("offered", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_size")),
        sa.UniqueConstraint("key", name=op.f("uq_size_key")),
    )
    op.create_table(
        "template",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("name", sa.JSON(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("login_user", sa.String(length=32), nullable=False),
        sa.Column("default_size_key", sa.String(length=40), nullable=False),
        sa.Column("open_ports", sa.JSON(), nullable=False),
        sa.Column("min_disk_gib", sa.Integer(), nullable=False),
        sa.Column("min_ram_mib", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("offered", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_template")),
        sa.UniqueConstraint("key", name=op.f("uq_template_key")),
    )
    op.create_table(
        "size_binding",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("size_id", sa.String(), nullable=False),
        sa.Column("cloud_id", sa.String(), nullable=False),
        sa.Column("wanted_name", sa.String(length=255), nullable=False),
        sa.Column("cloud_ref", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["cloud_id"], ["cloud.id"], name=op.f("fk_size_binding_cloud_id_cloud")
        ),
        sa.ForeignKeyConstraint(
            ["size_id"], ["size.id"], name=op.f("fk_size_binding_size_id_size")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_size_binding")),
        sa.UniqueConstraint("size_id", "cloud_id", name=op.f("uq_size_binding_size_id")),
    )
    with op.batch_alter_table("size_binding", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_size_binding_cloud_id"), ["cloud_id"], unique=False)

    op.create_table(
        "template_binding",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("template_id", sa.String(), nullable=False),
        sa.Column("cloud_id", sa.String(), nullable=False),
        sa.Column("wanted_name", sa.String(length=255), nullable=False),
        sa.Column("cloud_ref", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["cloud_id"], ["cloud.id"], name=op.f("fk_template_binding_cloud_id_cloud")
        ),
        sa.ForeignKeyConstraint(
            ["template_id"], ["template.id"], name=op.f("fk_template_binding_template_id_template")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_template_binding")),
        sa.UniqueConstraint(
            "template_id", "cloud_id", name=op.f("uq_template_binding_template_id")
        ),
    )
    with op.batch_alter_table("template_binding", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_template_binding_cloud_id"), ["cloud_id"], unique=False
        )

    op.create_table(
        "cloud_project",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("project_id", sa.String(), nullable=False),
        sa.Column("cloud_id", sa.String(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("cloud_project_id", sa.String(), nullable=True),
        sa.Column("cloud_user_id", sa.String(), nullable=True),
        sa.Column("network_id", sa.String(), nullable=True),
        sa.Column("subnet_id", sa.String(), nullable=True),
        sa.Column("router_id", sa.String(), nullable=True),
        sa.Column("limits_set", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["cloud_id"], ["cloud.id"], name=op.f("fk_cloud_project_cloud_id_cloud")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_cloud_project_project_id_project")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cloud_project")),
        sa.UniqueConstraint("project_id", "cloud_id", name=op.f("uq_cloud_project_project_id")),
    )
    with op.batch_alter_table("cloud_project", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cloud_project_cloud_id"), ["cloud_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_cloud_project_cloud_project_id"), ["cloud_project_id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("cloud_project", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_cloud_project_cloud_project_id"))
        batch_op.drop_index(batch_op.f("ix_cloud_project_cloud_id"))

    op.drop_table("cloud_project")
    with op.batch_alter_table("template_binding", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_template_binding_cloud_id"))

    op.drop_table("template_binding")
    with op.batch_alter_table("size_binding", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_size_binding_cloud_id"))

    op.drop_table("size_binding")
    op.drop_table("template")
    op.drop_table("size")
    op.drop_table("cloud")
