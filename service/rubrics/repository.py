"""Queries on published rubrics and on when they are in force, for which conversations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from service.db.tables import RubricActivation, RubricVersion

_LOCK = 0x72756272  # "rubr": one process at a time says what is in force


@dataclass(frozen=True, slots=True)
class Published:
    """A published version as stored."""

    id: str
    version: int
    hash: str
    yaml: str
    published_by: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class ScopedActivation:
    """A time for which a version was put in force.

    Attributes:
        id: Its number; later ones are greater.
        rubric_id: Of the rubric.
        version: Of the rubric.
        scope: The attributes that are asked for with their values; a conversation of others is not meant.
        starts_at: The first moment.
        ends_at: The first moment after it, as it was asked for; ``None`` for open.
        retired_at: When it was taken out of force before that.
        activated_by: Who did it.
        activated_at: When.
    """

    id: int
    rubric_id: str
    version: int
    scope: Mapping[str, Sequence[str]]
    starts_at: datetime
    ends_at: datetime | None
    retired_at: datetime | None
    activated_by: str
    activated_at: datetime


def insert_version(session: Session, row: Published) -> bool:
    """Store a version; tell whether its id and version were free."""
    values = {name: getattr(row, name) for name in Published.__slots__}
    statement = insert(RubricVersion).values(values).on_conflict_do_nothing().returning(col(RubricVersion.version))
    return session.execute(statement).scalar() is not None


def versions(session: Session, rubric_id: str | None = None, version: int | None = None) -> list[Published]:
    """Return what is published (of this id and version, where they are given), by id and version."""
    statement = select(RubricVersion).order_by(col(RubricVersion.id), col(RubricVersion.version))
    if rubric_id is not None:
        statement = statement.where(col(RubricVersion.id) == rubric_id)
    if version is not None:
        statement = statement.where(col(RubricVersion.version) == version)
    return [Published(**{name: getattr(row, name) for name in Published.__slots__}) for row in session.exec(statement)]


def hashes(session: Session) -> dict[tuple[str, int], str]:
    """Return the hash of every version that is or was in force, by id and version."""
    statement = (
        sa.select(col(RubricVersion.id), col(RubricVersion.version), col(RubricVersion.hash))
        .join(
            RubricActivation,
            sa.and_(
                col(RubricActivation.rubric_id) == col(RubricVersion.id),
                col(RubricActivation.version) == col(RubricVersion.version),
            ),
        )
        .distinct()
    )
    return {(name, version): digest for name, version, digest in session.execute(statement)}


def lock(session: Session) -> None:
    """Wait until no other transaction changes what is in force."""
    session.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def activations(session: Session) -> list[ScopedActivation]:
    """Return every activation by its beginning; those retired before they began are left out."""
    retired = col(RubricActivation.retired_at)
    statement = (
        select(RubricActivation)
        .where(sa.or_(retired.is_(None), retired > col(RubricActivation.starts_at)))
        .order_by(col(RubricActivation.starts_at), col(RubricActivation.id))
    )
    return [_activation(row) for row in session.exec(statement)]


def add_activation(session: Session, wanted: ScopedActivation) -> ScopedActivation:
    """Put a version in force; its number is given here."""
    row = RubricActivation(**{name: getattr(wanted, name) for name in ScopedActivation.__slots__ if name != "id"})
    session.add(row)
    session.flush()
    return _activation(row)


def retire_activation(session: Session, ended: ScopedActivation) -> None:
    """Let a version be in force only until its ``retired_at``."""
    statement = sa.update(RubricActivation).where(col(RubricActivation.id) == ended.id)
    session.execute(statement.values(retired_at=ended.retired_at))


def _activation(row: RubricActivation) -> ScopedActivation:
    return ScopedActivation(**{name: getattr(row, name) for name in ScopedActivation.__slots__})
