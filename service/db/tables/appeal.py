"""Appeals (申诉): an agent does not accept the verdict on a criterion."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel


class Appeal(SQLModel, table=True):
    """An appeal. Only its status columns change: those from ``status`` on."""

    __tablename__ = "appeal"
    __table_args__ = (
        sa.Index(
            "uq_appeal_unfinished",
            "score_id",
            "criterion_id",
            unique=True,
            postgresql_where=sa.text("status IN ('open', 'assigned')"),
        ),
        sa.Index("ix_appeal_status", "status", "due_at"),
    )

    id: int | None = Field(default=None, sa_column=sa.Column(sa.BigInteger, sa.Identity(always=True), primary_key=True))
    score_id: int = Field(
        sa_column=sa.Column(sa.BigInteger, sa.ForeignKey("score.id", ondelete="CASCADE"), nullable=False)
    )
    conversation_id: str = Field(sa_type=sa.Text)
    criterion_id: str = Field(sa_type=sa.Text)
    opened_by: str = Field(sa_type=sa.Text)
    comment: str = Field(sa_type=sa.Text)
    quoted_turns: list[int] = Field(sa_column=sa.Column(ARRAY(sa.Integer), nullable=False))
    contested: str = Field(sa_type=sa.Text)
    contested_by: str | None = Field(default=None, sa_type=sa.Text)
    opened_at: datetime = Field(sa_type=sa.DateTime(timezone=True))
    due_at: datetime = Field(sa_type=sa.DateTime(timezone=True))
    status: str = Field(sa_type=sa.Text)
    assignee: str | None = Field(default=None, sa_type=sa.Text)
    assigned_at: datetime | None = Field(default=None, sa_type=sa.DateTime(timezone=True))
    closed_at: datetime | None = Field(default=None, sa_type=sa.DateTime(timezone=True))
    outcome_verdict: str | None = Field(default=None, sa_type=sa.Text)
    outcome_value: float | None = None
    outcome_reason: str | None = Field(default=None, sa_type=sa.Text)
