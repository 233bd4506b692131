"""What was sent, each time it changed. Append-only; personal data is masked before it gets here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class ConversationRevision(SQLModel, table=True):
    """One content of a conversation, in the interchange format, masked; revisions count from 1."""

    __tablename__ = "conversation_revision"

    conversation_id: str = Field(
        sa_column=sa.Column(sa.Text, sa.ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True)
    )
    revision: int = Field(primary_key=True)
    content_hash: str = Field(sa_type=sa.Text)
    document: dict[str, Any] = Field(sa_column=sa.Column(JSONB, nullable=False))
    created_at: datetime = Field(sa_type=sa.DateTime(timezone=True))
