"""Calibration: several people mark the same scores; and how far each criterion is left to the machine."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel


class CalibrationSession(SQLModel, table=True):
    """A session. Only its status columns change: those from ``status`` on; ``report`` is made when it closes."""

    __tablename__ = "calibration_session"

    id: int | None = Field(default=None, sa_column=sa.Column(sa.BigInteger, sa.Identity(always=True), primary_key=True))
    title: str = Field(sa_type=sa.Text)
    criteria: list[str] = Field(sa_column=sa.Column(ARRAY(sa.Text), nullable=False))
    score_ids: list[int] = Field(sa_column=sa.Column(ARRAY(sa.BigInteger), nullable=False))
    reviewers: list[str] = Field(sa_column=sa.Column(ARRAY(sa.Text), nullable=False))
    decides: bool
    due_at: datetime | None = Field(default=None, sa_type=sa.DateTime(timezone=True))
    created_by: str = Field(sa_type=sa.Text)
    created_at: datetime = Field(sa_type=sa.DateTime(timezone=True))
    status: str = Field(sa_type=sa.Text)
    closed_by: str | None = Field(default=None, sa_type=sa.Text)
    closed_at: datetime | None = Field(default=None, sa_type=sa.DateTime(timezone=True))
    report: dict[str, Any] | None = Field(default=None, sa_column=sa.Column(JSONB(none_as_null=True), nullable=True))


class CalibrationMark(SQLModel, table=True):
    """What one reviewer said of one criterion of one score; append-only, once."""

    __tablename__ = "calibration_mark"

    session_id: int = Field(
        sa_column=sa.Column(
            sa.BigInteger, sa.ForeignKey("calibration_session.id", ondelete="CASCADE"), primary_key=True
        )
    )
    score_id: int = Field(
        sa_column=sa.Column(sa.BigInteger, sa.ForeignKey("score.id", ondelete="CASCADE"), primary_key=True)
    )
    criterion_id: str = Field(sa_column=sa.Column(sa.Text, primary_key=True))
    reviewer: str = Field(sa_column=sa.Column(sa.Text, primary_key=True))
    verdict: str = Field(sa_type=sa.Text)
    comment: str | None = Field(default=None, sa_type=sa.Text)
    created_at: datetime = Field(sa_type=sa.DateTime(timezone=True))


class AutomationLevelRow(SQLModel, table=True):
    """How far a criterion is left to the machine, from then on; append-only, the newest row holds."""

    __tablename__ = "automation_level"
    __table_args__ = (sa.Index("ix_automation_level_criterion", "criterion", "id"),)

    id: int | None = Field(default=None, sa_column=sa.Column(sa.BigInteger, sa.Identity(always=True), primary_key=True))
    criterion: str = Field(sa_type=sa.Text)
    level: str = Field(sa_type=sa.Text)
    set_by: str = Field(sa_type=sa.Text)
    by_system: bool
    reason: str = Field(sa_type=sa.Text)
    reason_en: str = Field(sa_type=sa.Text)
    figures: dict[str, Any] | None = Field(default=None, sa_column=sa.Column(JSONB(none_as_null=True), nullable=True))
    since: datetime = Field(sa_type=sa.DateTime(timezone=True))
