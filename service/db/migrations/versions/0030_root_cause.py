"""Root causes: suggested by the model, confirmed by people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0030"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "root_cause",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("score_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=True),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("reason_en", sa.Text(), nullable=True),
        sa.Column("taxonomy", sa.Text(), nullable=False),
        sa.Column("taxonomy_hash", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("kind_confidence", sa.Float(), nullable=True),
        sa.Column("triggers", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("detail", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("suggestion_id", sa.BigInteger(), nullable=True),
        sa.Column("agrees", sa.Boolean(), nullable=True),
        sa.Column("by", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("source IN ('model', 'person')", name="ck_root_cause_source"),
        sa.CheckConstraint("kind IN ('service', 'system', 'undetermined')", name="ck_root_cause_kind"),
        sa.CheckConstraint("(source = 'person') = (\"by\" IS NOT NULL)", name="ck_root_cause_by"),
        sa.ForeignKeyConstraint(["score_id"], ["score.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["suggestion_id"], ["root_cause.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_root_cause_conversation", "root_cause", ["conversation_id", "revision", "id"], unique=False)
    op.create_index("ix_root_cause_score_id", "root_cause", ["score_id"], unique=False)
    op.create_index(
        "uq_root_cause_suggestion",
        "root_cause",
        ["score_id", "taxonomy_hash"],
        unique=True,
        postgresql_where=sa.text("source = 'model'"),
    )
    op.execute(
        "CREATE TRIGGER root_cause_keep BEFORE UPDATE OR DELETE ON root_cause "
        "FOR EACH ROW EXECUTE FUNCTION qa_keep('score', 'score_id')"
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("root_cause")
