"""Queries on API keys."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from service.db.tables import ApiKey

_USE_RESOLUTION = timedelta(minutes=1)  # one write a minute and key at most, not one a request


def add(session: Session, key: ApiKey) -> ApiKey:
    """Store a key and give it its id."""
    session.add(key)
    session.flush()
    return key


def by_prefix(session: Session, prefix: str) -> ApiKey | None:
    """Return the key with that public beginning."""
    return session.exec(select(ApiKey).where(col(ApiKey.prefix) == prefix)).one_or_none()


def by_id(session: Session, key_id: int) -> ApiKey | None:
    """Return one key."""
    return session.get(ApiKey, key_id)


def all_keys(session: Session) -> list[ApiKey]:
    """Return all keys, newest first, revoked ones too."""
    return list(session.exec(select(ApiKey).order_by(col(ApiKey.id).desc())).all())


def note_use(session: Session, key: ApiKey, now: datetime) -> None:
    """Remember that the key was used, to the minute."""
    if key.last_used_at is None or now - key.last_used_at > _USE_RESOLUTION:
        session.execute(sa.update(ApiKey).where(col(ApiKey.id) == key.id).values(last_used_at=now))


def revoke(session: Session, key: ApiKey, now: datetime) -> None:
    """Mark the key as revoked; the first time counts."""
    if key.revoked_at is None:
        key.revoked_at = now
        session.add(key)
        session.flush()
