"""Queries on API keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col

from service.accounts.roles import Role
from service.db.tables import ApiKey, Person

_USE_RESOLUTION = timedelta(minutes=1)  # one write a minute and key at most, not one a request


@dataclass(frozen=True, slots=True)
class KeyOwner:
    """The person a key belongs to."""

    id: str
    name: str
    agent_id: str | None
    active: bool


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """What may be shown of a key at any time; ``role`` is its person's where it has one."""

    id: int
    name: str
    role: Role
    prefix: str
    person: KeyOwner | None
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
    person_id: str | None = None,
) -> KeyInfo:
    """Store a key."""
    row = ApiKey(
        name=name,
        role=role,
        prefix=prefix,
        sha256=sha256,
        person_id=person_id,
        created_at=created_at,
        expires_at=expires_at,
    )
    session.add(row)
    session.flush()
    return _info(row, session.get(Person, person_id) if person_id is not None else None)


def owner(session: Session, person_id: str) -> tuple[KeyOwner, Role] | None:
    """Return a person as the owner of keys, and the role."""
    person = session.get(Person, person_id)
    return None if person is None else (_owner(person), person.role)  # type: ignore[return-value]  # checked on writing


def find(session: Session, prefix: str) -> tuple[KeyInfo, str] | None:
    """Return the key with that public beginning, and its SHA-256."""
    found = session.execute(_keys().where(col(ApiKey.prefix) == prefix)).one_or_none()
    return None if found is None else (_info(found[0], found[1]), found[0].sha256)


def all_keys(session: Session) -> list[KeyInfo]:
    """Return all keys, newest first, revoked ones too."""
    return [_info(row, person) for row, person in session.execute(_keys().order_by(col(ApiKey.id).desc()))]


def note_use(session: Session, key: KeyInfo, now: datetime) -> bool:
    """Remember that the key was used, to the minute; tell whether this was the first time on this day (UTC)."""
    if key.last_used_at is not None and now - key.last_used_at <= _USE_RESOLUTION:
        return False
    used = col(ApiKey.last_used_at)
    noted = session.execute(
        sa.update(ApiKey)
        # Of two requests at the same moment one waits for the other here, and then finds that it was not the first.
        .where(col(ApiKey.id) == key.id, sa.or_(used.is_(None), used < now - _USE_RESOLUTION))
        .values(last_used_at=now)
        .returning(col(ApiKey.id))
    ).scalar()
    return noted is not None and (key.last_used_at is None or key.last_used_at.date() < now.date())


def revoke(session: Session, key_id: int, now: datetime) -> KeyInfo | None:
    """Mark the key as revoked, the first time counts; ``None`` if there is none."""
    row = session.get(ApiKey, key_id)
    if row is None:
        return None
    if row.revoked_at is None:
        row.revoked_at = now
        session.flush()
    return _info(row, session.get(Person, row.person_id) if row.person_id is not None else None)


def _keys() -> sa.Select[ApiKey, Person]:
    return sa.select(ApiKey, Person).outerjoin(Person, col(Person.id) == col(ApiKey.person_id))


def _owner(person: Person) -> KeyOwner:
    return KeyOwner(person.id, person.name, person.agent_id, person.active)


def _info(row: ApiKey, person: Person | None) -> KeyInfo:
    assert row.id is not None
    return KeyInfo(
        id=row.id,
        name=row.name,
        role=person.role if person else row.role,  # type: ignore[arg-type]  # checked before it is written
        prefix=row.prefix,
        person=_owner(person) if person else None,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )
