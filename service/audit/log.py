"""Recording events, and reading them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session

from service.accounts.actor import Actor
from service.audit import repository
from service.audit.event import START, Event, Link, as_stored, link_hash
from service.audit.repository import EventFilter
from service.db.session import at_the_end

__all__ = ["EventFilter", "EventPage", "StoredEvent", "list_events", "record", "record_read"]

_PENDING = "attune.audit"
_READ_ONLY = "attune.audit.read_only"


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it is given out; ``hash`` is what an anchor names."""

    seq: int
    at: datetime
    actor: str
    actor_role: str
    action: str
    object_type: str
    object_id: str | None
    request_id: str | None
    detail: Mapping[str, Any]
    hash: str


@dataclass(frozen=True, slots=True)
class EventPage:
    """Some events, newest first; ``next_cursor`` continues, and is ``None`` on the last page."""

    items: Sequence[StoredEvent]
    next_cursor: int | None


def record(
    session: Session,
    actor: Actor,
    action: str,
    object_type: str,
    object_id: str | int | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Note who changed what; it is written when the transaction commits, with the change or not at all.

    Args:
        session: The transaction of the change.
        actor: Who does it.
        action: ``thing.verb``.
        object_type: The kind of thing.
        object_id: Which one; ``None`` for several.
        detail: JSON values: ids, counts, versions, conditions. Never a name, a contact, or text of a conversation.
    """
    _note(session, actor, action, object_type, object_id, detail, read_only=False)


def record_read(
    session: Session,
    actor: Actor,
    action: str,
    object_type: str,
    object_id: str | int | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Note who read what, as ``record``, in a transaction that changes nothing else.

    The reader does not wait until it is on the disk: should the database's machine lose its power within about half a
    second, these last events are lost. The chain stays whole, and an event of a change takes all before it with it.
    """
    _note(session, actor, action, object_type, object_id, detail, read_only=True)


def list_events(
    session: Session, wanted: EventFilter | None = None, limit: int = 50, cursor: int | None = None
) -> EventPage:
    """Return a page of the events that fit, newest first, after the cursor of the page before."""
    links = repository.page(session, wanted or EventFilter(), limit + 1, cursor)
    more = len(links) > limit
    items = [_given_out(link) for link in links[:limit]]
    return EventPage(items, items[-1].seq if more else None)


def _note(
    session: Session,
    actor: Actor,
    action: str,
    object_type: str,
    object_id: str | int | None,
    detail: Mapping[str, Any] | None,
    *,
    read_only: bool,
) -> None:
    if _PENDING not in session.info:
        session.info[_PENDING] = []
        session.info[_READ_ONLY] = True
        at_the_end(session, _write)
    session.info[_READ_ONLY] &= read_only
    session.info[_PENDING].append(
        {
            "actor": actor.label,
            "actor_role": actor.role,
            "action": action,
            "object_type": object_type,
            "object_id": None if object_id is None else str(object_id),
            "request_id": actor.request_id,
            "detail": as_stored(detail or {}),
        }
    )


def _write(session: Session) -> None:
    """Append what was noted, in order. The last thing in a transaction: everybody waits for this lock."""
    pending: Sequence[Mapping[str, Any]] = session.info.pop(_PENDING)
    repository.lock(session, wait_for_disk=not session.info.pop(_READ_ONLY))
    seq, prev_hash = repository.head(session) or (0, START)
    links = []
    for values in pending:
        seq += 1
        event = Event(seq=seq, at=datetime.now(UTC), **values)
        links.append(Link(event, prev_hash, link_hash(prev_hash, event)))
        prev_hash = links[-1].hash
    repository.append(session, links)


def _given_out(link: Link) -> StoredEvent:
    values = {name: getattr(link.event, name) for name in Event.__slots__}
    return StoredEvent(**values, hash=link.hash)
