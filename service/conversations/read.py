"""Finding conversations again: one, a page, or all that fit a filter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from service.conversations import repository
from service.conversations.filters import ConversationFilter
from service.conversations.paging import decode_cursor, encode_cursor
from service.conversations.views import ConversationSummary, StoredConversation
from service.core.errors import NotFoundError

__all__ = [
    "ConversationSummary",
    "Page",
    "StoredConversation",
    "conversation_not_found",
    "count_conversations",
    "get_conversation",
    "iter_conversations",
    "iter_ids",
    "list_conversations",
    "require_conversation",
]

_CHUNK = 200


@dataclass(frozen=True, slots=True)
class Page:
    """Some conversations, newest first, and where to go on; ``next_cursor`` is ``None`` on the last page."""

    items: Sequence[ConversationSummary]
    next_cursor: str | None


def get_conversation(session: Session, conversation_id: str, *, only_agent: str | None = None) -> StoredConversation:
    """Return one conversation.

    Args:
        session: An open transaction.
        conversation_id: Its id.
        only_agent: Who may see this agent's conversations only.

    Raises:
        NotFoundError: There is none of that id, or it is another agent's.
    """
    found = repository.get_many(session, [conversation_id], only_agent)
    if not found:
        raise conversation_not_found(conversation_id)
    return found[0]


def require_conversation(session: Session, conversation_id: str, *, only_agent: str | None = None) -> None:
    """Make sure there is such a conversation, of this agent where one is named.

    Raises:
        NotFoundError: There is none.
    """
    if not repository.exists(session, conversation_id, only_agent):
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
    last = rows[-1] if rows else None
    return Page(
        items=rows,
        next_cursor=encode_cursor(last.occurred_at, last.id) if more and last is not None else None,
    )


def iter_conversations(session: Session, wanted: ConversationFilter | None = None) -> Iterator[StoredConversation]:
    """Yield every conversation that fits, in order of id, a few hundred in memory at a time."""
    for ids in iter_ids(session, wanted or ConversationFilter()):
        yield from repository.get_many(session, ids)


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
