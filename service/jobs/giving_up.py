"""What happens to the conversations of a job that failed every time it was tried: none is forgotten."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session

from service.db.queue import enqueue_scoring
from service.scoring.repository import current_documents, set_failed

GAVE_UP = "scoring-gave-up"


def give_up(session: Session, conversation_ids: Sequence[str], priority: int) -> None:
    """Give each conversation a job of its own, so that one that kills its worker keeps no other from its score.

    One that was alone in its job already is marked as failed, to be found by ``state=failed`` and scored again.
    """
    if len(conversation_ids) > 1:
        for one in conversation_ids:
            enqueue_scoring(session, [one], priority=priority)
        return
    for stored in current_documents(session, conversation_ids):
        set_failed(session, stored.id, stored.revision, GAVE_UP)
