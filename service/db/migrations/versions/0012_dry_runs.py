"""Dry runs of playbooks; a version of a playbook ends where the next begins without that being written down."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "dry_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("before_name", sa.Text(), nullable=False),
        sa.Column("after_name", sa.Text(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("conditions", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("conversation_ids", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("tally", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("error", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "dry_run_change",
        sa.Column("dry_run_id", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("checks", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("change", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["dry_run_id"], ["dry_run.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("dry_run_id", "place"),
    )
    op.create_index("ix_dry_run_change_conversation_id", "dry_run_change", ["conversation_id"], unique=False)
    op.execute(_ENDS_FOLLOW)


def downgrade() -> None:
    """Take back."""
    op.drop_table("dry_run_change")
    op.drop_table("dry_run")
    op.execute(_ENDS_WRITTEN)


# What was ended by the version after it ends there anyhow, but goes on where that one is taken back.
_ENDS_FOLLOW = """
UPDATE playbook_activation one SET ends_at = NULL
WHERE ends_at > starts_at AND EXISTS (
    SELECT FROM playbook_activation next
    WHERE next.playbook_id = one.playbook_id AND next.id <> one.id AND next.starts_at = one.ends_at
    AND (next.ends_at IS NULL OR next.ends_at > next.starts_at)
)
"""
_ENDS_WRITTEN = """
UPDATE playbook_activation one SET ends_at = least(one.ends_at, (
    SELECT min(next.starts_at) FROM playbook_activation next
    WHERE next.playbook_id = one.playbook_id AND (next.starts_at, next.id) > (one.starts_at, one.id)
    AND (next.ends_at IS NULL OR next.ends_at > next.starts_at)
))
"""
