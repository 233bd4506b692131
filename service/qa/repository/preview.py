"""Queries for trying a rubric on stored scores: read as a stream, so that history may be of any size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from service.conversations.filters import ConversationFilter
from service.conversations.repository import conditions
from service.db.tables import ConversationRevision, ConversationRow, ScoreRow
from service.qa.repository.decisions import StoredDecision, of_scores
from service.qa.repository.figures import undecided_of
from service.scoring.repository import StoredScore

CHUNK = 250


@dataclass(frozen=True, slots=True)
class Scored:
    """A conversation with its current score."""

    score: StoredScore
    document: Mapping[str, Any]
    occurred_at: datetime
    queue: str
    agent_id: str | None
    agent_name: str | None


def scored(
    session: Session, wanted: ConversationFilter, limit: int, after: tuple[datetime, str] | None = None
) -> Iterator[Sequence[Scored]]:
    """Yield up to ``limit`` conversations that have a score, newest first, after the position, some at a time."""
    statement = (
        sa.select(
            col(ScoreRow.id),
            col(ScoreRow.conversation_id),
            col(ScoreRow.revision),
            col(ScoreRow.created_at),
            col(ScoreRow.bundle),
            col(ScoreRow.provenance),
            col(ConversationRevision.document),
            col(ConversationRow.occurred_at),
            col(ConversationRow.queue),
            col(ConversationRow.agent_id),
            col(ConversationRow.agent_name),
        )
        .select_from(ConversationRow)
        .join(ScoreRow, col(ScoreRow.id) == col(ConversationRow.current_score_id))
        .join(
            ConversationRevision,
            sa.and_(
                col(ConversationRevision.conversation_id) == col(ScoreRow.conversation_id),
                col(ConversationRevision.revision) == col(ScoreRow.revision),
            ),
        )
        .where(*conditions(wanted))
        .order_by(col(ConversationRow.occurred_at).desc(), col(ConversationRow.id).desc())
        .limit(limit)
        .execution_options(yield_per=CHUNK)
    )
    if after is not None:
        place = sa.tuple_(col(ConversationRow.occurred_at), col(ConversationRow.id))
        statement = statement.where(place < sa.tuple_(sa.literal(after[0]), sa.literal(after[1])))
    for rows in session.execute(statement).partitions():
        yield [Scored(StoredScore(*row[:6]), *row[6:]) for row in rows]


def decisions(session: Session, score_ids: Sequence[int]) -> dict[int, list[StoredDecision]]:
    """Return what people decided of scores, in order; nothing of those that somebody still has to judge blind."""
    waiting = undecided_of(session, score_ids)
    return of_scores(session, [one for one in score_ids if one not in waiting])
