"""Queries on conversations and their revisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from service.conversations.filters import ConversationFilter, ScoreState
from service.conversations.views import ConversationSummary, StoredConversation
from service.db.tables import ConversationRevision, ConversationRow, ScoreRow

# A list shows neither, and reading hundreds of bundles takes most of its time.
_WITHOUT_LONG_VALUES = (
    defer(ConversationRow.facts, raiseload=True),  # type: ignore[arg-type]  # an attribute of the class is a column
    defer(ScoreRow.bundle, raiseload=True),  # type: ignore[arg-type]
)


def insert_new(session: Session, rows: Sequence[Mapping[str, Any]]) -> set[str]:
    """Insert the rows whose ids are free and return those ids; waits for others who are inserting the same."""
    if not rows:
        return set()
    statement = insert(ConversationRow).on_conflict_do_nothing(index_elements=["id"]).returning(col(ConversationRow.id))
    return set(session.execute(statement, list(rows)).scalars())


def lock_existing(session: Session, ids: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Lock the rows against other writers, in order of id, and return each one's revision and content hash.

    The order is Python's, in which the worker updates the same rows; with the database's own, the two could deadlock.
    """
    statement = (
        select(ConversationRow.id, ConversationRow.revision, ConversationRow.content_hash)
        .where(col(ConversationRow.id).in_(ids))
        .order_by(sa.collate(col(ConversationRow.id), "C"))
        .with_for_update(key_share=True)
    )
    return {row.id: (row.revision, row.content_hash) for row in session.execute(statement)}


def update_rows(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Overwrite the newest state of conversations that got a further revision; their scores are no longer current."""
    if rows:
        session.execute(
            sa.update(ConversationRow), [{**row, "current_score_id": None, "score_error": None} for row in rows]
        )


def add_revisions(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append revisions."""
    if rows:
        session.execute(sa.insert(ConversationRevision), list(rows))


def get_many(session: Session, ids: Sequence[str], only_agent: str | None = None) -> list[StoredConversation]:
    """Return conversations (of one agent) with their newest documents and current scores, in order of id."""
    statement = (
        select(ConversationRow, ConversationRevision.document, ScoreRow)
        .join(ConversationRevision, _is_current_revision())
        .outerjoin(ScoreRow, col(ScoreRow.id) == col(ConversationRow.current_score_id))
        .where(col(ConversationRow.id).in_(ids))
        .order_by(col(ConversationRow.id))
    )
    if only_agent is not None:
        statement = statement.where(col(ConversationRow.agent_id) == only_agent)
    return [_stored(row[0], row[1], row[2]) for row in session.execute(statement)]


def exists(session: Session, conversation_id: str, only_agent: str | None = None) -> bool:
    """Tell whether there is such a conversation, of this agent where one is named."""
    row = session.get(ConversationRow, conversation_id)
    return row is not None and only_agent in (None, row.agent_id)


def page(
    session: Session, wanted: ConversationFilter, limit: int, before: tuple[datetime, str] | None = None
) -> list[ConversationSummary]:
    """Return up to ``limit`` conversations, newest first, that come after the position ``before``."""
    statement = (
        select(ConversationRow, ScoreRow)
        .options(*_WITHOUT_LONG_VALUES)
        .outerjoin(ScoreRow, col(ScoreRow.id) == col(ConversationRow.current_score_id))
        .where(*conditions(wanted))
        .order_by(col(ConversationRow.occurred_at).desc(), col(ConversationRow.id).desc())
        .limit(limit)
    )
    if before is not None:
        place = sa.tuple_(col(ConversationRow.occurred_at), col(ConversationRow.id))
        statement = statement.where(place < sa.tuple_(sa.literal(before[0]), sa.literal(before[1])))
    return [_summary(row[0], row[1]) for row in session.execute(statement)]


def count(session: Session) -> int:
    """Return how many conversations there are."""
    return session.exec(select(sa.func.count(col(ConversationRow.id)))).one()


def ids_page(session: Session, wanted: ConversationFilter, limit: int, after: str | None = None) -> list[str]:
    """Return up to ``limit`` ids in order of id, after ``after``."""
    statement = (
        select(ConversationRow.id)
        .outerjoin(ScoreRow, col(ScoreRow.id) == col(ConversationRow.current_score_id))
        .where(*conditions(wanted))
        .order_by(col(ConversationRow.id))
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(col(ConversationRow.id) > after)
    return list(session.execute(statement).scalars())


def conditions(wanted: ConversationFilter) -> list[sa.ColumnElement[bool]]:
    """Return the filter as SQL over conversations outer-joined with their current scores."""
    equal = {
        col(ConversationRow.queue): wanted.queue,
        col(ConversationRow.channel): wanted.channel,
        col(ConversationRow.agent_id): wanted.agent,
        col(ConversationRow.customer_id): wanted.customer,
        col(ConversationRow.language): wanted.language,
        col(ScoreRow.csat_label): wanted.csat_label,
        col(ScoreRow.direction): wanted.direction,
        col(ScoreRow.qa_passed): wanted.qa_passed,
        col(ScoreRow.critical_fail): wanted.critical_fail,
    }
    at_least = {
        col(ConversationRow.occurred_at): wanted.since,
        col(ScoreRow.csat_mean): wanted.min_csat,
        col(ScoreRow.qa_score): wanted.min_qa,
        col(ScoreRow.compliance_score): wanted.min_compliance,
    }
    at_most = {
        col(ScoreRow.csat_mean): wanted.max_csat,
        col(ScoreRow.qa_score): wanted.max_qa,
        col(ScoreRow.compliance_score): wanted.max_compliance,
    }
    result: list[sa.ColumnElement[bool]] = []
    result += [column == value for column, value in equal.items() if value is not None]
    result += [column >= value for column, value in at_least.items() if value is not None]
    result += [column <= value for column, value in at_most.items() if value is not None]
    if wanted.until is not None:
        result.append(col(ConversationRow.occurred_at) < wanted.until)
    if wanted.tag is not None:
        result.append(col(ConversationRow.tags).contains([wanted.tag]))
    if wanted.state == "scored":
        result.append(col(ConversationRow.current_score_id).is_not(None))
    elif wanted.state is not None:
        result.append(col(ConversationRow.current_score_id).is_(None))
        failed = col(ConversationRow.score_error)
        result.append(failed.is_not(None) if wanted.state == "failed" else failed.is_(None))
    return result


def _is_current_revision() -> sa.ColumnElement[bool]:
    return sa.and_(
        col(ConversationRevision.conversation_id) == col(ConversationRow.id),
        col(ConversationRevision.revision) == col(ConversationRow.revision),
    )


def _stored(row: ConversationRow, document: Mapping[str, Any], score: ScoreRow | None) -> StoredConversation:
    return StoredConversation(
        id=row.id,
        revision=row.revision,
        content_hash=row.content_hash,
        document=document,
        created_at=row.created_at,
        updated_at=row.updated_at,
        state=_state(row),
        score_error=row.score_error,
        score_id=row.current_score_id,
        score=score.bundle if score else None,
    )


def _state(row: ConversationRow) -> ScoreState:
    if row.current_score_id is not None:
        return "scored"
    return "pending" if row.score_error is None else "failed"


def _summary(row: ConversationRow, score: ScoreRow | None) -> ConversationSummary:
    return ConversationSummary(
        id=row.id,
        revision=row.revision,
        channel=row.channel,
        queue=row.queue,
        language=row.language,
        agent_id=row.agent_id,
        agent_name=row.agent_name,
        customer_id=row.customer_id,
        occurred_at=row.occurred_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        turn_count=row.turn_count,
        tags=row.tags,
        state=_state(row),
        score_id=row.current_score_id,
        csat_mean=score.csat_mean if score else None,
        csat_label=score.csat_label if score else None,
        shift=score.shift if score else None,
        direction=score.direction if score else None,
        compliance_score=score.compliance_score if score else None,
        critical_fail=score.critical_fail if score else None,
        qa_score=score.qa_score if score else None,
        qa_passed=score.qa_passed if score else None,
    )
