"""People and their keys, the audit log, and what scores were made of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "person",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=True),
        sa.Column("queues", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.add_column("api_key", sa.Column("person_id", sa.Text(), nullable=True))
    op.create_foreign_key("fk_api_key_person", "api_key", "person", ["person_id"], ["id"])
    op.create_table(
        "audit_event",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("actor_role", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object_type", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("prev_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("prev_hash", name="uq_audit_event_prev_hash"),
    )
    op.create_index("ix_audit_event_at", "audit_event", ["at"], unique=False)
    op.create_index("ix_audit_event_object", "audit_event", ["object_type", "object_id"], unique=False)
    op.add_column(
        "score", sa.Column("provenance", postgresql.JSONB(astext_type=sa.Text(), none_as_null=True), nullable=True)
    )
    op.execute(_AUDIT_KEEP)
    op.execute(_SCORE_KEEP)


def downgrade() -> None:
    """Take back."""
    op.execute("DROP TRIGGER score_keep ON score")
    op.execute("DROP FUNCTION score_keep()")
    op.drop_column("score", "provenance")
    op.drop_table("audit_event")
    op.execute("DROP FUNCTION audit_event_keep()")
    op.drop_constraint("fk_api_key_person", "api_key", type_="foreignkey")
    op.drop_column("api_key", "person_id")
    op.drop_table("person")


_AUDIT_KEEP = """
CREATE FUNCTION audit_event_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only (%)', TG_OP;
END;
$$;
CREATE TRIGGER audit_event_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION audit_event_keep();
"""

# A conversation may be erased, and its scores with it: by then it is gone already.
_SCORE_KEEP = """
CREATE FUNCTION score_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND NOT EXISTS (SELECT FROM conversation WHERE id = OLD.conversation_id) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'scores are append-only (% of score %)', TG_OP, OLD.id;
END;
$$;
CREATE TRIGGER score_keep BEFORE UPDATE OR DELETE ON score
    FOR EACH ROW EXECUTE FUNCTION score_keep();
"""
