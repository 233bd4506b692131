"""API keys. The key itself is never stored, only its SHA-256; it has 256 random bits, so no slow hash is needed."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel


class ApiKey(SQLModel, table=True):
    """A key that was handed out; ``prefix`` is its public beginning, by which people recognise it.

    One of a person ends when the person is deactivated, and has the person's role; one of a system has its own.
    """

    __tablename__ = "api_key"
    __table_args__ = (sa.UniqueConstraint("prefix", name="uq_api_key_prefix"),)

    id: int | None = Field(default=None, sa_column=sa.Column(sa.BigInteger, sa.Identity(always=True), primary_key=True))
    name: str = Field(sa_type=sa.Text)
    role: str = Field(sa_type=sa.Text)
    prefix: str = Field(sa_type=sa.Text)
    sha256: str = Field(sa_type=sa.Text)
    person_id: str | None = Field(
        default=None, sa_column=sa.Column(sa.Text, sa.ForeignKey("person.id", name="fk_api_key_person"))
    )
    created_at: datetime = Field(sa_type=sa.DateTime(timezone=True))
    expires_at: datetime | None = Field(default=None, sa_type=sa.DateTime(timezone=True))
    revoked_at: datetime | None = Field(default=None, sa_type=sa.DateTime(timezone=True))
    last_used_at: datetime | None = Field(default=None, sa_type=sa.DateTime(timezone=True))
