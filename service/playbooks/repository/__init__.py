"""Queries on published playbooks and on when they are in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from service.db.tables import PlaybookActivation, PlaybookVersion

_LOCK = 0x706C6179  # "play": one process at a time says what is in force


@dataclass(frozen=True, slots=True)
class Published:
    """A published version as stored."""

    id: str
    version: int
    hash: str
    yaml: str
    document: Mapping[str, Any]
    published_by: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Activation:
    """A time for which a version was activated; ``ends_at`` is the first moment in which it no longer is in force."""

    id: int
    playbook_id: str
    version: int
    starts_at: datetime
    ends_at: datetime | None
    activated_by: str
    activated_at: datetime


def insert_version(session: Session, row: Published) -> bool:
    """Store a version; tell whether its id and version were free."""
    values = {name: getattr(row, name) for name in Published.__slots__}
    statement = insert(PlaybookVersion).values(values).on_conflict_do_nothing().returning(col(PlaybookVersion.version))
    return session.execute(statement).scalar() is not None


def get_version(session: Session, playbook_id: str, version: int) -> Published | None:
    """Return a version."""
    row = session.get(PlaybookVersion, (playbook_id, version))
    return None if row is None else _published(row)


def newest_version(session: Session, playbook_id: str) -> Published | None:
    """Return the highest version of a playbook."""
    statement = (
        select(PlaybookVersion)
        .where(col(PlaybookVersion.id) == playbook_id)
        .order_by(col(PlaybookVersion.version).desc())
        .limit(1)
    )
    row = session.exec(statement).one_or_none()
    return None if row is None else _published(row)


def all_versions(session: Session) -> list[Published]:
    """Return everything published, by id and version."""
    statement = select(PlaybookVersion).order_by(col(PlaybookVersion.id), col(PlaybookVersion.version))
    return [_published(row) for row in session.exec(statement)]


def hashes(session: Session, keys: Sequence[tuple[str, int]]) -> list[tuple[str, int, str]]:
    """Return id, version and hash of those of these ids and versions that exist."""
    if not keys:
        return []
    key = sa.tuple_(col(PlaybookVersion.id), col(PlaybookVersion.version))
    statement = select(PlaybookVersion.id, PlaybookVersion.version, PlaybookVersion.hash).where(key.in_(list(keys)))
    return [(row[0], row[1], row[2]) for row in session.execute(statement)]


def versions_in(session: Session, keys: Sequence[tuple[str, int]]) -> list[Published]:
    """Return the versions of these ids and version numbers that exist."""
    if not keys:
        return []
    key = sa.tuple_(col(PlaybookVersion.id), col(PlaybookVersion.version))
    return [_published(row) for row in session.exec(select(PlaybookVersion).where(key.in_(list(keys))))]


def lock(session: Session) -> None:
    """Wait until no other transaction changes what is in force."""
    session.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def activations(session: Session) -> list[Activation]:
    """Return every time for which a version was activated, by its beginning; those taken back are left out.

    Its end is that of its retirement only: where another version of the same playbook begins, it ends, too.
    """
    statement = (
        select(PlaybookActivation)
        .where(
            sa.or_(
                col(PlaybookActivation.ends_at).is_(None),
                col(PlaybookActivation.ends_at) > col(PlaybookActivation.starts_at),
            )
        )
        .order_by(col(PlaybookActivation.starts_at), col(PlaybookActivation.id))
    )
    return [_activation(row) for row in session.exec(statement)]


def add_activation(session: Session, wanted: Activation) -> Activation:
    """Put a version in force; its id is given here."""
    row = PlaybookActivation(
        playbook_id=wanted.playbook_id,
        version=wanted.version,
        starts_at=wanted.starts_at,
        ends_at=wanted.ends_at,
        activated_by=wanted.activated_by,
        activated_at=wanted.activated_at,
    )
    session.add(row)
    session.flush()
    return _activation(row)


def end_activation(session: Session, activation_id: int, ends_at: datetime) -> None:
    """Let a version be in force only until ``ends_at``."""
    session.execute(
        sa.update(PlaybookActivation).where(col(PlaybookActivation.id) == activation_id).values(ends_at=ends_at)
    )


def _published(row: PlaybookVersion) -> Published:
    return Published(row.id, row.version, row.hash, row.yaml, row.document, row.published_by, row.published_at)


def _activation(row: PlaybookActivation) -> Activation:
    assert row.id is not None
    return Activation(
        row.id, row.playbook_id, row.version, row.starts_at, row.ends_at, row.activated_by, row.activated_at
    )
