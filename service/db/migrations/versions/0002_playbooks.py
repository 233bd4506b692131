"""Published playbooks and when each is in force."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "playbook_version",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("yaml", sa.Text(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", "version"),
    )
    op.create_table(
        "playbook_activation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("playbook_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("activated_by", sa.Text(), nullable=False),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["playbook_id", "version"],
            ["playbook_version.id", "playbook_version.version"],
            name="fk_playbook_activation_version",
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_playbook_activation_playbook_id", "playbook_activation", ["playbook_id"], unique=False)
    op.execute(_KEEP)


def downgrade() -> None:
    """Take back."""
    op.drop_table("playbook_activation")
    op.drop_table("playbook_version")
    op.execute("DROP FUNCTION playbook_version_keep()")


_KEEP = """
CREATE FUNCTION playbook_version_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a published playbook is never changed (%@%)', OLD.id, OLD.version;
END;
$$;
CREATE TRIGGER playbook_version_keep BEFORE UPDATE OR DELETE ON playbook_version
    FOR EACH ROW EXECUTE FUNCTION playbook_version_keep();
"""
