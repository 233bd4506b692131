"""Published playbooks, and when each is in force."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel


class PlaybookVersion(SQLModel, table=True):
    """A published version; a trigger refuses to change or delete it afterwards.

    ``yaml`` is what its author wrote; ``document`` is that with everything it refers to, and is what judges.
    """

    __tablename__ = "playbook_version"

    id: str = Field(sa_column=sa.Column(sa.Text, primary_key=True))
    version: int = Field(primary_key=True)
    hash: str = Field(sa_type=sa.Text)
    yaml: str = Field(sa_type=sa.Text)
    document: dict[str, Any] = Field(
        sa_column=sa.Column(sa.JSON, nullable=False)
    )  # not JSONB: the order of keys counts
    published_by: str = Field(sa_type=sa.Text)
    published_at: datetime = Field(sa_type=sa.DateTime(timezone=True))


class PlaybookActivation(SQLModel, table=True):
    """A time in which a version is in force: conversations that start in it may be judged by it.

    From ``starts_at`` on, up to but without ``ends_at``, which a retirement writes; without one, until the next
    version of the same playbook begins. One that was taken back before it began ends when it starts.
    """

    __tablename__ = "playbook_activation"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["playbook_id", "version"],
            ["playbook_version.id", "playbook_version.version"],
            name="fk_playbook_activation_version",
        ),
        sa.Index("ix_playbook_activation_playbook_id", "playbook_id"),
    )

    id: int | None = Field(default=None, sa_column=sa.Column(sa.BigInteger, sa.Identity(always=True), primary_key=True))
    playbook_id: str = Field(sa_type=sa.Text)
    version: int
    starts_at: datetime = Field(sa_type=sa.DateTime(timezone=True))
    ends_at: datetime | None = Field(default=None, sa_type=sa.DateTime(timezone=True))
    activated_by: str = Field(sa_type=sa.Text)
    activated_at: datetime = Field(sa_type=sa.DateTime(timezone=True))
