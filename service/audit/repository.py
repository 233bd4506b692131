"""Queries on the audit log. Rows are appended, and read; nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col

from service.audit.event import Event, Link
from service.db.tables import AuditEvent

_LOCK = 0x61756474  # "audt": one transaction at a time appends, so that no two events follow the same one
_CHUNK = 2000
_LOCK_AND_WAIT = sa.text("SELECT pg_advisory_xact_lock(:key)")
_LOCK_ALONE = sa.text("SELECT set_config('synchronous_commit', 'off', true), pg_advisory_xact_lock(:key)")

_HEAD = sa.text("SELECT seq, hash FROM audit_event ORDER BY seq DESC LIMIT 1")
_INSERT = sa.insert(SQLModel.metadata.tables["audit_event"])
_FACTS = tuple(name for name in Event.__slots__ if name != "detail")
_COLUMNS = [
    *(col(getattr(AuditEvent, name)) for name in _FACTS),
    sa.cast(col(AuditEvent.detail), sa.Text).label("detail_text"),
    col(AuditEvent.prev_hash),
    col(AuditEvent.hash),
]


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Conditions that must all hold; ``since`` is included, ``until`` is not.

    ``action`` may end in ``.*`` for all of a kind.
    """

    since: datetime | None = None
    until: datetime | None = None
    actor: str | None = None
    action: str | None = None
    object_type: str | None = None
    object_id: str | None = None
    request_id: str | None = None


def lock(session: Session, *, wait_for_disk: bool = True) -> None:
    """Wait until no other transaction appends; it is held until this one ends.

    Args:
        session: An open transaction.
        wait_for_disk: Whether this transaction's commit returns only when it is on the disk.
    """
    # One statement, as each costs a round trip; the head has to be read by another one, once the lock is held.
    statement = _LOCK_AND_WAIT if wait_for_disk else _LOCK_ALONE
    session.execute(statement, {"key": _LOCK})


def head(session: Session) -> tuple[int, str] | None:
    """Return place and hash of the last event, ``None`` where there is none."""
    row = session.execute(_HEAD).one_or_none()
    return None if row is None else (row[0], row[1])


def append(session: Session, links: Sequence[Link]) -> None:
    """Store events."""
    rows = [
        {
            **{name: getattr(link.event, name) for name in Event.__slots__},
            "prev_hash": link.prev_hash,
            "hash": link.hash,
        }
        for link in links
    ]
    # Past the mapper, which would take longer than the database does: every read of a conversation comes through here.
    session.connection().execute(_INSERT, rows)


def get(session: Session, seq: int) -> Link | None:
    """Return the event at a place."""
    row = session.execute(sa.select(*_COLUMNS).where(col(AuditEvent.seq) == seq)).one_or_none()
    return None if row is None else _link(row)


def place_of(session: Session, event_hash: str) -> int | None:
    """Return where the event of that hash stands."""
    found: int | None = session.execute(
        sa.select(col(AuditEvent.seq)).where(col(AuditEvent.hash) == event_hash).limit(1)
    ).scalar()
    return found


def walk(session: Session, start: int | None) -> Iterator[Link]:
    """Yield all events in order, from ``start`` on or from the very first one, some thousands in memory at a time."""
    after: int | None = None
    while True:
        statement = sa.select(*_COLUMNS).order_by(col(AuditEvent.seq)).limit(_CHUNK)
        if after is not None:
            statement = statement.where(col(AuditEvent.seq) > after)
        elif start is not None:
            statement = statement.where(col(AuditEvent.seq) >= start)
        rows = session.execute(statement).all()
        yield from (_link(row) for row in rows)
        if len(rows) < _CHUNK:
            return
        after = rows[-1].seq


def page(session: Session, wanted: EventFilter, limit: int, before: int | None = None) -> list[Link]:
    """Return up to ``limit`` events that fit, newest first, that come before the place ``before``."""
    statement = sa.select(*_COLUMNS).where(*_conditions(wanted)).order_by(col(AuditEvent.seq).desc()).limit(limit)
    if before is not None:
        statement = statement.where(col(AuditEvent.seq) < before)
    return [_link(row) for row in session.execute(statement)]


def _conditions(wanted: EventFilter) -> Iterator[sa.ColumnElement[bool]]:
    if wanted.since is not None:
        yield col(AuditEvent.at) >= wanted.since
    if wanted.until is not None:
        yield col(AuditEvent.at) < wanted.until
    for name in ("actor", "object_type", "object_id", "request_id"):
        if (value := getattr(wanted, name)) is not None:
            yield col(getattr(AuditEvent, name)) == value
    if wanted.action is not None:
        action = col(AuditEvent.action)
        kind = wanted.action.removesuffix("*")
        yield action.startswith(kind, autoescape=True) if kind.endswith(".") else action == wanted.action


def _link(row: sa.Row[tuple[object, ...]]) -> Link:
    facts = {name: getattr(row, name) for name in _FACTS}
    # As text, so that a document which was tampered with until it is no JSON object is still told of, as changed.
    return Link(Event(**facts, detail=orjson.loads(row.detail_text)), row.prev_hash, row.hash)
