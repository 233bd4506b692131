"""Queries on appeals."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from service.db.tables import Appeal, ConversationRow, ScoreRow
from service.qa.repository.siblings import same_criterion, same_revision, siblings

UNFINISHED = ("open", "assigned")


@dataclass(frozen=True, slots=True)
class StoredAppeal:
    """An appeal as stored; ``agent_id`` is whose conversation it is about."""

    id: int
    score_id: int
    conversation_id: str
    agent_id: str | None
    criterion_id: str
    opened_by: str
    comment: str
    quoted_turns: Sequence[int]
    contested: str
    contested_by: str | None
    opened_at: datetime
    due_at: datetime
    status: str
    assignee: str | None
    assigned_at: datetime | None
    closed_at: datetime | None
    outcome_verdict: str | None
    outcome_value: float | None
    outcome_reason: str | None


def under_appeal(session: Session, score_ids: Collection[int]) -> set[int]:
    """Return those of the scores on whose revision an appeal waits for its decision."""
    waiting = (
        sa.select(col(Appeal.id))
        .where(col(Appeal.score_id).in_(siblings(col(ScoreRow.id))), col(Appeal.status).in_(UNFINISHED))
        .exists()
    )
    return set(session.execute(sa.select(col(ScoreRow.id)).where(col(ScoreRow.id).in_(score_ids), waiting)).scalars())


def lock_score(session: Session, score_id: int) -> None:
    """Let nobody else appeal against any score of the same revision until this transaction is over."""
    several = sa.select(col(ScoreRow.id)).where(col(ScoreRow.id).in_(siblings(score_id)))
    session.execute(several.order_by(col(ScoreRow.id)).with_for_update(key_share=True)).all()


def add(session: Session, **values: Any) -> int:
    """Store an appeal and return its id."""
    row = Appeal(**values)
    session.add(row)
    session.flush()
    assert row.id is not None
    return row.id


def of_criterion(session: Session, score_id: int, criterion_id: str) -> list[StoredAppeal]:
    """Return all appeals on one criterion of the revision that a score is of, oldest first.

    Those on a criterion of another version of the playbook or rubric are not on the same one.
    """
    own, other = aliased(ScoreRow), aliased(ScoreRow)
    statement = (
        _appeals()
        .join(other, col(other.id) == col(Appeal.score_id))
        .join(own, same_revision(own, other))
        .where(col(own.id) == score_id, col(Appeal.criterion_id) == criterion_id)
        .where(same_criterion(own, other, col(Appeal.criterion_id)))
    )
    return [_stored(*row) for row in session.execute(statement)]


def find(session: Session, appeal_id: int, *, lock: bool = False) -> StoredAppeal | None:
    """Return an appeal; locked, nobody else changes it until this transaction is over."""
    statement = _appeals().where(col(Appeal.id) == appeal_id)
    row = session.execute(statement.with_for_update(of=Appeal) if lock else statement).one_or_none()
    return None if row is None else _stored(*row)


def page(
    session: Session, *, status: str | None, only_agent: str | None, limit: int, after: int | None
) -> list[StoredAppeal]:
    """Return appeals by id, those after ``after``."""
    statement = _appeals().limit(limit)
    if status is not None:
        statement = statement.where(col(Appeal.status) == status)
    if only_agent is not None:
        statement = statement.where(col(ConversationRow.agent_id) == only_agent)
    if after is not None:
        statement = statement.where(col(Appeal.id) > after)
    return [_stored(*row) for row in session.execute(statement)]


def closed(session: Session, since: datetime | None, until: datetime | None) -> list[StoredAppeal]:
    """Return the appeals that were decided in a period."""
    statement = _appeals().where(col(Appeal.status).in_(("upheld", "partly", "rejected")))
    if since is not None:
        statement = statement.where(col(Appeal.closed_at) >= since)
    if until is not None:
        statement = statement.where(col(Appeal.closed_at) < until)
    return [_stored(*row) for row in session.execute(statement)]


def set_state(session: Session, appeal_id: int, **values: Any) -> None:
    """Change the status columns of an appeal."""
    session.execute(sa.update(Appeal).where(col(Appeal.id) == appeal_id).values(**values))


def expire(session: Session, now: datetime) -> list[int]:
    """Close the appeals whose deadline has passed, and return their ids."""
    statement = (
        sa.update(Appeal)
        .where(col(Appeal.status).in_(UNFINISHED), col(Appeal.due_at) <= now)
        .values(status="expired", closed_at=now)
        .returning(col(Appeal.id))
    )
    return sorted(session.execute(statement).scalars())


def _appeals() -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(Appeal, col(ConversationRow.agent_id))
        .join(ConversationRow, col(ConversationRow.id) == col(Appeal.conversation_id))
        .order_by(col(Appeal.id))
        .execution_options(populate_existing=True)
    )


def _stored(row: Appeal, agent_id: str | None) -> StoredAppeal:
    own = {name: getattr(row, name) for name in StoredAppeal.__slots__ if name != "agent_id"}
    return StoredAppeal(agent_id=agent_id, **own)
