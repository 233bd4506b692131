"""Playbooks tried on history before they are in force."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel


class DryRunRow(SQLModel, table=True):
    """Two playbooks that judge the same conversations; only the columns from ``state`` on change.

    ``before`` and ``after`` are the playbooks' resolved documents, so that what is published later changes nothing.
    ``tally`` holds sums and counts of the first ``done`` conversations, never anybody's words.
    """

    __tablename__ = "dry_run"

    id: int | None = Field(default=None, sa_column=sa.Column(sa.BigInteger, sa.Identity(always=True), primary_key=True))
    before_name: str = Field(sa_type=sa.Text)
    after_name: str = Field(sa_type=sa.Text)
    before: dict[str, Any] = Field(sa_column=sa.Column(sa.JSON, nullable=False))  # not JSONB: the order of keys counts
    after: dict[str, Any] = Field(sa_column=sa.Column(sa.JSON, nullable=False))
    conditions: dict[str, Any] = Field(sa_column=sa.Column(JSONB, nullable=False))
    conversation_ids: list[str] = Field(sa_column=sa.Column(ARRAY(sa.Text), nullable=False))
    total: int
    created_by: str = Field(sa_type=sa.Text)
    created_at: datetime = Field(sa_type=sa.DateTime(timezone=True))
    state: str = Field(sa_type=sa.Text)
    done: int
    skipped: int
    tally: dict[str, Any] | None = Field(default=None, sa_column=sa.Column(sa.JSON(none_as_null=True), nullable=True))
    error: dict[str, Any] | None = Field(default=None, sa_column=sa.Column(JSONB(none_as_null=True), nullable=True))
    updated_at: datetime = Field(sa_type=sa.DateTime(timezone=True))


class DryRunChange(SQLModel, table=True):
    """A conversation whose verdicts or QA score would change; it goes when the conversation is erased."""

    __tablename__ = "dry_run_change"
    __table_args__ = (sa.Index("ix_dry_run_change_conversation_id", "conversation_id"),)

    dry_run_id: int = Field(
        sa_column=sa.Column(sa.BigInteger, sa.ForeignKey("dry_run.id", ondelete="CASCADE"), primary_key=True)
    )
    place: int = Field(sa_column=sa.Column(sa.Integer, primary_key=True))
    conversation_id: str = Field(
        sa_column=sa.Column(sa.Text, sa.ForeignKey("conversation.id", ondelete="CASCADE"), nullable=False)
    )
    checks: list[str] = Field(sa_column=sa.Column(ARRAY(sa.Text), nullable=False))
    change: dict[str, Any] = Field(sa_column=sa.Column(JSONB, nullable=False))
