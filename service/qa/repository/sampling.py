"""Queries of sampling: policies, candidates, and the tasks there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from service.db.tables import ConversationRow, ReviewTask, ReviewTaskReason, SamplingPolicyRow, ScoreRow
from service.qa.repository.tasks import UNFINISHED

_LOCK = 0x71617361  # "qasa": one run at a time


@dataclass(frozen=True, slots=True)
class StoredPolicy:
    """A version of the policy."""

    version: int
    document: Mapping[str, Any]
    published_by: str
    published_at: datetime
    active_from: datetime


@dataclass(frozen=True, slots=True)
class Candidate:
    """A scored conversation, with what the policy asks about; ``survey`` is the customer's rating, 1…5.

    ``playbook`` is the id of the one that made its checks.
    """

    conversation_id: str
    revision: int
    agent_id: str | None
    occurred_at: datetime
    score_id: int
    csat_mean: float | None
    critical_fail: bool
    survey: float | None
    checks: Sequence[Mapping[str, Any]]
    playbook: str = ""


@dataclass(frozen=True, slots=True)
class KnownTask:
    """The newest review task of a conversation; ``paired``: a second review or a decision between two is unfinished."""

    id: int
    revision: int
    unfinished: bool
    paired: bool
    reasons: frozenset[str]


def lock(session: Session) -> None:
    """Let other runs wait until this transaction is over."""
    session.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def add_policy(
    session: Session, document: Mapping[str, Any], by: str, now: datetime, active_from: datetime
) -> StoredPolicy:
    """Store the next version."""
    last = session.execute(sa.select(sa.func.max(col(SamplingPolicyRow.version)))).scalar()
    row = SamplingPolicyRow(
        version=(last or 0) + 1, document=dict(document), published_by=by, published_at=now, active_from=active_from
    )
    session.add(row)
    session.flush()
    return _policy(row)


def policies(session: Session) -> list[StoredPolicy]:
    """Return all versions, newest first."""
    return [
        _policy(row) for row in session.exec(select(SamplingPolicyRow).order_by(col(SamplingPolicyRow.version).desc()))
    ]


def policy_at(session: Session, now: datetime) -> StoredPolicy | None:
    """Return the newest version that is active."""
    statement = (
        select(SamplingPolicyRow)
        .where(col(SamplingPolicyRow.active_from) <= now)
        .order_by(col(SamplingPolicyRow.version).desc())
        .limit(1)
    )
    row = session.exec(statement).one_or_none()
    return None if row is None else _policy(row)


def candidates(session: Session, since: datetime, until: datetime, queues: Sequence[str]) -> Iterator[Candidate]:
    """Yield the scored conversations of a period, by id."""
    checks = col(ScoreRow.bundle)["compliance"]["checks"]
    statement = (
        sa.select(  # type: ignore[call-overload]
            ConversationRow, ScoreRow.id, ScoreRow.csat_mean, ScoreRow.critical_fail, ScoreRow.playbook_version, checks
        )
        .join(ScoreRow, col(ScoreRow.id) == col(ConversationRow.current_score_id))
        .where(col(ConversationRow.occurred_at) >= since, col(ConversationRow.occurred_at) < until)
        .order_by(sa.collate(col(ConversationRow.id), "C"))
    )
    if queues:
        statement = statement.where(col(ConversationRow.queue).in_(queues))
    for row, score_id, csat_mean, critical_fail, playbook, found in session.execute(
        statement, execution_options={"yield_per": 1000}
    ):
        yield Candidate(
            conversation_id=row.id,
            revision=row.revision,
            agent_id=row.agent_id,
            occurred_at=row.occurred_at,
            score_id=score_id,
            csat_mean=csat_mean,
            critical_fail=critical_fail,
            survey=_rating(row.facts.get("csat")),
            checks=[{name: check[name] for name in ("id", "verdict", "confidence")} for check in found],
            playbook=playbook.partition("@")[0],
        )


def known_tasks(session: Session, ids: Sequence[str]) -> dict[str, KnownTask]:
    """Return the newest review task of each of these conversations that has one."""
    other = aliased(ReviewTask)
    paired = sa.select(col(other.id)).where(
        col(other.conversation_id) == col(ReviewTask.conversation_id),
        col(other.purpose) != "review",
        col(other.status).in_(UNFINISHED),
    )
    statement = (
        sa.select(
            col(ReviewTask.conversation_id),
            col(ReviewTask.id),
            col(ReviewTask.revision),
            col(ReviewTask.status).in_(UNFINISHED),
            paired.exists(),
            sa.func.array_agg(col(ReviewTaskReason.reason)),
        )
        .join(ReviewTaskReason, col(ReviewTaskReason.task_id) == col(ReviewTask.id), isouter=True)
        .where(col(ReviewTask.purpose) == "review", col(ReviewTask.conversation_id).in_(ids))
        .group_by(col(ReviewTask.id))
        .order_by(col(ReviewTask.id))
    )
    return {
        conversation_id: KnownTask(task_id, revision, unfinished, pair, frozenset(one for one in reasons if one))
        for conversation_id, task_id, revision, unfinished, pair, reasons in session.execute(statement)
    }


def add_task(
    session: Session, candidate: Candidate, purpose: str, by: str, now: datetime, pair_id: int | None = None
) -> int:
    """Store an open task and return its id."""
    row = ReviewTask(
        score_id=candidate.score_id,
        conversation_id=candidate.conversation_id,
        revision=candidate.revision,
        purpose=purpose,
        pair_id=pair_id,
        status="open",
        created_by=by,
        created_at=now,
    )
    session.add(row)
    session.flush()
    assert row.id is not None
    return row.id


def add_reasons(
    session: Session, task_id: int, reasons: Mapping[str, float | None], policy_version: int | None, now: datetime
) -> None:
    """Append reasons, each with the probability of its draw where it was one."""
    rows = [
        {
            "task_id": task_id,
            "reason": reason,
            "policy_version": policy_version,
            "probability": probability,
            "created_at": now,
        }
        for reason, probability in reasons.items()
    ]
    if rows:
        session.execute(sa.insert(ReviewTaskReason), rows)


def _policy(row: SamplingPolicyRow) -> StoredPolicy:
    return StoredPolicy(row.version, row.document, row.published_by, row.published_at, row.active_from)


def _rating(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
