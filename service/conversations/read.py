"""Finding conversations again: one, a page, or all that fit a filter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from service.conversations import repository
from service.conversations.filters import ConversationFilter, ScoreState
from service.conversations.paging import decode_cursor, encode_cursor
from service.core.errors import NotFoundError
from service.db.tables import ConversationRow, ScoreRow

_CHUNK = 200


@dataclass(frozen=True, slots=True)
class StoredConversation:
    """A conversation with its document and what was said of it last.

    Attributes:
        document: The newest revision in the interchange format, masked.
        state: ``pending`` while the current revision waits for its score.
        score_error: The code of what kept it from being scored, where ``state`` is ``failed``.
        score_id: Id of the current score.
        score: The current score bundle, as ``attune score`` writes it.
    """

    id: str
    revision: int
    content_hash: str
    document: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime
    state: ScoreState
    score_error: str | None
    score_id: int | None
    score: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class ConversationSummary:
    """A line of a list: attributes and the key figures of the current score, no text."""

    id: str
    revision: int
    channel: str
    queue: str
    language: str | None
    agent_id: str | None
    agent_name: str | None
    customer_id: str | None
    occurred_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    turn_count: int
    tags: Sequence[str]
    state: ScoreState
    csat_mean: float | None
    csat_label: str | None
    shift: float | None
    direction: str | None
    compliance_score: float | None
    critical_fail: bool | None
    qa_score: float | None
    qa_passed: bool | None


@dataclass(frozen=True, slots=True)
class Page:
    """Some conversations, newest first, and where to go on; ``next_cursor`` is ``None`` on the last page."""

    items: Sequence[ConversationSummary]
    next_cursor: str | None


def get_conversation(session: Session, conversation_id: str) -> StoredConversation:
    """Return one conversation.

    Raises:
        NotFoundError: There is none of that id.
    """
    found = repository.get_many(session, [conversation_id])
    if not found:
        raise conversation_not_found(conversation_id)
    return _stored(*found[0])


def require_conversation(session: Session, conversation_id: str) -> None:
    """Make sure there is such a conversation.

    Raises:
        NotFoundError: There is none.
    """
    if not repository.exists(session, conversation_id):
        raise conversation_not_found(conversation_id)


def list_conversations(
    session: Session, wanted: ConversationFilter, limit: int = 50, cursor: str | None = None
) -> Page:
    """Return a page of conversations that fit, newest first.

    Raises:
        InvalidCursorError: ``cursor`` is not one of a page before.
    """
    rows = repository.page(session, wanted, limit + 1, decode_cursor(cursor) if cursor is not None else None)
    more = len(rows) > limit
    rows = rows[:limit]
    last = rows[-1][0] if rows else None
    return Page(
        items=[_summary(row, score) for row, score in rows],
        next_cursor=encode_cursor(last.occurred_at, last.id) if more and last is not None else None,
    )


def iter_conversations(session: Session, wanted: ConversationFilter | None = None) -> Iterator[StoredConversation]:
    """Yield every conversation that fits, in order of id, a few hundred in memory at a time."""
    for ids in iter_ids(session, wanted or ConversationFilter()):
        for found in repository.get_many(session, ids):
            yield _stored(*found)


def iter_ids(session: Session, wanted: ConversationFilter) -> Iterator[list[str]]:
    """Yield the ids that fit, in order, in lists of at most 200."""
    after: str | None = None
    while ids := repository.ids_page(session, wanted, _CHUNK, after):
        yield ids
        after = ids[-1]


def count_conversations(session: Session) -> int:
    """Return how many conversations are stored."""
    return repository.count(session)


def conversation_not_found(conversation_id: str) -> NotFoundError:
    """Return the error that says there is no such conversation."""
    return NotFoundError(
        f"no conversation {conversation_id!r}", f"没有会话 {conversation_id!r}", location=conversation_id
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
        csat_mean=score.csat_mean if score else None,
        csat_label=score.csat_label if score else None,
        shift=score.shift if score else None,
        direction=score.direction if score else None,
        compliance_score=score.compliance_score if score else None,
        critical_fail=score.critical_fail if score else None,
        qa_score=score.qa_score if score else None,
        qa_passed=score.qa_passed if score else None,
    )
