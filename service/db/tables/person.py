"""People who work with Attune: whoever reviews, decides, supervises, or is judged."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel


class Person(SQLModel, table=True):
    """A person; ``agent_id`` is who they are in conversations, ``queues`` is where they work. Never deleted."""

    __tablename__ = "person"

    id: str = Field(sa_column=sa.Column(sa.Text, primary_key=True))
    name: str = Field(sa_type=sa.Text)
    role: str = Field(sa_type=sa.Text)
    agent_id: str | None = Field(default=None, sa_type=sa.Text)
    queues: list[str] = Field(sa_column=sa.Column(ARRAY(sa.Text), nullable=False))
    active: bool
    created_at: datetime = Field(sa_type=sa.DateTime(timezone=True))
