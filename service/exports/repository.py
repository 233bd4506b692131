"""Queries of exports: by a cursor of the server's, so that any number of rows takes the same memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from service.conversations.filters import ConversationFilter
from service.conversations.repository import conditions
from service.db.tables import (
    Appeal,
    AuditEvent,
    CalibrationMark,
    CalibrationSession,
    ConversationRevision,
    ConversationRow,
    ReviewDecision,
    ReviewTask,
    ReviewTaskReason,
    RootCauseRow,
    ScoreRow,
)
from service.qa.repository.figures import undecided
from service.qa.repository.root_cause import StoredCause, with_causes
from service.scoring.repository import StoredScore

BATCH = 200
Batch = Sequence[Any]
"""Rows of a query, at most ``BATCH``."""

_CONVERSATION = [
    *(
        col(getattr(ConversationRow, name))
        for name in (
            *("id", "revision", "channel", "queue", "language", "agent_id", "agent_name", "customer_id"),
            *("started_at", "ended_at", "occurred_at", "turn_count", "tags", "score_error"),
        )
    ),
    col(ConversationRow.facts)["csat"].label("survey"),
]
_SCORE = [
    col(ScoreRow.id).label("score_id"),
    col(ScoreRow.revision).label("score_revision"),
    col(ScoreRow.created_at).label("scored_at"),
    *(
        col(getattr(ScoreRow, name))
        for name in (
            *("shift", "direction", "csat_mean", "p_dissatisfied", "csat_label", "p_resolved", "compliance_score"),
            *("critical_fail", "qa_score", "qa_passed", "auto_fail", "playbook_version", "rubric_version"),
            *("model_version", "code_version", "first_response_s", "mean_response_s", "longest_response_s", "handle_s"),
        )
    ),
]
# Of the bundle only what is shown: reading hundreds of thousands of whole ones would take most of the time.
_BUNDLE = col(ScoreRow.bundle)


def _criteria(share: int) -> sa.ColumnElement[Any]:
    """Return the ids of the checks and questions that earned this share."""
    kinds = '(@.source starts with "check:" || @.source starts with "manual:")'
    path = sa.cast(f"$.qa.criteria[*] ? (@.value == {share} && {kinds}).id", postgresql.JSONPATH)
    return sa.func.jsonb_path_query_array(_BUNDLE, path)


_OUTCOME = [
    _BUNDLE["resolution"]["label"].astext.label("resolution"),
    _criteria(0).label("failed"),
    _criteria(1).label("passed"),
]
_DETAIL = [
    sa.func.jsonb_build_object(
        "qa", _BUNDLE["qa"], "compliance", _BUNDLE["compliance"], "versions", _BUNDLE["versions"]
    ).label("bundle")
]
# Whose conversation something is about; the same names in every dataset.
_ABOUT = [
    col(ConversationRow.id).label("conversation_id"),
    col(ConversationRow.occurred_at),
    col(ConversationRow.queue),
    col(ConversationRow.channel),
    col(ConversationRow.agent_id),
]


def conversations(session: Session, wanted: ConversationFilter, *, detailed: bool = False) -> Iterator[Batch]:
    """Yield conversations with their current scores, by time.

    Args:
        session: An open transaction.
        wanted: Which ones.
        detailed: Only those that have a score, with ``bundle``: its ``qa``, ``compliance`` and ``versions``.
    """
    more = _DETAIL if detailed else _OUTCOME
    statement = sa.select(*_CONVERSATION, *_SCORE, *more, undecided(col(ScoreRow.id)).label("undecided"))
    statement = _of_conversations(statement.select_from(ConversationRow), wanted)
    if detailed:
        statement = statement.where(col(ScoreRow.id).is_not(None))
    return _batches(session, statement.order_by(col(ConversationRow.occurred_at), col(ConversationRow.id)))


def tasks(session: Session, wanted: ConversationFilter) -> Iterator[Batch]:
    """Yield review tasks, by id, with their reasons and the probability of a random draw."""
    one = aliased(ReviewTaskReason)
    names = sa.select(sa.func.array_agg(aggregate_order_by(col(one.reason), col(one.reason)))).where(
        col(one.task_id) == col(ReviewTask.id)
    )
    drawn = sa.and_(col(ReviewTaskReason.task_id) == col(ReviewTask.id), col(ReviewTaskReason.reason) == "random")
    fields = ("purpose", "pair_id", "status", "assignee", "skip_reason", "created_at", "taken_at", "done_at")
    statement = sa.select(
        *_ABOUT,
        col(ReviewTask.id),
        col(ReviewTask.score_id),
        *(col(getattr(ReviewTask, name)) for name in fields),
        names.scalar_subquery().label("reasons"),
        col(ReviewTaskReason.probability),
        col(ReviewTaskReason.policy_version),
        undecided(col(ReviewTask.score_id)).label("undecided"),
    )
    statement = statement.select_from(ReviewTask).join(
        ConversationRow, col(ConversationRow.id) == col(ReviewTask.conversation_id)
    )
    statement = _of_conversations(statement, wanted).outerjoin(ReviewTaskReason, drawn)
    return _batches(session, statement.order_by(col(ReviewTask.id)))


def decisions(session: Session, wanted: ConversationFilter) -> Iterator[Batch]:
    """Yield what people decided, by id."""
    score = aliased(ScoreRow)
    fields = (
        *("id", "score_id", "criterion_id", "kind", "task_id", "appeal_id", "session_id", "machine_verdict"),
        *("machine_value", "verdict", "value", "agrees", "reason", "by", "created_at"),
    )
    statement = sa.select(
        *_ABOUT,
        *(col(getattr(ReviewDecision, name)) for name in fields),
        col(score.playbook_version),
        col(score.rubric_version),
        undecided(col(ReviewDecision.score_id)).label("undecided"),
    )
    statement = _about_score(statement.select_from(ReviewDecision), score, col(ReviewDecision.score_id))
    return _batches(session, _of_conversations(statement, wanted).order_by(col(ReviewDecision.id)))


def appeals(session: Session, wanted: ConversationFilter) -> Iterator[Batch]:
    """Yield appeals, by id."""
    score = aliased(ScoreRow)
    fields = (
        *("id", "score_id", "criterion_id", "opened_by", "comment", "quoted_turns", "contested", "contested_by"),
        *("opened_at", "due_at", "status", "assignee", "closed_at", "outcome_verdict", "outcome_value"),
        "outcome_reason",
    )
    statement = sa.select(
        *_ABOUT,
        *(col(getattr(Appeal, name)) for name in fields),
        col(score.playbook_version),
        col(score.rubric_version),
        undecided(col(Appeal.score_id)).label("undecided"),
    )
    statement = _about_score(statement.select_from(Appeal), score, col(Appeal.score_id))
    return _batches(session, _of_conversations(statement, wanted).order_by(col(Appeal.id)))


def marks(session: Session, wanted: ConversationFilter) -> Iterator[Batch]:
    """Yield the marks of calibration sessions, by session, score, criterion and reviewer."""
    score = aliased(ScoreRow)
    keys = [col(getattr(CalibrationMark, name)) for name in ("session_id", "score_id", "criterion_id", "reviewer")]
    consensus = col(CalibrationSession.report)[col(CalibrationMark.criterion_id)]["consensus"]
    statement = sa.select(
        *_ABOUT,
        *keys,
        col(CalibrationMark.verdict),
        col(CalibrationMark.comment),
        col(CalibrationMark.created_at),
        *(col(getattr(CalibrationSession, name)) for name in ("title", "status", "decides", "closed_at")),
        consensus[sa.cast(col(CalibrationMark.score_id), sa.Text)].astext.label("consensus"),
        col(score.playbook_version),
        col(score.rubric_version),
        undecided(col(CalibrationMark.score_id)).label("undecided"),
    ).join(CalibrationSession, col(CalibrationSession.id) == col(CalibrationMark.session_id))
    statement = _about_score(statement.select_from(CalibrationMark), score, col(CalibrationMark.score_id))
    return _batches(session, _of_conversations(statement, wanted).order_by(*keys))


def root_causes(
    session: Session, wanted: ConversationFilter
) -> Iterator[Sequence[tuple[Any, StoredCause | None, StoredCause | None]]]:
    """Yield the causes of current scores, by time: the conversation, the newest suggestion, a person's last word."""
    model, person = aliased(RootCauseRow, name="suggestion"), aliased(RootCauseRow, name="said")
    statement = with_causes(model, person).with_only_columns(
        *_ABOUT, col(ScoreRow.id).label("score_id"), *_cause_columns(model), *_cause_columns(person)
    )
    statement = _of_conversations(statement, wanted)
    for batch in _batches(session, statement.order_by(col(ConversationRow.occurred_at), col(ConversationRow.id))):
        yield [(row, _cause(row, "suggestion"), _cause(row, "said")) for row in batch]


def events(session: Session, since: datetime | None, until: datetime | None) -> Iterator[Batch]:
    """Yield audit events, by place."""
    fields = ("seq", "at", "actor", "actor_role", "action", "object_type", "object_id", "request_id", "detail", "hash")
    statement = sa.select(*(col(getattr(AuditEvent, name)) for name in fields)).order_by(col(AuditEvent.seq))
    if since is not None:
        statement = statement.where(col(AuditEvent.at) >= since)
    if until is not None:
        statement = statement.where(col(AuditEvent.at) < until)
    return _batches(session, statement)


def scores_of(session: Session, score_ids: Sequence[int]) -> list[tuple[StoredScore, Mapping[str, Any] | None]]:
    """Return these scores, each with the revision that it was made from."""
    if not score_ids:
        return []
    revision = sa.and_(
        col(ConversationRevision.conversation_id) == col(ScoreRow.conversation_id),
        col(ConversationRevision.revision) == col(ScoreRow.revision),
    )
    statement = sa.select(
        *(col(getattr(ScoreRow, name)) for name in StoredScore.__slots__), col(ConversationRevision.document)
    ).outerjoin(ConversationRevision, revision)
    rows = session.execute(statement.where(col(ScoreRow.id).in_(score_ids)).order_by(col(ScoreRow.id)))
    return [(StoredScore(*row[:-1]), row[-1]) for row in rows]


def _cause_columns(cause: Any) -> list[Any]:
    name = sa.inspect(cause).name
    return [col(getattr(cause, field)).label(f"{name}_{field}") for field in StoredCause.__slots__]


def _cause(row: Any, name: str) -> StoredCause | None:
    if getattr(row, f"{name}_id") is None:
        return None
    return StoredCause(**{field: getattr(row, f"{name}_{field}") for field in StoredCause.__slots__})


def _about_score(statement: Any, score: Any, score_id: Any) -> Any:
    """Join the score that something is about, which need not be the current one, and its conversation."""
    statement = statement.join(score, col(score.id) == score_id)
    return statement.join(ConversationRow, col(ConversationRow.id) == col(score.conversation_id))


def _of_conversations(statement: Any, wanted: ConversationFilter) -> Any:
    """Add the conditions, those on scores by the current score."""
    joined = statement.outerjoin(ScoreRow, col(ScoreRow.id) == col(ConversationRow.current_score_id))
    return joined.where(*conditions(wanted))


def _batches(session: Session, statement: Any) -> Iterator[Batch]:
    return session.execute(statement.execution_options(yield_per=BATCH)).partitions()
