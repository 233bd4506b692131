"""Queries on scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from service.db.tables import ConversationRevision, ConversationRow, ScoreRow


@dataclass(frozen=True, slots=True)
class Current:
    """The newest revision of a conversation, as stored; ``occurred_at`` is its place in time."""

    id: str
    revision: int
    document: Mapping[str, Any]
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class StoredScore:
    """A score as stored.

    Attributes:
        id: Its number.
        conversation_id: Whose score it is.
        revision: The content it was made from.
        created_at: When.
        bundle: What ``attune score`` writes.
        provenance: Hashes of all that it was made with; scores from before these were kept have none.
    """

    id: int
    conversation_id: str
    revision: int
    created_at: datetime
    bundle: Mapping[str, Any]
    provenance: Mapping[str, Any] | None


def current_documents(session: Session, ids: Sequence[str]) -> list[Current]:
    """Return the newest revisions, in order of id; unknown ids are left out."""
    statement = (
        select(ConversationRevision, ConversationRow.occurred_at)
        .join(
            ConversationRow,
            sa.and_(
                col(ConversationRevision.conversation_id) == col(ConversationRow.id),
                col(ConversationRevision.revision) == col(ConversationRow.revision),
            ),
        )
        .where(col(ConversationRow.id).in_(ids))
        .order_by(col(ConversationRow.id))
    )
    return [
        Current(row.conversation_id, row.revision, row.document, occurred_at)
        for row, occurred_at in session.execute(statement)
    ]


def known_scores(session: Session, keys: Sequence[tuple[str, int, str]]) -> dict[tuple[str, int, str], int]:
    """Return the ids of the scores that exist for (conversation, revision, versions hash)."""
    key = sa.tuple_(col(ScoreRow.conversation_id), col(ScoreRow.revision), col(ScoreRow.versions_hash))
    statement = select(ScoreRow.conversation_id, ScoreRow.revision, ScoreRow.versions_hash, ScoreRow.id).where(
        key.in_(list(keys))
    )
    return {(row[0], row[1], row[2]): row[3] for row in session.execute(statement)}


def add_scores(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append scores; those that exist with the same versions stay as they are."""
    if rows:
        statement = insert(ScoreRow).on_conflict_do_nothing(constraint="uq_score_conversation_versions")
        session.execute(statement, list(rows))


def set_current(session: Session, scores: Mapping[tuple[str, int], int]) -> None:
    """Point conversations, in order of id, to their scores; one that moved on to another revision is left alone."""
    for (conversation_id, revision), score_id in sorted(scores.items()):
        session.execute(
            sa.update(ConversationRow)
            .where(col(ConversationRow.id) == conversation_id, col(ConversationRow.revision) == revision)
            .where(
                sa.or_(
                    col(ConversationRow.current_score_id).is_distinct_from(score_id),
                    col(ConversationRow.score_error).is_not(None),
                )
            )
            .values(current_score_id=score_id, score_error=None)
        )


def set_failed(session: Session, conversation_id: str, revision: int, code: str) -> None:
    """Note what kept a revision from being scored."""
    session.execute(
        sa.update(ConversationRow)
        .where(col(ConversationRow.id) == conversation_id, col(ConversationRow.revision) == revision)
        .values(score_error=code)
    )


def history(session: Session, conversation_id: str) -> list[StoredScore]:
    """Return all scores of a conversation, newest first."""
    statement = (
        select(ScoreRow).where(col(ScoreRow.conversation_id) == conversation_id).order_by(col(ScoreRow.id).desc())
    )
    return [_stored(row) for row in session.exec(statement)]


def current(session: Session, conversation_id: str) -> StoredScore | None:
    """Return the current score of a conversation."""
    statement = (
        select(ScoreRow)
        .join(ConversationRow, col(ConversationRow.current_score_id) == col(ScoreRow.id))
        .where(col(ConversationRow.id) == conversation_id)
    )
    row = session.exec(statement).one_or_none()
    return None if row is None else _stored(row)


def get(session: Session, score_id: int, only_agent: str | None = None) -> StoredScore | None:
    """Return a score by its id; with an agent named, only of that agent's conversations."""
    statement = select(ScoreRow).where(col(ScoreRow.id) == score_id)
    if only_agent is not None:
        theirs = select(ConversationRow.id).where(col(ConversationRow.agent_id) == only_agent)
        statement = statement.where(col(ScoreRow.conversation_id).in_(theirs))
    row = session.exec(statement).one_or_none()
    return None if row is None else _stored(row)


def document_of(session: Session, conversation_id: str, revision: int) -> Mapping[str, Any] | None:
    """Return one revision's document."""
    row = session.get(ConversationRevision, (conversation_id, revision))
    return None if row is None else row.document


def _stored(row: ScoreRow) -> StoredScore:
    assert row.id is not None
    return StoredScore(row.id, row.conversation_id, row.revision, row.created_at, row.bundle, row.provenance)
