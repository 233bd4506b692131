"""Review work: what is to be reviewed, why, and what people decided."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

_UNFINISHED = sa.text("status IN ('open', 'taken')")


class SamplingPolicyRow(SQLModel, table=True):
    """A version of the sampling policy; a trigger refuses to change it. The newest that is active by now holds."""

    __tablename__ = "sampling_policy"

    version: int = Field(sa_column=sa.Column(sa.Integer, primary_key=True, autoincrement=False))
    document: dict[str, Any] = Field(sa_column=sa.Column(JSONB, nullable=False))
    published_by: str = Field(sa_type=sa.Text)
    published_at: datetime = Field(sa_type=sa.DateTime(timezone=True))
    active_from: datetime = Field(sa_type=sa.DateTime(timezone=True))


class ReviewTask(SQLModel, table=True):
    """A score that a person is to review. Only its status columns change.

    ``purpose`` is ``review``, ``second`` (blind, by somebody else; ``pair_id`` is the task it repeats) or
    ``adjudication`` (where the two differ).
    """

    __tablename__ = "review_task"
    __table_args__ = (
        sa.Index("uq_review_task_unfinished", "conversation_id", "purpose", unique=True, postgresql_where=_UNFINISHED),
        sa.Index("ix_review_task_status", "status", "purpose", "id"),
        sa.Index("ix_review_task_score_id", "score_id"),
        sa.Index("ix_review_task_assignee", "assignee", "status"),
        sa.Index("ix_review_task_pair_id", "pair_id"),
    )

    id: int | None = Field(default=None, sa_column=sa.Column(sa.BigInteger, sa.Identity(always=True), primary_key=True))
    score_id: int = Field(
        sa_column=sa.Column(sa.BigInteger, sa.ForeignKey("score.id", ondelete="CASCADE"), nullable=False)
    )
    conversation_id: str = Field(sa_type=sa.Text)
    revision: int
    purpose: str = Field(sa_type=sa.Text)
    pair_id: int | None = Field(
        default=None, sa_column=sa.Column(sa.BigInteger, sa.ForeignKey("review_task.id", ondelete="CASCADE"))
    )
    status: str = Field(sa_type=sa.Text)
    assignee: str | None = Field(default=None, sa_type=sa.Text)
    skip_reason: str | None = Field(default=None, sa_type=sa.Text)
    created_by: str = Field(sa_type=sa.Text)
    created_at: datetime = Field(sa_type=sa.DateTime(timezone=True))
    taken_at: datetime | None = Field(default=None, sa_type=sa.DateTime(timezone=True))
    done_at: datetime | None = Field(default=None, sa_type=sa.DateTime(timezone=True))


class ReviewTaskReason(SQLModel, table=True):
    """Why a task is there; append-only. ``probability`` is that of a random draw, else empty."""

    __tablename__ = "review_task_reason"

    task_id: int = Field(
        sa_column=sa.Column(sa.BigInteger, sa.ForeignKey("review_task.id", ondelete="CASCADE"), primary_key=True)
    )
    reason: str = Field(sa_column=sa.Column(sa.Text, primary_key=True))
    policy_version: int | None = Field(
        default=None, sa_column=sa.Column(sa.Integer, sa.ForeignKey("sampling_policy.version"))
    )
    probability: float | None = None
    created_at: datetime = Field(sa_type=sa.DateTime(timezone=True))


class ReviewDecision(SQLModel, table=True):
    """What a person said of one criterion of one score. Append-only: a trigger refuses anything else.

    Either ``verdict`` or ``value`` is given. ``agrees`` is empty where the machine had said nothing to agree with.
    """

    __tablename__ = "review_decision"
    __table_args__ = (
        sa.Index("ix_review_decision_score_id", "score_id", "criterion_id"),
        sa.Index("ix_review_decision_by", "by", "created_at"),
        sa.Index(
            "uq_review_decision_task",
            "task_id",
            "criterion_id",
            unique=True,
            postgresql_where=sa.text("task_id IS NOT NULL"),
        ),
        sa.CheckConstraint("(verdict IS NULL) <> (value IS NULL)", name="ck_review_decision_one"),
    )

    id: int | None = Field(default=None, sa_column=sa.Column(sa.BigInteger, sa.Identity(always=True), primary_key=True))
    score_id: int = Field(
        sa_column=sa.Column(sa.BigInteger, sa.ForeignKey("score.id", ondelete="CASCADE"), nullable=False)
    )
    criterion_id: str = Field(sa_type=sa.Text)
    kind: str = Field(sa_type=sa.Text)
    task_id: int | None = Field(
        default=None, sa_column=sa.Column(sa.BigInteger, sa.ForeignKey("review_task.id", ondelete="CASCADE"))
    )
    appeal_id: int | None = Field(
        default=None, sa_column=sa.Column(sa.BigInteger, sa.ForeignKey("appeal.id", ondelete="CASCADE"))
    )
    session_id: int | None = Field(
        default=None, sa_column=sa.Column(sa.BigInteger, sa.ForeignKey("calibration_session.id", ondelete="CASCADE"))
    )
    machine_verdict: str | None = Field(default=None, sa_type=sa.Text)
    machine_value: float | None = None
    verdict: str | None = Field(default=None, sa_type=sa.Text)
    value: float | None = None
    agrees: bool | None = None
    reason: str | None = Field(default=None, sa_type=sa.Text)
    by: str = Field(sa_type=sa.Text)
    created_at: datetime = Field(sa_type=sa.DateTime(timezone=True))


class DecisionView(SQLModel, table=True):
    """Who has seen what people decided of a score: they cannot judge it blind any more."""

    __tablename__ = "decision_view"

    score_id: int = Field(
        sa_column=sa.Column(sa.BigInteger, sa.ForeignKey("score.id", ondelete="CASCADE"), primary_key=True)
    )
    person: str = Field(sa_column=sa.Column(sa.Text, primary_key=True))
    at: datetime = Field(sa_type=sa.DateTime(timezone=True))
