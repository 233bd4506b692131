"""Queries for figures on review work and on human–machine agreement."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from service.db.tables import Appeal, ConversationRow, ReviewDecision, ReviewTask, ReviewTaskReason, ScoreRow
from service.qa.repository.siblings import siblings

_UNFINISHED = ("open", "taken")


@dataclass(frozen=True, slots=True)
class AssignedTask:
    """A task that somebody has or had."""

    assignee: str
    status: str
    taken_at: datetime | None
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class SampledDecision:
    """What a person decided in a review of the random sample; ``probability`` is that of the draw."""

    score_id: int
    criterion_id: str
    verdict: str | None
    machine_verdict: str | None
    probability: float
    bundle: Mapping[str, Any]


def assigned(session: Session) -> list[AssignedTask]:
    """Return all tasks with an assignee."""
    statement = sa.select(
        col(ReviewTask.assignee), col(ReviewTask.status), col(ReviewTask.taken_at), col(ReviewTask.done_at)
    ).where(col(ReviewTask.assignee).is_not(None))
    return [
        AssignedTask(assignee or "", status, taken, done)
        for assignee, status, taken, done in session.execute(statement)
    ]


def judged(session: Session, since: datetime | None, until: datetime | None) -> dict[str, tuple[int, int]]:
    """Return per reviewer on how many criteria the machine had a verdict to compare with, and how many were overruled.

    Scores that somebody still has to judge blind are left out: these figures must not tell what was said of them.
    """
    agrees = col(ReviewDecision.agrees)
    statement = (
        sa.select(col(ReviewDecision.by), sa.func.count(), sa.func.count().filter(agrees.is_(False)))
        .where(agrees.is_not(None), col(ReviewDecision.kind).in_(("review", "second", "adjudication")))
        .where(~undecided(col(ReviewDecision.score_id)))
        .group_by(col(ReviewDecision.by))
    )
    if since is not None:
        statement = statement.where(col(ReviewDecision.created_at) >= since)
    if until is not None:
        statement = statement.where(col(ReviewDecision.created_at) < until)
    return {by: (compared, overruled) for by, compared, overruled in session.execute(statement)}


def sampled(session: Session, since: datetime | None, until: datetime | None) -> Iterator[SampledDecision]:
    """Yield the decisions of finished reviews of the random sample, by id; the period is that of the conversations."""
    statement = (
        sa.select(
            col(ReviewDecision.score_id),
            col(ReviewDecision.criterion_id),
            col(ReviewDecision.verdict),
            col(ReviewDecision.machine_verdict),
            col(ReviewTaskReason.probability),
            col(ScoreRow.bundle),
        )
        .join(ReviewTask, col(ReviewTask.id) == col(ReviewDecision.task_id))
        .join(ReviewTaskReason, col(ReviewTaskReason.task_id) == col(ReviewTask.id))
        .join(ScoreRow, col(ScoreRow.id) == col(ReviewDecision.score_id))
        .join(ConversationRow, col(ConversationRow.id) == col(ReviewTask.conversation_id))
        .where(col(ReviewDecision.kind) == "review", col(ReviewTaskReason.reason) == "random")
        .where(col(ReviewTaskReason.probability) > 0, ~undecided(col(ReviewDecision.score_id)))
        .order_by(col(ReviewDecision.id))
    )
    for row in session.execute(_within(statement, since, until)):
        yield SampledDecision(*row)


def adjudicated(session: Session) -> dict[tuple[int, str], str | None]:
    """Return what was decided between differing blind reviews, by score and criterion."""
    statement = sa.select(
        col(ReviewDecision.score_id), col(ReviewDecision.criterion_id), col(ReviewDecision.verdict)
    ).where(col(ReviewDecision.kind) == "adjudication")
    return {(score_id, criterion): verdict for score_id, criterion, verdict in session.execute(statement)}


def bundles(
    session: Session, since: datetime | None, until: datetime | None
) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the current scores of a period's conversations: id and what is needed of the bundle."""
    statement = sa.select(col(ScoreRow.id), col(ScoreRow.bundle)).join(
        ConversationRow, col(ConversationRow.current_score_id) == col(ScoreRow.id)
    )
    statement = _within(statement, since, until).order_by(col(ScoreRow.id)).execution_options(yield_per=1000)
    yield from session.execute(statement)


def bundles_of(session: Session, score_ids: Collection[int]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield these scores: id and bundle."""
    statement = sa.select(col(ScoreRow.id), col(ScoreRow.bundle)).where(col(ScoreRow.id).in_(score_ids))
    yield from session.execute(statement.execution_options(yield_per=200))


def undecided_of(session: Session, score_ids: Sequence[int]) -> set[int]:
    """Return those of the scores that somebody still has to judge without knowing what others said."""
    statement = sa.select(col(ScoreRow.id)).where(col(ScoreRow.id).in_(score_ids), undecided(col(ScoreRow.id)))
    return set(session.execute(statement).scalars())


def undecided(score_id: Any) -> sa.ColumnElement[bool]:
    """Tell whether somebody still has to judge the score's revision without knowing what others said."""
    side, other = aliased(ReviewTask), aliased(ReviewTask)
    pair = (
        sa.select(col(side.id))
        .join(other, col(other.pair_id) == sa.func.coalesce(side.pair_id, side.id))
        .where(col(side.score_id).in_(siblings(score_id)), col(side.status).in_(_UNFINISHED))
        .where(col(other.purpose) == "second")
    )
    appeal = aliased(Appeal)
    appealed = sa.select(col(appeal.id)).where(
        col(appeal.score_id).in_(siblings(score_id)), col(appeal.status).in_(("open", "assigned"))
    )
    return sa.or_(pair.exists(), appealed.exists())


def _within(statement: Any, since: datetime | None, until: datetime | None) -> Any:
    if since is not None:
        statement = statement.where(col(ConversationRow.occurred_at) >= since)
    if until is not None:
        statement = statement.where(col(ConversationRow.occurred_at) < until)
    return statement
