"""Queries on dry runs and on what they would change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from service.db.tables import ConversationRow, DryRunChange, DryRunRow


@dataclass(frozen=True, slots=True)
class StoredDryRun:
    """A dry run as stored, without its playbooks and conversations."""

    id: int
    before_name: str
    after_name: str
    conditions: Mapping[str, Any]
    total: int
    created_by: str
    created_at: datetime
    state: str
    done: int
    skipped: int
    tally: Mapping[str, Any] | None
    error: Mapping[str, Any] | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Part:
    """What is needed to go on with a dry run: both documents and the conversations not judged yet, some of them."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]
    conversation_ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class Change:
    """A conversation that would change; ``place`` is its place in the run."""

    place: int
    conversation_id: str
    checks: Sequence[str]
    change: Mapping[str, Any]


_SHOWN = [getattr(DryRunRow, name) for name in StoredDryRun.__slots__]


def add(
    session: Session,
    names: tuple[str, str],
    documents: tuple[Mapping[str, Any], Mapping[str, Any]],
    conditions: Mapping[str, Any],
    conversation_ids: Sequence[str],
    by: str,
    at: datetime,
) -> int:
    """Store a dry run that waits, and return its id."""
    row = DryRunRow(
        before_name=names[0],
        after_name=names[1],
        before=dict(documents[0]),
        after=dict(documents[1]),
        conditions=dict(conditions),
        conversation_ids=list(conversation_ids),
        total=len(conversation_ids),
        created_by=by,
        created_at=at,
        state="waiting",
        done=0,
        skipped=0,
        updated_at=at,
    )
    session.add(row)
    session.flush()
    assert row.id is not None
    return row.id


def get(session: Session, dry_run_id: int, *, lock: bool = False) -> StoredDryRun | None:
    """Return a dry run; with ``lock`` nobody else changes it until the transaction ends."""
    statement = sa.select(*_SHOWN).where(col(DryRunRow.id) == dry_run_id)
    row = session.execute(statement.with_for_update() if lock else statement).one_or_none()
    return None if row is None else StoredDryRun(*row)


def page(session: Session, limit: int, before: int | None) -> list[StoredDryRun]:
    """Return dry runs, newest first, older than ``before``."""
    statement = sa.select(*_SHOWN).order_by(col(DryRunRow.id).desc()).limit(limit)
    if before is not None:
        statement = statement.where(col(DryRunRow.id) < before)
    return [StoredDryRun(*row) for row in session.execute(statement)]


def part(session: Session, dry_run_id: int, begin: int, size: int) -> Part:
    """Return both documents and up to ``size`` conversations from place ``begin`` on."""
    ids = col(DryRunRow.conversation_ids)
    statement = sa.select(col(DryRunRow.before), col(DryRunRow.after), ids[begin + 1 : begin + size]).where(
        col(DryRunRow.id) == dry_run_id
    )
    row = session.execute(statement).one()
    return Part(row[0], row[1], row[2] or [])


def update(session: Session, dry_run_id: int, at: datetime, **values: Any) -> None:
    """Set columns of a dry run."""
    statement = sa.update(DryRunRow).where(col(DryRunRow.id) == dry_run_id)
    session.execute(statement.values(updated_at=at, **values))


def add_changes(session: Session, dry_run_id: int, changes: Sequence[Change]) -> None:
    """Store what would change, but for conversations that were erased meanwhile."""
    ids = [one.conversation_id for one in changes]
    there = set(
        session.exec(
            select(ConversationRow.id)
            .where(col(ConversationRow.id).in_(ids))
            .with_for_update(read=True, key_share=True)
        )
    )
    session.add_all(
        DryRunChange(
            dry_run_id=dry_run_id,
            place=one.place,
            conversation_id=one.conversation_id,
            checks=list(one.checks),
            change=dict(one.change),
        )
        for one in changes
        if one.conversation_id in there
    )
    session.flush()


def changes(session: Session, dry_run_id: int, check: str | None, limit: int, after: int | None) -> list[Change]:
    """Return what would change, in the run's order, from behind place ``after`` on."""
    statement = (
        select(DryRunChange)
        .where(col(DryRunChange.dry_run_id) == dry_run_id)
        .order_by(col(DryRunChange.place))
        .limit(limit)
    )
    if check is not None:
        statement = statement.where(col(DryRunChange.checks).contains([check]))
    if after is not None:
        statement = statement.where(col(DryRunChange.place) > after)
    return [Change(row.place, row.conversation_id, row.checks, row.change) for row in session.exec(statement)]
