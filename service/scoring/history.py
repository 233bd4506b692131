"""The scores of a conversation, and asking for new ones."""

from __future__ import annotations

from sqlmodel import Session

from service.conversations.filters import ConversationFilter
from service.conversations.read import iter_ids, require_conversation
from service.db.queue import PRIORITY_RESCORE, PRIORITY_SINGLE, enqueue_scoring
from service.scoring import repository
from service.scoring.repository import StoredScore

__all__ = ["StoredScore", "current_score", "request_score", "request_scores", "score_history"]


def score_history(session: Session, conversation_id: str, *, only_agent: str | None = None) -> list[StoredScore]:
    """Return all scores of a conversation (of this agent where one is named), newest first.

    Raises:
        NotFoundError: There is no such conversation.
    """
    require_conversation(session, conversation_id, only_agent=only_agent)
    return repository.history(session, conversation_id)


def current_score(session: Session, conversation_id: str, *, only_agent: str | None = None) -> StoredScore | None:
    """Return the score that holds now, ``None`` while the newest revision waits for its own.

    Raises:
        NotFoundError: There is no such conversation, or it is another agent's.
    """
    require_conversation(session, conversation_id, only_agent=only_agent)
    return repository.current(session, conversation_id)


def request_score(session: Session, conversation_id: str) -> int:
    """Queue one conversation for scoring and return the job's id; with the same versions nothing will change.

    Raises:
        NotFoundError: There is no such conversation.
    """
    require_conversation(session, conversation_id)
    [(_, job_id)] = enqueue_scoring(session, [conversation_id], priority=PRIORITY_SINGLE)
    return job_id


def request_scores(session: Session, wanted: ConversationFilter) -> tuple[list[int], int]:
    """Queue all conversations that fit for scoring, behind all other work.

    Returns:
        The jobs' ids and the number of conversations.
    """
    jobs: list[int] = []
    total = 0
    for ids in iter_ids(session, wanted):
        total += len(ids)
        jobs += [job_id for _, job_id in enqueue_scoring(session, ids, priority=PRIORITY_RESCORE)]
    return jobs, total
