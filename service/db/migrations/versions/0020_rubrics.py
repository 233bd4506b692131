"""Published rubrics and when each is in force for which conversations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "rubric_version",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("yaml", sa.Text(), nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", "version"),
    )
    op.create_table(
        "rubric_activation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("rubric_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("scope", postgresql.JSONB(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("activated_by", sa.Text(), nullable=False),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["rubric_id", "version"],
            ["rubric_version.id", "rubric_version.version"],
            name="fk_rubric_activation_version",
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_rubric_activation_rubric_id", "rubric_activation", ["rubric_id"], unique=False)
    op.execute(_KEEP)


def downgrade() -> None:
    """Take back."""
    op.drop_table("rubric_activation")
    op.drop_table("rubric_version")
    op.execute("DROP FUNCTION rubric_version_keep()")


_KEEP = """
CREATE FUNCTION rubric_version_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a published rubric is never changed (%@%)', OLD.id, OLD.version;
END;
$$;
CREATE TRIGGER rubric_version_keep BEFORE UPDATE OR DELETE ON rubric_version
    FOR EACH ROW EXECUTE FUNCTION rubric_version_keep();
"""
