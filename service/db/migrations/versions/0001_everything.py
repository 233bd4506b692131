"""Everything the first version needs: conversations, scores, keys, and the queue's own schema."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Pinned, so that this migration does the same under every version of the library.
_QUEUE_SCHEMA = Path(__file__).parents[1] / "sql" / "procrastinate_3_10.sql"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "api_key",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("prefix", name="uq_api_key_prefix"),
    )
    op.create_table(
        "conversation",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("agent_id", sa.Text(), nullable=True),
        sa.Column("agent_name", sa.Text(), nullable=True),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("turn_count", sa.Integer(), nullable=False),
        sa.Column("customer_turn_count", sa.Integer(), nullable=False),
        sa.Column("agent_turn_count", sa.Integer(), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("current_score_id", sa.BigInteger(), nullable=True),
        sa.Column("score_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_conversation_agent_id_occurred_at", "conversation", ["agent_id", "occurred_at"], unique=False)
    op.create_index("ix_conversation_current_score_id", "conversation", ["current_score_id"], unique=False)
    op.create_index("ix_conversation_occurred_at_id", "conversation", ["occurred_at", "id"], unique=False)
    op.create_index("ix_conversation_queue_occurred_at", "conversation", ["queue", "occurred_at"], unique=False)
    op.create_index("ix_conversation_tags", "conversation", ["tags"], unique=False, postgresql_using="gin")
    op.create_table(
        "conversation_revision",
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("conversation_id", "revision"),
    )
    op.create_table(
        "score",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("versions_hash", sa.Text(), nullable=False),
        sa.Column("input_version", sa.Text(), nullable=False),
        sa.Column("playbook_version", sa.Text(), nullable=False),
        sa.Column("rubric_version", sa.Text(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("code_version", sa.Text(), nullable=False),
        sa.Column("bundle", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("shift", sa.Float(), nullable=True),
        sa.Column("direction", sa.Text(), nullable=True),
        sa.Column("csat_mean", sa.Float(), nullable=True),
        sa.Column("p_dissatisfied", sa.Float(), nullable=True),
        sa.Column("csat_label", sa.Text(), nullable=True),
        sa.Column("p_resolved", sa.Float(), nullable=True),
        sa.Column("compliance_score", sa.Float(), nullable=True),
        sa.Column("critical_fail", sa.Boolean(), nullable=False),
        sa.Column("qa_score", sa.Float(), nullable=True),
        sa.Column("qa_passed", sa.Boolean(), nullable=True),
        sa.Column("auto_fail", sa.Boolean(), nullable=False),
        sa.Column("first_response_s", sa.Float(), nullable=True),
        sa.Column("mean_response_s", sa.Float(), nullable=True),
        sa.Column("longest_response_s", sa.Float(), nullable=True),
        sa.Column("handle_s", sa.Float(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id", "revision"],
            ["conversation_revision.conversation_id", "conversation_revision.revision"],
            name="fk_score_conversation_revision",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("conversation_id", "revision", "versions_hash", name="uq_score_conversation_versions"),
    )
    op.create_foreign_key(
        "fk_conversation_current_score", "conversation", "score", ["current_score_id"], ["id"], ondelete="SET NULL"
    )
    _run_script(_QUEUE_SCHEMA.read_text(encoding="utf-8"))


def downgrade() -> None:
    """Take back."""
    _run_script(_DROP_QUEUE)
    op.drop_constraint("fk_conversation_current_score", "conversation", type_="foreignkey")
    for table in ("score", "conversation_revision", "conversation", "api_key"):
        op.drop_table(table)


def _run_script(script: str) -> None:
    """Run several statements as they are: the percent signs and colons in them are no placeholders."""
    connection = op.get_bind().connection.driver_connection
    assert connection is not None
    connection.execute(script)


_DROP_QUEUE = """
DROP TABLE procrastinate_events, procrastinate_periodic_defers, procrastinate_jobs, procrastinate_workers CASCADE;
DO $$
DECLARE
    routine regprocedure;
BEGIN
    FOR routine IN
        SELECT oid::regprocedure FROM pg_proc
        WHERE proname LIKE 'procrastinate\\_%' AND pronamespace = current_schema()::regnamespace
    LOOP
        EXECUTE format('DROP FUNCTION %s CASCADE', routine);
    END LOOP;
END;
$$;
DROP TYPE procrastinate_job_to_defer_v1, procrastinate_job_event_type, procrastinate_job_status;
"""
