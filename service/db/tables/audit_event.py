"""The audit log: who read or changed what. Append-only, each row chained to the one before it by its hash."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel


class AuditEvent(SQLModel, table=True):
    """One event; a trigger refuses to change or delete it. ``service.audit`` alone appends, without gaps in ``seq``.

    ``prev_hash`` is unique, so that two rows can never follow the same one.
    """

    __tablename__ = "audit_event"
    __table_args__ = (
        sa.UniqueConstraint("prev_hash", name="uq_audit_event_prev_hash"),
        sa.Index("ix_audit_event_at", "at"),
        sa.Index("ix_audit_event_object", "object_type", "object_id"),
    )

    seq: int = Field(sa_column=sa.Column(sa.BigInteger, primary_key=True, autoincrement=False))
    at: datetime = Field(sa_type=sa.DateTime(timezone=True))
    actor: str = Field(sa_type=sa.Text)
    actor_role: str = Field(sa_type=sa.Text)
    action: str = Field(sa_type=sa.Text)
    object_type: str = Field(sa_type=sa.Text)
    object_id: str | None = Field(default=None, sa_type=sa.Text)
    request_id: str | None = Field(default=None, sa_type=sa.Text)
    detail: dict[str, Any] = Field(sa_column=sa.Column(sa.JSON, nullable=False))  # not JSONB: it changes numbers
    prev_hash: str = Field(sa_type=sa.Text)
    hash: str = Field(sa_type=sa.Text)
