"""What the audit log keeps of conversations that came in: one event a batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlmodel import Session

from service.accounts.actor import Actor
from service.audit.log import record
from service.conversations.store import StoreOutcome


def record_intake(session: Session, actor: Actor, outcomes: Sequence[StoreOutcome]) -> None:
    """Record a batch in the transaction that stores it; nothing where nothing changed."""
    counts: Counter[str] = Counter(outcome.outcome for outcome in outcomes)
    if not counts["accepted"] + counts["revised"]:
        return
    jobs = sorted({outcome.job_id for outcome in outcomes if outcome.job_id is not None})
    one = outcomes[0].id if len(outcomes) == 1 else None
    record(session, actor, "conversations.store", "conversation", one, {**counts, "jobs": jobs})
