"""Queries on people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from service.accounts.roles import Role
from service.db.tables import Person


@dataclass(frozen=True, slots=True)
class PersonInfo:
    """A person.

    Attributes:
        id: Chosen when added, and never given again.
        name: For people to read.
        role: What they may do.
        agent_id: Who they are in conversations, where they are an agent.
        queues: Where they work; empty: everywhere.
        active: Whether their keys open; somebody who left is never deleted, for what they did stays theirs.
        created_at: When they were added.
    """

    id: str
    name: str
    role: Role
    agent_id: str | None
    queues: Sequence[str]
    active: bool
    created_at: datetime


def insert_new(session: Session, person: PersonInfo) -> bool:
    """Store a person; tell whether the id was free."""
    values = {name: getattr(person, name) for name in PersonInfo.__slots__}
    statement = insert(Person).values({**values, "queues": list(person.queues)})
    stored = session.execute(statement.on_conflict_do_nothing(index_elements=["id"]).returning(col(Person.id)))
    return stored.scalar() is not None


def find(session: Session, person_id: str) -> PersonInfo | None:
    """Return a person."""
    row = session.get(Person, person_id, populate_existing=True)
    return None if row is None else _info(row)


def everybody(session: Session) -> list[PersonInfo]:
    """Return all people, by id."""
    return [_info(row) for row in session.exec(select(Person).order_by(sa.collate(col(Person.id), "C")))]


def deactivate(session: Session, person_id: str) -> None:
    """Let a person's keys open nothing any more."""
    session.execute(sa.update(Person).where(col(Person.id) == person_id).values(active=False))


def _info(row: Person) -> PersonInfo:
    return PersonInfo(
        id=row.id,
        name=row.name,
        role=row.role,  # type: ignore[arg-type]  # checked before it is written
        agent_id=row.agent_id,
        queues=list(row.queues),
        active=row.active,
        created_at=row.created_at,
    )
