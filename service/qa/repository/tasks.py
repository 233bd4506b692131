"""Queries on review tasks. Whoever changes a task locks its family first: the first task of a pair stands for all."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from service.db.tables import ConversationRow, DecisionView, ReviewTask, ReviewTaskReason
from service.qa.repository.siblings import siblings

UNFINISHED = ("open", "taken")


@dataclass(frozen=True, slots=True)
class Task:
    """A task as stored; ``root`` is the first task of its pair, itself where it has none."""

    id: int
    root: int
    score_id: int
    conversation_id: str
    revision: int
    queue: str
    agent_id: str | None
    purpose: str
    status: str
    assignee: str | None
    skip_reason: str | None
    reasons: Sequence[str]
    created_at: datetime
    taken_at: datetime | None
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Conditions that must all hold."""

    status: str | None = None
    purpose: str | None = None
    queue: str | None = None
    assignee: str | None = None
    reason: str | None = None
    conversation_id: str | None = None


def find(session: Session, task_id: int) -> Task | None:
    """Return a task."""
    row = session.execute(_tasks().where(col(ReviewTask.id) == task_id)).one_or_none()
    return None if row is None else _task(session, [row])[0]


def page(session: Session, wanted: TaskFilter, limit: int, after: int | None) -> list[Task]:
    """Return tasks by id, those after ``after``."""
    statement = _tasks().order_by(col(ReviewTask.id)).limit(limit)
    for column, value in (
        (col(ReviewTask.status), wanted.status),
        (col(ReviewTask.purpose), wanted.purpose),
        (col(ConversationRow.queue), wanted.queue),
        (col(ReviewTask.assignee), wanted.assignee),
        (col(ReviewTask.conversation_id), wanted.conversation_id),
    ):
        if value is not None:
            statement = statement.where(column == value)
    if wanted.reason is not None:
        having = select(ReviewTaskReason.task_id).where(col(ReviewTaskReason.reason) == wanted.reason)
        statement = statement.where(col(ReviewTask.id).in_(having))
    if after is not None:
        statement = statement.where(col(ReviewTask.id) > after)
    return _task(session, session.execute(statement).all())


def family(session: Session, root: int) -> list[Task]:
    """Return all tasks of a pair, by id."""
    return families(session, [root])[root]


def families(session: Session, roots: Collection[int]) -> dict[int, list[Task]]:
    """Return all tasks of these pairs, by id, under the first task of each."""
    one_of = sa.or_(col(ReviewTask.id).in_(roots), col(ReviewTask.pair_id).in_(roots))
    found: dict[int, list[Task]] = {root: [] for root in roots}
    for task in _task(session, session.execute(_tasks().where(one_of).order_by(col(ReviewTask.id))).all()):
        found[task.root].append(task)
    return found


def of_score(session: Session, score_id: int) -> list[Task]:
    """Return all tasks of the revision that a score is of, by id."""
    statement = _tasks().where(col(ReviewTask.score_id).in_(siblings(score_id))).order_by(col(ReviewTask.id))
    return _task(session, session.execute(statement).all())


def lock(session: Session, task_id: int) -> Task | None:
    """Return a task whose family nobody else changes until this transaction is over."""
    root = sa.select(_root(ReviewTask)).where(col(ReviewTask.id) == task_id).scalar_subquery()
    session.execute(sa.select(col(ReviewTask.id)).where(col(ReviewTask.id) == root).with_for_update())
    return find(session, task_id)


def lock_next(
    session: Session,
    person: str,
    agent_id: str | None,
    queues: Sequence[str],
    purpose: str | None,
    passed_over: Sequence[int] = (),
) -> Task | None:
    """Return the first open task that the person may take, locked; families that others work on are passed over."""
    root, other = aliased(ReviewTask), aliased(ReviewTask)
    same_person = (
        sa.select(col(other.id))
        .where(col(other.assignee) == person, _root(other) == _root(ReviewTask), col(other.id) != col(ReviewTask.id))
        .exists()
    )
    in_pair = (
        sa.select(col(other.id)).where(col(other.purpose) == "second", col(other.pair_id) == _root(ReviewTask)).exists()
    )
    has_seen = _views(col(ReviewTask.score_id), person).exists()
    statement = (
        sa.select(col(ReviewTask.id))
        .join(root, col(root.id) == _root(ReviewTask))
        .join(ConversationRow, col(ConversationRow.id) == col(ReviewTask.conversation_id))
        .where(col(ReviewTask.status) == "open", ~same_person, col(ReviewTask.id).not_in(passed_over))
        .where(sa.or_(col(ReviewTask.purpose) == "adjudication", ~has_seen, ~in_pair))
        .order_by(sa.case({"adjudication": 0, "second": 1}, value=col(ReviewTask.purpose), else_=2), col(ReviewTask.id))
        .limit(1)
        .with_for_update(of=root, skip_locked=True)
    )
    if agent_id is not None:
        statement = statement.where(col(ConversationRow.agent_id).is_distinct_from(agent_id))
    if queues:
        statement = statement.where(col(ConversationRow.queue).in_(queues))
    if purpose is not None:
        statement = statement.where(col(ReviewTask.purpose) == purpose)
    found = session.execute(statement).scalar()
    return None if found is None else find(session, found)


def set_state(session: Session, task_id: int, **values: Any) -> None:
    """Change the status columns of a task."""
    session.execute(sa.update(ReviewTask).where(col(ReviewTask.id) == task_id).values(**values))


def has_seen(session: Session, score_id: int, person: str) -> bool:
    """Tell whether the person has seen what others decided of the revision that the score is of."""
    return session.execute(_views(score_id, person).limit(1)).first() is not None


def _views(score_id: Any, person: str) -> sa.Select[*tuple[Any, ...]]:
    return sa.select(col(DecisionView.score_id)).where(
        col(DecisionView.score_id).in_(siblings(score_id)), col(DecisionView.person) == person
    )


def _tasks() -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(ReviewTask, col(ConversationRow.queue), col(ConversationRow.agent_id))
        .join(ConversationRow, col(ConversationRow.id) == col(ReviewTask.conversation_id))
        .execution_options(populate_existing=True)
    )


def _root(table: Any) -> sa.ColumnElement[int]:
    return sa.func.coalesce(table.pair_id, table.id)


def _task(session: Session, rows: Sequence[Any]) -> list[Task]:
    ids = [row[0].id for row in rows]
    reasons: dict[int, list[str]] = {task_id: [] for task_id in ids}
    statement = select(ReviewTaskReason.task_id, ReviewTaskReason.reason).where(col(ReviewTaskReason.task_id).in_(ids))
    for task_id, reason in session.execute(statement.order_by(col(ReviewTaskReason.reason))):
        reasons[task_id].append(reason)
    return [
        Task(
            id=row.id,
            root=row.pair_id or row.id,
            score_id=row.score_id,
            conversation_id=row.conversation_id,
            revision=row.revision,
            queue=queue,
            agent_id=agent_id,
            purpose=row.purpose,
            status=row.status,
            assignee=row.assignee,
            skip_reason=row.skip_reason,
            reasons=reasons[row.id],
            created_at=row.created_at,
            taken_at=row.taken_at,
            done_at=row.done_at,
        )
        for row, queue, agent_id in rows
    ]
