"""Review of scores: sampling, tasks, decisions, appeals, calibration, automation levels."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0003"
branch_labels = None
depends_on = None

# Tables that only grow, with the table and column whose disappearance (an erased conversation) takes their rows along.
_KEPT = {
    "sampling_policy": ("sampling_policy", "version"),
    "review_task_reason": ("review_task", "task_id"),
    "review_decision": ("score", "score_id"),
    "calibration_mark": ("score", "score_id"),
    "automation_level": ("automation_level", "id"),
}


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "automation_level",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("criterion", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("by_system", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reason_en", sa.Text(), nullable=False),
        sa.Column("figures", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_automation_level_criterion", "automation_level", ["criterion", "id"], unique=False)
    op.create_table(
        "calibration_session",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("criteria", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("score_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("reviewers", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("decides", sa.Boolean(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("report", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "sampling_policy",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("active_from", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("version"),
    )
    op.create_table(
        "appeal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("score_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("criterion_id", sa.Text(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("quoted_turns", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("contested", sa.Text(), nullable=False),
        sa.Column("contested_by", sa.Text(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("assignee", sa.Text(), nullable=True),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome_verdict", sa.Text(), nullable=True),
        sa.Column("outcome_value", sa.Float(), nullable=True),
        sa.Column("outcome_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["score_id"], ["score.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_appeal_status", "appeal", ["status", "due_at"], unique=False)
    op.create_index(
        "uq_appeal_unfinished",
        "appeal",
        ["score_id", "criterion_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('open', 'assigned')"),
    )
    op.create_table(
        "calibration_mark",
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("score_id", sa.BigInteger(), nullable=False),
        sa.Column("criterion_id", sa.Text(), nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["score_id"], ["score.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["session_id"], ["calibration_session.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("session_id", "score_id", "criterion_id", "reviewer"),
    )
    op.create_table(
        "decision_view",
        sa.Column("score_id", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["score_id"], ["score.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("score_id", "person"),
    )
    op.create_table(
        "review_task",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("score_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("pair_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("assignee", sa.Text(), nullable=True),
        sa.Column("skip_reason", sa.Text(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["pair_id"], ["review_task.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["score_id"], ["score.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_review_task_assignee", "review_task", ["assignee", "status"], unique=False)
    op.create_index("ix_review_task_pair_id", "review_task", ["pair_id"], unique=False)
    op.create_index("ix_review_task_score_id", "review_task", ["score_id"], unique=False)
    op.create_index("ix_review_task_status", "review_task", ["status", "purpose", "id"], unique=False)
    op.create_index(
        "uq_review_task_unfinished",
        "review_task",
        ["conversation_id", "purpose"],
        unique=True,
        postgresql_where=sa.text("status IN ('open', 'taken')"),
    )
    op.create_table(
        "review_decision",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("score_id", sa.BigInteger(), nullable=False),
        sa.Column("criterion_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=True),
        sa.Column("appeal_id", sa.BigInteger(), nullable=True),
        sa.Column("session_id", sa.BigInteger(), nullable=True),
        sa.Column("machine_verdict", sa.Text(), nullable=True),
        sa.Column("machine_value", sa.Float(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("agrees", sa.Boolean(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(verdict IS NULL) <> (value IS NULL)", name="ck_review_decision_one"),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeal.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["score_id"], ["score.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["session_id"], ["calibration_session.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["task_id"], ["review_task.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_review_decision_by", "review_decision", ["by", "created_at"], unique=False)
    op.create_index("ix_review_decision_score_id", "review_decision", ["score_id", "criterion_id"], unique=False)
    op.create_index(
        "uq_review_decision_task",
        "review_decision",
        ["task_id", "criterion_id"],
        unique=True,
        postgresql_where=sa.text("task_id IS NOT NULL"),
    )
    op.create_table(
        "review_task_reason",
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=True),
        sa.Column("probability", sa.Float(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["policy_version"], ["sampling_policy.version"]),
        sa.ForeignKeyConstraint(["task_id"], ["review_task.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("task_id", "reason"),
    )
    op.execute(_KEEP)
    for table, (parent, column) in _KEPT.items():
        op.execute(
            f"CREATE TRIGGER {table}_keep BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION qa_keep('{parent}', '{column}')"
        )


def downgrade() -> None:
    """Take back."""
    for table in (
        "review_task_reason",
        "review_decision",
        "review_task",
        "decision_view",
        "calibration_mark",
        "appeal",
        "sampling_policy",
        "calibration_session",
        "automation_level",
    ):
        op.drop_table(table)
    op.execute("DROP FUNCTION qa_keep()")


_KEEP = """
CREATE FUNCTION qa_keep() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    there boolean := true;
BEGIN
    IF TG_OP = 'DELETE' AND TG_ARGV[0] <> TG_TABLE_NAME THEN
        EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE id = ($1).%I)', TG_ARGV[0], TG_ARGV[1])
            INTO there USING OLD;
        IF NOT there THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION '% is append-only (%)', TG_TABLE_NAME, TG_OP;
END;
$$;
"""
