"""Queries on what people decided. Rows are appended, and read; nothing else."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from service.db.tables import DecisionView, ReviewDecision, ScoreRow
from service.qa.repository.siblings import same_criterion, same_revision

DecisionKind = Literal["review", "second", "adjudication", "consensus", "appeal"]


@dataclass(frozen=True, slots=True)
class NewDecision:
    """A decision to be stored; the fields mean what they do in ``StoredDecision``."""

    score_id: int
    criterion_id: str
    kind: DecisionKind
    machine_verdict: str | None
    machine_value: float | None
    verdict: str | None
    value: float | None
    agrees: bool | None
    reason: str | None
    by: str
    created_at: datetime
    task_id: int | None = None
    appeal_id: int | None = None
    session_id: int | None = None


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """What a person said of one criterion of one score.

    Attributes:
        id: Its number; later ones are greater.
        score_id: Of which score; it holds for the other scores of the same revision, too.
        criterion_id: Of which of its criteria.
        kind: In which office.
        verdict: What it is, or ``None`` where a value is given.
        value: What it earns, 0…1, or ``None`` where a verdict is given.
        agrees: Whether that score had said the same; ``None`` where it had said nothing.
        reason: Why; always there where it does not agree.
        by: Who; ``None`` where that is not told.
        created_at: When.
        task_id: In which review.
        appeal_id: On which appeal.
        session_id: In which calibration.
        applies: Whether the score that was asked for has the same criterion, made by the same version of the playbook
            or rubric; what does not apply is told, and counts for nothing.
    """

    id: int
    score_id: int
    criterion_id: str
    kind: DecisionKind
    verdict: str | None
    value: float | None
    agrees: bool | None
    reason: str | None
    by: str | None
    created_at: datetime
    task_id: int | None
    appeal_id: int | None
    session_id: int | None
    applies: bool = True


_STORED = tuple(name for name in StoredDecision.__slots__ if name != "applies")


def append(session: Session, decisions: Sequence[NewDecision]) -> None:
    """Store decisions, in order."""
    if decisions:
        session.execute(sa.insert(ReviewDecision), [asdict(one) for one in decisions])


def of_score(session: Session, score_id: int) -> list[StoredDecision]:
    """Return all decisions on the revision that a score is of, in order."""
    return of_scores(session, [score_id]).get(score_id, [])


def of_scores(session: Session, score_ids: Collection[int]) -> dict[int, list[StoredDecision]]:
    """Return the same of several scores, by score; those without any are left out."""
    own, other = aliased(ScoreRow), aliased(ScoreRow)
    statement = (
        sa.select(
            col(own.id).label("asked"),
            *(col(getattr(ReviewDecision, name)) for name in _STORED),
            same_criterion(own, other, col(ReviewDecision.criterion_id)).label("applies"),
        )
        .select_from(own)
        .join(other, same_revision(own, other))
        .join(ReviewDecision, col(ReviewDecision.score_id) == col(other.id))
        .where(col(own.id).in_(score_ids))
        .order_by(col(ReviewDecision.id))
    )
    found: dict[int, list[StoredDecision]] = {}
    for row in session.execute(statement):
        found.setdefault(row.asked, []).append(_stored(row, row.applies))
    return found


def of_task(session: Session, task_id: int) -> list[StoredDecision]:
    """Return what was decided in a task, in order."""
    statement = select(ReviewDecision).where(col(ReviewDecision.task_id) == task_id).order_by(col(ReviewDecision.id))
    return [_stored(row) for row in session.exec(statement)]


def note_views(session: Session, score_ids: Collection[int], person: str, now: datetime) -> None:
    """Remember that the person has seen what others decided of the scores."""
    if score_ids:
        rows = [{"score_id": score_id, "person": person, "at": now} for score_id in sorted(score_ids)]
        session.execute(insert(DecisionView).on_conflict_do_nothing(), rows)


def _stored(row: Any, applies: bool = True) -> StoredDecision:
    return StoredDecision(**{name: getattr(row, name) for name in _STORED}, applies=applies)
