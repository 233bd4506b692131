"""Queries for labels: scores on which people said something, and what they said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from service.db.tables import (
    Appeal,
    CalibrationMark,
    CalibrationSession,
    ConversationRevision,
    ConversationRow,
    ReviewDecision,
    ReviewTaskReason,
    ScoreRow,
)
from service.qa.repository.figures import undecided

_BATCH = 200
_DECIDED = ("upheld", "partly", "rejected")


@dataclass(frozen=True, slots=True)
class JudgedScore:
    """A score on which somebody said something, with the content it was made from."""

    score_id: int
    conversation_id: str
    revision: int
    bundle: Mapping[str, Any]
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Said:
    """What one person said of one criterion.

    Attributes:
        score_id: Of which score.
        criterion_id: Of which of its criteria.
        kind: ``review``, ``second``, ``adjudication``, ``consensus``, ``appeal``; ``mark`` in a calibration,
            ``rejected`` of whoever rejected an appeal.
        verdict: What they said, ``None`` where a value was given.
        by: Who.
        decision_id: Where it is a decision.
        session_id: Where it was said in a calibration.
        appeal_id: Where it was said on an appeal.
        task_id: Where it was said in a review.
        reasons: Why the review was made.
        probability: Of the random draw, where that is why.
        turns: What the agent quoted in the appeal.
    """

    score_id: int
    criterion_id: str
    kind: str
    verdict: str | None
    by: str
    decision_id: int | None = None
    session_id: int | None = None
    appeal_id: int | None = None
    task_id: int | None = None
    reasons: tuple[str, ...] = ()
    probability: float | None = None
    turns: tuple[int, ...] = ()


def judged_scores(
    session: Session, since: datetime | None, until: datetime | None, playbook: str | None
) -> Iterator[Sequence[JudgedScore]]:
    """Yield the scores, by conversation, revision and id, but those on which something blind is unfinished.

    Args:
        session: An open transaction.
        since: Of the conversations, included.
        until: Of the conversations, excluded.
        playbook: Only scores by this playbook, whatever its version.
    """
    score_id = col(ScoreRow.id)
    statement = _judged(since, until, playbook).where(~undecided(score_id))
    statement = statement.order_by(col(ScoreRow.conversation_id), col(ScoreRow.revision), score_id)
    for rows in session.execute(statement.execution_options(yield_per=_BATCH)).partitions():
        yield [JudgedScore(*row) for row in rows]


def count_unfinished(session: Session, since: datetime | None, until: datetime | None, playbook: str | None) -> int:
    """Return on how many more scores somebody said something, but something blind is unfinished."""
    statement = _judged(since, until, playbook).where(undecided(col(ScoreRow.id)))
    return int(session.execute(sa.select(sa.func.count()).select_from(statement.subquery())).scalar_one())


def said_of(session: Session, score_ids: Sequence[int]) -> dict[int, list[Said]]:
    """Return what people said of these scores, by score, in the order of decisions, marks, rejected appeals."""
    found: dict[int, list[Said]] = {score_id: [] for score_id in score_ids}
    for one in (*_decisions(session, score_ids), *_marks(session, score_ids), *_rejections(session, score_ids)):
        found[one.score_id].append(one)
    return found


def consensus_of(session: Session, score_ids: Sequence[int]) -> dict[tuple[int, int, str], str]:
    """Return the consensus of closed sessions by session, score and criterion."""
    reports = _reports(session, score_ids)
    return {
        (session_id, score_id, criterion): verdict
        for session_id, report in reports.items()
        for criterion, one in report.items()
        for score_id in score_ids
        if (verdict := one["consensus"].get(str(score_id))) is not None
    }


def freeze(session: Session) -> None:
    """Let all queries of this transaction see the same moment; before the first of them.

    What one of them says of blind reviews then holds for what the next one reads.
    """
    session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def _decisions(session: Session, score_ids: Sequence[int]) -> Iterator[Said]:
    fields = ("score_id", "criterion_id", "kind", "verdict", "by", "id", "session_id", "appeal_id", "task_id")
    statement = sa.select(*(col(getattr(ReviewDecision, name)) for name in fields), col(Appeal.quoted_turns))
    statement = statement.outerjoin(Appeal, col(Appeal.id) == col(ReviewDecision.appeal_id))
    rows = session.execute(
        statement.where(col(ReviewDecision.score_id).in_(score_ids)).order_by(col(ReviewDecision.id))
    ).all()
    reasons: dict[int, list[tuple[str, float | None]]] = {}
    tasks = sa.select(
        col(ReviewTaskReason.task_id), col(ReviewTaskReason.reason), col(ReviewTaskReason.probability)
    ).where(col(ReviewTaskReason.task_id).in_([row.task_id for row in rows if row.task_id is not None]))
    for task_id, reason, probability in session.execute(tasks.order_by(col(ReviewTaskReason.reason))):
        reasons.setdefault(task_id, []).append((reason, probability))
    for row in rows:
        why = reasons.get(row.task_id, [])
        drawn = next((probability for reason, probability in why if reason == "random"), None)
        yield Said(
            score_id=row.score_id,
            criterion_id=row.criterion_id,
            kind=row.kind,
            verdict=row.verdict,
            by=row.by,
            decision_id=row.id,
            session_id=row.session_id,
            appeal_id=row.appeal_id,
            task_id=row.task_id,
            reasons=tuple(reason for reason, _ in why),
            probability=drawn,
            turns=tuple(row.quoted_turns or ()),
        )


def _marks(session: Session, score_ids: Sequence[int]) -> Iterator[Said]:
    fields = ("score_id", "criterion_id", "verdict", "reviewer", "session_id")
    statement = (
        sa.select(*(col(getattr(CalibrationMark, name)) for name in fields))
        .join(CalibrationSession, col(CalibrationSession.id) == col(CalibrationMark.session_id))
        .where(col(CalibrationMark.score_id).in_(score_ids), col(CalibrationSession.status) == "closed")
        .order_by(col(CalibrationMark.session_id), col(CalibrationMark.reviewer))
    )
    for row in session.execute(statement):
        yield Said(row.score_id, row.criterion_id, "mark", row.verdict, row.reviewer, session_id=row.session_id)


def _rejections(session: Session, score_ids: Sequence[int]) -> Iterator[Said]:
    fields = ("score_id", "criterion_id", "outcome_verdict", "assignee", "id")
    statement = sa.select(*(col(getattr(Appeal, name)) for name in fields)).where(
        col(Appeal.score_id).in_(score_ids), col(Appeal.status) == "rejected"
    )
    for row in session.execute(statement.order_by(col(Appeal.id))):
        yield Said(row.score_id, row.criterion_id, "rejected", row.outcome_verdict, row.assignee, appeal_id=row.id)


def _reports(session: Session, score_ids: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    overlapping = col(CalibrationSession.score_ids).overlap(list(score_ids))  # type: ignore[attr-defined]
    statement = sa.select(col(CalibrationSession.id), col(CalibrationSession.report)).where(
        col(CalibrationSession.status) == "closed", overlapping
    )
    return {
        session_id: report or {}
        for session_id, report in session.execute(statement.order_by(col(CalibrationSession.id)))
    }


def _judged(since: datetime | None, until: datetime | None, playbook: str | None) -> sa.Select[*tuple[Any, ...]]:
    """Return the scores on which somebody said something, with their revision."""
    score_id = col(ScoreRow.id)
    said = sa.or_(
        sa.select(col(ReviewDecision.id)).where(col(ReviewDecision.score_id) == score_id).exists(),
        sa.select(col(Appeal.id)).where(col(Appeal.score_id) == score_id, col(Appeal.status).in_(_DECIDED)).exists(),
        sa.select(col(CalibrationMark.score_id))
        .join(CalibrationSession, col(CalibrationSession.id) == col(CalibrationMark.session_id))
        .where(col(CalibrationMark.score_id) == score_id, col(CalibrationSession.status) == "closed")
        .exists(),
    )
    revision = sa.and_(
        col(ConversationRevision.conversation_id) == col(ScoreRow.conversation_id),
        col(ConversationRevision.revision) == col(ScoreRow.revision),
    )
    statement = (
        sa.select(
            score_id,
            col(ScoreRow.conversation_id),
            col(ScoreRow.revision),
            col(ScoreRow.bundle),
            col(ConversationRevision.document),
        )
        .join(ConversationRevision, revision)
        .join(ConversationRow, col(ConversationRow.id) == col(ScoreRow.conversation_id))
        .where(said)
    )
    if since is not None:
        statement = statement.where(col(ConversationRow.occurred_at) >= since)
    if until is not None:
        statement = statement.where(col(ConversationRow.occurred_at) < until)
    if playbook is not None:
        statement = statement.where(col(ScoreRow.playbook_version).startswith(f"{playbook}@", autoescape=True))
    return statement
