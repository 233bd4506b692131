"""Queries on calibration sessions and automation levels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlmodel import Session, col, select

from service.db.tables import AutomationLevelRow, CalibrationMark, CalibrationSession, ScoreRow
from service.qa.repository.siblings import siblings

_LOCK = 0x7161616C  # "qaal": one change of levels at a time


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A calibration session as stored."""

    id: int
    title: str
    criteria: Sequence[str]
    score_ids: Sequence[int]
    reviewers: Sequence[str]
    decides: bool
    due_at: datetime | None
    created_by: str
    created_at: datetime
    status: str
    closed_by: str | None
    closed_at: datetime | None
    report: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class StoredMark:
    """What one reviewer said of one criterion of one score."""

    score_id: int
    criterion_id: str
    reviewer: str
    verdict: str
    comment: str | None


@dataclass(frozen=True, slots=True)
class CriterionLevel:
    """How far a criterion is left to the machine.

    Attributes:
        criterion: Its key, e.g. ``ecommerce-zh/greeting``.
        level: ``auto``, ``assist`` or ``human``.
        since: From when on.
        set_by: A person's id, or ``system``.
        by_system: Whether it fell by itself.
        reason: Why, in Chinese, or as the person wrote it.
        reason_en: Why, in English, or as the person wrote it.
        figures: Agreement of people and machine at the time.
    """

    criterion: str
    level: str
    since: datetime
    set_by: str
    by_system: bool
    reason: str
    reason_en: str
    figures: Mapping[str, Any] | None


def add_session(session: Session, **values: Any) -> int:
    """Store a session and return its id."""
    row = CalibrationSession(**values)
    session.add(row)
    session.flush()
    assert row.id is not None
    return row.id


def find_session(session: Session, session_id: int, *, lock: bool = False) -> StoredSession | None:
    """Return a session; locked, nobody else changes it until this transaction is over."""
    statement = select(CalibrationSession).where(col(CalibrationSession.id) == session_id)
    statement = statement.execution_options(populate_existing=True)
    row = session.exec(statement.with_for_update() if lock else statement).one_or_none()
    return None if row is None else _session(row)


def sessions(session: Session, limit: int, after: int | None) -> list[StoredSession]:
    """Return sessions by id, those after ``after``."""
    statement = select(CalibrationSession).order_by(col(CalibrationSession.id)).limit(limit)
    if after is not None:
        statement = statement.where(col(CalibrationSession.id) > after)
    return [_session(row) for row in session.exec(statement)]


def close(session: Session, session_id: int, by: str, now: datetime, report: Mapping[str, Any]) -> None:
    """Close a session with its report."""
    values = {"status": "closed", "closed_by": by, "closed_at": now, "report": dict(report)}
    session.execute(sa.update(CalibrationSession).where(col(CalibrationSession.id) == session_id).values(**values))


def marks(session: Session, session_id: int, reviewer: str | None = None) -> list[StoredMark]:
    """Return the marks of a session, or one reviewer's of them."""
    statement = (
        select(CalibrationMark)
        .where(col(CalibrationMark.session_id) == session_id)
        .order_by(col(CalibrationMark.score_id), col(CalibrationMark.criterion_id), col(CalibrationMark.reviewer))
    )
    if reviewer is not None:
        statement = statement.where(col(CalibrationMark.reviewer) == reviewer)
    return [
        StoredMark(row.score_id, row.criterion_id, row.reviewer, row.verdict, row.comment)
        for row in session.exec(statement)
    ]


def add_marks(session: Session, session_id: int, new: Sequence[StoredMark], now: datetime) -> None:
    """Append marks."""
    rows = [
        {"session_id": session_id, "created_at": now, **{name: getattr(one, name) for name in StoredMark.__slots__}}
        for one in new
    ]
    if rows:
        session.execute(sa.insert(CalibrationMark), rows)


def markers_of(session: Session, score_id: int) -> set[str]:
    """Return who marked a score of the same revision in a session whose consensus counts."""
    statement = (
        select(CalibrationMark.reviewer)
        .join(CalibrationSession, col(CalibrationSession.id) == col(CalibrationMark.session_id))
        .where(col(CalibrationMark.score_id).in_(siblings(score_id)), col(CalibrationSession.decides))
        .distinct()
    )
    return set(session.exec(statement))


def criteria_ids(session: Session, score_ids: Sequence[int]) -> dict[int, set[str]]:
    """Return the ids of the criteria of each of these scores."""
    names = sa.func.jsonb_path_query_array(col(ScoreRow.bundle), sa.cast("$.qa.criteria[*].id", JSONPATH))
    rows = session.execute(sa.select(col(ScoreRow.id), names).where(col(ScoreRow.id).in_(score_ids)))
    return {score_id: set(found) for score_id, found in rows}


def lock_levels(session: Session) -> None:
    """Let other changes of levels wait until this transaction is over."""
    session.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def add_level(session: Session, level: CriterionLevel) -> None:
    """Append a level, which holds from then on."""
    session.add(AutomationLevelRow(**{name: getattr(level, name) for name in CriterionLevel.__slots__}))
    session.flush()


def levels(session: Session, at: datetime | None = None) -> dict[str, CriterionLevel]:
    """Return the level that holds for each criterion that has one, now or at a moment, by criterion."""
    statement = select(AutomationLevelRow).order_by(col(AutomationLevelRow.id))
    rows = session.exec(statement if at is None else statement.where(col(AutomationLevelRow.since) <= at))
    newest = {row.criterion: _level(row) for row in rows}
    return dict(sorted(newest.items()))


def level_changes(session: Session) -> list[CriterionLevel]:
    """Return all levels that any criterion ever had, in the order in which they were set."""
    return [_level(row) for row in session.exec(select(AutomationLevelRow).order_by(col(AutomationLevelRow.id)))]


def level_history(session: Session, criterion: str) -> list[CriterionLevel]:
    """Return all levels a criterion ever had, newest first."""
    statement = select(AutomationLevelRow).where(col(AutomationLevelRow.criterion) == criterion)
    return [_level(row) for row in session.exec(statement.order_by(col(AutomationLevelRow.id).desc()))]


def _session(row: CalibrationSession) -> StoredSession:
    return StoredSession(**{name: getattr(row, name) for name in StoredSession.__slots__})


def _level(row: AutomationLevelRow) -> CriterionLevel:
    return CriterionLevel(**{name: getattr(row, name) for name in CriterionLevel.__slots__})
