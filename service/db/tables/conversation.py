"""The newest state of each conversation: what lists, filters and figures need without opening the document."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel


class ConversationRow(SQLModel, table=True):
    """A conversation.

    ``occurred_at`` is its place in time: its start, else its first dated turn, else when it came in.
    ``current_score_id`` is empty while the current revision waits for its score; ``score_error`` holds the code of what
    kept it from being scored.
    """

    __tablename__ = "conversation"
    __table_args__ = (
        sa.Index("ix_conversation_occurred_at_id", "occurred_at", "id"),
        sa.Index("ix_conversation_agent_id_occurred_at", "agent_id", "occurred_at"),
        sa.Index("ix_conversation_queue_occurred_at", "queue", "occurred_at"),
        sa.Index("ix_conversation_tags", "tags", postgresql_using="gin"),
        sa.Index("ix_conversation_current_score_id", "current_score_id"),
    )

    id: str = Field(sa_column=sa.Column(sa.Text, primary_key=True))
    revision: int
    content_hash: str = Field(sa_type=sa.Text)
    channel: str = Field(sa_type=sa.Text)
    queue: str = Field(sa_type=sa.Text)
    language: str | None = Field(default=None, sa_type=sa.Text)
    agent_id: str | None = Field(default=None, sa_type=sa.Text)
    agent_name: str | None = Field(default=None, sa_type=sa.Text)
    customer_id: str | None = Field(default=None, sa_type=sa.Text)
    started_at: datetime | None = Field(default=None, sa_type=sa.DateTime(timezone=True))
    ended_at: datetime | None = Field(default=None, sa_type=sa.DateTime(timezone=True))
    occurred_at: datetime = Field(sa_type=sa.DateTime(timezone=True))
    turn_count: int
    customer_turn_count: int
    agent_turn_count: int
    facts: dict[str, Any] = Field(sa_column=sa.Column(JSONB, nullable=False))
    tags: list[str] = Field(sa_column=sa.Column(ARRAY(sa.Text), nullable=False))
    created_at: datetime = Field(sa_type=sa.DateTime(timezone=True))
    updated_at: datetime = Field(sa_type=sa.DateTime(timezone=True))
    current_score_id: int | None = Field(
        default=None,
        sa_column=sa.Column(
            sa.BigInteger,
            sa.ForeignKey("score.id", name="fk_conversation_current_score", use_alter=True, ondelete="SET NULL"),
        ),
    )
    score_error: str | None = Field(default=None, sa_type=sa.Text)
