"""Queries on API keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from service.accounts.roles import Role
from service.db.tables import ApiKey

_USE_RESOLUTION = timedelta(minutes=1)  # one write a minute and key at most, not one a request


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """What may be shown of a key at any time."""

    id: int
    name: str
    role: Role
    prefix: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


def add(
    session: Session,
    *,
    name: str,
    role: Role,
    prefix: str,
    sha256: str,
    created_at: datetime,
    expires_at: datetime | None,
) -> KeyInfo:
    """Store a key."""
    row = ApiKey(name=name, role=role, prefix=prefix, sha256=sha256, created_at=created_at, expires_at=expires_at)
    session.add(row)
    session.flush()
    return _info(row)


def find(session: Session, prefix: str) -> tuple[KeyInfo, str] | None:
    """Return the key with that public beginning, and its SHA-256."""
    row = session.exec(select(ApiKey).where(col(ApiKey.prefix) == prefix)).one_or_none()
    return None if row is None else (_info(row), row.sha256)


def all_keys(session: Session) -> list[KeyInfo]:
    """Return all keys, newest first, revoked ones too."""
    return [_info(row) for row in session.exec(select(ApiKey).order_by(col(ApiKey.id).desc()))]


def note_use(session: Session, key: KeyInfo, now: datetime) -> None:
    """Remember that the key was used, to the minute."""
    if key.last_used_at is None or now - key.last_used_at > _USE_RESOLUTION:
        session.execute(sa.update(ApiKey).where(col(ApiKey.id) == key.id).values(last_used_at=now))


def revoke(session: Session, key_id: int, now: datetime) -> KeyInfo | None:
    """Mark the key as revoked, the first time counts; ``None`` if there is none."""
    row = session.get(ApiKey, key_id)
    if row is None:
        return None
    if row.revoked_at is None:
        row.revoked_at = now
        session.flush()
    return _info(row)


def _info(row: ApiKey) -> KeyInfo:
    assert row.id is not None
    return KeyInfo(
        id=row.id,
        name=row.name,
        role=row.role,  # type: ignore[arg-type]  # checked before it is written
        prefix=row.prefix,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )
