"""Published rubrics, and when each is in force for which conversations."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class RubricVersion(SQLModel, table=True):
    """A published version, as its author wrote it; a trigger refuses to change or delete it afterwards."""

    __tablename__ = "rubric_version"

    id: str = Field(sa_column=sa.Column(sa.Text, primary_key=True))
    version: int = Field(primary_key=True)
    hash: str = Field(sa_type=sa.Text)
    yaml: str = Field(sa_type=sa.Text)
    published_by: str = Field(sa_type=sa.Text)
    published_at: datetime = Field(sa_type=sa.DateTime(timezone=True))


class RubricActivation(SQLModel, table=True):
    """A time for which a version was put in force, for the conversations of a scope that start in it.

    ``scope`` holds the attributes that are asked for, with their values; an empty one is for all. From ``starts_at``
    on, up to but without ``ends_at`` or ``retired_at``. Of one rubric and scope the one that began last holds. Only
    ``retired_at`` ever changes.
    """

    __tablename__ = "rubric_activation"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["rubric_id", "version"],
            ["rubric_version.id", "rubric_version.version"],
            name="fk_rubric_activation_version",
        ),
        sa.Index("ix_rubric_activation_rubric_id", "rubric_id"),
    )

    id: int | None = Field(default=None, sa_column=sa.Column(sa.BigInteger, sa.Identity(always=True), primary_key=True))
    rubric_id: str = Field(sa_type=sa.Text)
    version: int
    scope: dict[str, Any] = Field(sa_column=sa.Column(JSONB, nullable=False))
    starts_at: datetime = Field(sa_type=sa.DateTime(timezone=True))
    ends_at: datetime | None = Field(default=None, sa_type=sa.DateTime(timezone=True))
    retired_at: datetime | None = Field(default=None, sa_type=sa.DateTime(timezone=True))
    activated_by: str = Field(sa_type=sa.Text)
    activated_at: datetime = Field(sa_type=sa.DateTime(timezone=True))
