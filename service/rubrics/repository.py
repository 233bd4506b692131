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
class Activation:
    """A time in which a version is in force; ``ends_at`` is the first moment in which it no longer is.

    ``scope`` has the attributes that are asked for with their values; a conversation of others is not meant.
    """

    id: int
    rubric_id: str
    version: int
    scope: Mapping[str, Sequence[str]]
    starts_at: datetime
    ends_at: datetime | None
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


def activations(session: Session) -> list[Activation]:
    """Return every time in which a version is or was in force, by its beginning; those taken back are left out."""
    ends = col(RubricActivation.ends_at)
    statement = (
        select(RubricActivation)
        .where(sa.or_(ends.is_(None), ends > col(RubricActivation.starts_at)))
        .order_by(col(RubricActivation.starts_at), col(RubricActivation.id))
    )
    return [_activation(row) for row in session.exec(statement)]


def add_activation(
    session: Session,
    version: tuple[str, int],
    scope: Mapping[str, Sequence[str]],
    period: tuple[datetime, datetime | None],
    by: str,
    at: datetime,
) -> Activation:
    """Put a version (id and number) in force for a period."""
    row = RubricActivation(
        rubric_id=version[0],
        version=version[1],
        scope=dict(scope),
        starts_at=period[0],
        ends_at=period[1],
        activated_by=by,
        activated_at=at,
    )
    session.add(row)
    session.flush()
    return _activation(row)


def end_activation(session: Session, activation_id: int, ends_at: datetime) -> None:
    """Let a version be in force only until ``ends_at``."""
    session.execute(
        sa.update(RubricActivation).where(col(RubricActivation.id) == activation_id).values(ends_at=ends_at)
    )


def _activation(row: RubricActivation) -> Activation:
    return Activation(**{name: getattr(row, name) for name in Activation.__slots__})
