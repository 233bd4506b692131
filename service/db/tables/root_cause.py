"""Root causes of complaints and failed conversations: what the model suggests, and what people say."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel


class RootCauseRow(SQLModel, table=True):
    """A suggestion (``source`` ``model``) or what a person said of one. Append-only: a trigger refuses anything else.

    A score has one suggestion by a taxonomy. A cause belongs to the content: a revision's holds for all its scores.
    """

    __tablename__ = "root_cause"
    __table_args__ = (
        sa.Index("ix_root_cause_conversation", "conversation_id", "revision", "id"),
        sa.Index("ix_root_cause_score_id", "score_id"),
        sa.Index(
            "uq_root_cause_suggestion",
            "score_id",
            "taxonomy_hash",
            unique=True,
            postgresql_where=sa.text("source = 'model'"),
        ),
        sa.CheckConstraint("source IN ('model', 'person')", name="ck_root_cause_source"),
        sa.CheckConstraint("kind IN ('service', 'system', 'undetermined')", name="ck_root_cause_kind"),
        sa.CheckConstraint("(source = 'person') = (\"by\" IS NOT NULL)", name="ck_root_cause_by"),
    )

    id: int | None = Field(default=None, sa_column=sa.Column(sa.BigInteger, sa.Identity(always=True), primary_key=True))
    score_id: int = Field(
        sa_column=sa.Column(sa.BigInteger, sa.ForeignKey("score.id", ondelete="CASCADE"), nullable=False)
    )
    conversation_id: str = Field(sa_type=sa.Text)
    revision: int
    source: str = Field(sa_type=sa.Text)
    kind: str = Field(sa_type=sa.Text)
    topic: str | None = Field(default=None, sa_type=sa.Text)
    department: str | None = Field(default=None, sa_type=sa.Text)
    reason: str | None = Field(default=None, sa_type=sa.Text)
    reason_en: str | None = Field(default=None, sa_type=sa.Text)
    taxonomy: str = Field(sa_type=sa.Text)
    taxonomy_hash: str = Field(sa_type=sa.Text)
    confidence: float | None = None
    kind_confidence: float | None = None
    triggers: list[str] | None = Field(default=None, sa_column=sa.Column(ARRAY(sa.Text), nullable=True))
    detail: dict[str, Any] | None = Field(default=None, sa_column=sa.Column(JSONB(none_as_null=True), nullable=True))
    model: str | None = Field(default=None, sa_type=sa.Text)
    suggestion_id: int | None = Field(
        default=None, sa_column=sa.Column(sa.BigInteger, sa.ForeignKey("root_cause.id", ondelete="CASCADE"))
    )
    agrees: bool | None = None
    by: str | None = Field(default=None, sa_type=sa.Text)
    created_at: datetime = Field(sa_type=sa.DateTime(timezone=True))
