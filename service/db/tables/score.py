"""Scores. Append-only: the same revision scored with the same versions has one row, with others a further one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class ScoreRow(SQLModel, table=True):
    """Everything said of one revision; ``bundle`` is the whole, the other columns are what figures are made of.

    A trigger refuses to change a score, and to delete it but with its conversation. ``provenance`` holds the hashes of
    all that made it; scores made before it was kept have none.
    """

    __tablename__ = "score"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["conversation_id", "revision"],
            ["conversation_revision.conversation_id", "conversation_revision.revision"],
            ondelete="CASCADE",
            name="fk_score_conversation_revision",
        ),
        sa.UniqueConstraint("conversation_id", "revision", "versions_hash", name="uq_score_conversation_versions"),
    )

    id: int | None = Field(default=None, sa_column=sa.Column(sa.BigInteger, sa.Identity(always=True), primary_key=True))
    conversation_id: str = Field(sa_type=sa.Text)
    revision: int
    versions_hash: str = Field(sa_type=sa.Text)
    input_version: str = Field(sa_type=sa.Text)
    playbook_version: str = Field(sa_type=sa.Text)
    rubric_version: str = Field(sa_type=sa.Text)
    model_version: str = Field(sa_type=sa.Text)
    code_version: str = Field(sa_type=sa.Text)
    bundle: dict[str, Any] = Field(sa_column=sa.Column(JSONB, nullable=False))
    provenance: dict[str, Any] | None = Field(
        default=None, sa_column=sa.Column(JSONB(none_as_null=True), nullable=True)
    )
    shift: float | None = None
    direction: str | None = Field(default=None, sa_type=sa.Text)
    csat_mean: float | None = None
    p_dissatisfied: float | None = None
    csat_label: str | None = Field(default=None, sa_type=sa.Text)
    p_resolved: float | None = None
    compliance_score: float | None = None
    critical_fail: bool
    qa_score: float | None = None
    qa_passed: bool | None = None
    auto_fail: bool
    first_response_s: float | None = None
    mean_response_s: float | None = None
    longest_response_s: float | None = None
    handle_s: float | None = None
    created_at: datetime = Field(sa_type=sa.DateTime(timezone=True))
