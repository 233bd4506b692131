"""Taking conversations in: idempotent by id and content, masked before anything is written, queued for scoring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlmodel import Session

from models.domain.conversation import Conversation
from models.interchange import content_hash, conversation_to_json, mask_conversation
from service.conversations import repository
from service.db.queue import PRIORITY_BULK, PRIORITY_SINGLE, enqueue_scoring

Outcome = Literal["accepted", "unchanged", "revised", "conflict"]


@dataclass(frozen=True, slots=True)
class StoreOutcome:
    """What became of one conversation.

    Attributes:
        id: The conversation's id.
        outcome: ``conflict`` where the id has other content and no revision was asked for; nothing was written then.
        revision: Its newest revision now, from 1.
        job_id: The job that will score it, ``None`` where nothing changed.
    """

    id: str
    outcome: Outcome
    revision: int
    job_id: int | None = None


def store_conversations(
    session: Session, conversations: Sequence[Conversation], revise: bool = False
) -> list[StoreOutcome]:
    """Store conversations and queue the new and revised ones for scoring, all when the transaction commits.

    The same id with the same content changes nothing. Other content is a conflict, or with ``revise`` a further
    revision. The same id may come several times in one call; later ones meet the earlier. Pass some hundreds at a time:
    their rows stay locked until the commit.

    Returns:
        One outcome per conversation, in order.
    """
    prepared = [_Incoming.of(conversation) for conversation in conversations]
    now = datetime.now(UTC)
    first: dict[str, _Incoming] = {}
    for incoming in prepared:
        first.setdefault(incoming.id, incoming)
    # Always in order of id, so that two writers of the same ids wait for each other instead of deadlocking.
    ids = sorted(first)
    new = repository.insert_new(session, [first[one].row(now, revision=1) | {"created_at": now} for one in ids])
    known = repository.lock_existing(session, [one for one in ids if one not in new])

    latest = dict(known)
    revisions: list[dict[str, Any]] = []
    updates: dict[str, dict[str, Any]] = {}
    outcomes: list[tuple[str, Outcome, int]] = []
    for incoming in prepared:
        revision, known_hash = latest.get(incoming.id, (0, ""))
        if known_hash == incoming.content_hash:
            outcomes.append((incoming.id, "unchanged", revision))
            continue
        if revision and not revise:
            outcomes.append((incoming.id, "conflict", revision))
            continue
        latest[incoming.id] = (revision + 1, incoming.content_hash)
        revisions.append(incoming.revision_row(revision + 1, now))
        if revision:
            updates[incoming.id] = incoming.row(now, revision=revision + 1)
            if not incoming.dated:
                del updates[incoming.id]["occurred_at"]  # it stays where it was: when it first came in
        outcomes.append((incoming.id, "revised" if revision else "accepted", revision + 1))

    repository.update_rows(session, [updates[one] for one in sorted(updates)])
    repository.add_revisions(session, revisions)
    changed = list(dict.fromkeys(one for one, outcome, _ in outcomes if outcome in ("accepted", "revised")))
    jobs = _queue(session, changed)
    return [
        StoreOutcome(one, outcome, revision, jobs.get(one) if outcome in ("accepted", "revised") else None)
        for one, outcome, revision in outcomes
    ]


def _queue(session: Session, ids: Sequence[str]) -> dict[str, int]:
    priority = PRIORITY_SINGLE if len(ids) == 1 else PRIORITY_BULK
    queued: dict[str, int] = {}
    for batch, job in enqueue_scoring(session, ids, priority=priority):
        queued.update(dict.fromkeys(batch, job))
    return queued


@dataclass(frozen=True, slots=True)
class _Incoming:
    """A masked conversation on its way in."""

    conversation: Conversation
    content_hash: str
    document: Mapping[str, Any]

    @classmethod
    def of(cls, conversation: Conversation) -> _Incoming:
        masked = mask_conversation(conversation)
        return cls(masked, content_hash(masked), conversation_to_json(masked))

    @property
    def id(self) -> str:
        return self.conversation.id

    @property
    def dated(self) -> datetime | None:
        """Its place in time as far as it says so itself."""
        times = (turn.at for turn in self.conversation.turns if turn.at is not None)
        return self.conversation.started_at or next(times, None)

    def row(self, now: datetime, *, revision: int) -> dict[str, Any]:
        conversation = self.conversation
        return {
            "id": conversation.id,
            "revision": revision,
            "content_hash": self.content_hash,
            "channel": conversation.channel,
            "queue": conversation.queue,
            "language": conversation.language,
            "agent_id": conversation.agent.id,
            "agent_name": conversation.agent.name,
            "customer_id": conversation.customer.id,
            "started_at": conversation.started_at,
            "ended_at": conversation.ended_at,
            "occurred_at": self.dated or now,
            "turn_count": len(conversation.turns),
            "customer_turn_count": sum(turn.role == "customer" for turn in conversation.turns),
            "agent_turn_count": sum(turn.role == "agent" for turn in conversation.turns),
            "facts": dict(conversation.facts),
            "tags": list(conversation.tags),
            "updated_at": now,
        }

    def revision_row(self, revision: int, now: datetime) -> dict[str, Any]:
        return {
            "conversation_id": self.id,
            "revision": revision,
            "content_hash": self.content_hash,
            "document": dict(self.document),
            "created_at": now,
        }
