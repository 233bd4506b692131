"""Queries on root causes. Rows are appended, and read; nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from models.root_cause.taxonomy import Kind
from service.db.tables import ConversationRow, RootCauseRow, ScoreRow

Dimension = Literal["kind", "topic", "department", "day", "week", "month"]
TIMEZONE = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class StoredCause:
    """A suggestion, or what a person said.

    Attributes:
        id: Its number; later ones are greater.
        score_id: The score that it was made from, or that the person looked at.
        conversation_id: Whose cause it is.
        revision: Of the conversation.
        source: Who says so.
        kind: Service, system, or open.
        topic: Of the taxonomy; ``None`` is open.
        department: Of the taxonomy; ``None`` is open.
        reason: Why, in Chinese; a person's own words.
        reason_en: The model's in English.
        taxonomy: ``id@version``.
        taxonomy_hash: Of its content.
        confidence: Of the model in its topic, 0…1.
        kind_confidence: Of the model in its kind, 0…1.
        triggers: Why a cause was asked for; empty where somebody asked by hand.
        detail: The model's evidence and the topics it weighed.
        model: What read it.
        suggestion_id: A person's: the suggestion they saw.
        agrees: A person's: whether kind and topic are the suggestion's; ``None`` where there was none.
        by: Who; ``None`` for the model, and where that is not told.
        created_at: When.
    """

    id: int
    score_id: int
    conversation_id: str
    revision: int
    source: Literal["model", "person"]
    kind: Kind
    topic: str | None
    department: str | None
    reason: str | None
    reason_en: str | None
    taxonomy: str
    taxonomy_hash: str
    confidence: float | None
    kind_confidence: float | None
    triggers: Sequence[str] | None
    detail: Mapping[str, Any] | None
    model: str | None
    suggestion_id: int | None
    agrees: bool | None
    by: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Subject:
    """A conversation's current score with its causes: the newest suggestion and what a person said last."""

    score_id: int
    conversation_id: str
    revision: int
    occurred_at: datetime
    queue: str
    agent_id: str | None
    suggestion: StoredCause | None
    said: StoredCause | None

    @property
    def cause(self) -> StoredCause:
        """What stands: a person's word, else the suggestion."""
        found = self.said or self.suggestion
        assert found is not None
        return found


@dataclass(frozen=True, slots=True)
class CauseFilter:
    """Conditions that must all hold; those on the cause look at what stands."""

    kind: str | None = None
    topic: str | None = None
    department: str | None = None
    confirmed: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    agent: str | None = None
    queue: str | None = None


@dataclass(frozen=True, slots=True)
class Unattributed:
    """A current score without a suggestion by the taxonomy."""

    score_id: int
    conversation_id: str
    revision: int
    bundle: Mapping[str, Any]
    qa_passed: bool | None


def add_suggestions(session: Session, rows: Sequence[Mapping[str, Any]]) -> int:
    """Append suggestions, and return how many; a score that has one by the taxonomy keeps it."""
    if not rows:
        return 0
    statement = insert(RootCauseRow).values(list(rows)).on_conflict_do_nothing().returning(col(RootCauseRow.id))
    return len(session.execute(statement).all())


def add_word(session: Session, **values: Any) -> int:
    """Append what a person said and return its id."""
    row = RootCauseRow(**values)
    session.add(row)
    session.flush()
    assert row.id is not None
    return row.id


def unattributed(session: Session, conversation_ids: Sequence[str], taxonomy_hash: str) -> list[Unattributed]:
    """Return the current scores of these conversations that have no suggestion by the taxonomy, in order of id."""
    known = sa.select(col(RootCauseRow.id)).where(
        col(RootCauseRow.score_id) == col(ScoreRow.id),
        col(RootCauseRow.taxonomy_hash) == taxonomy_hash,
        col(RootCauseRow.source) == "model",
    )
    statement = (
        sa.select(ScoreRow)
        .join(ConversationRow, col(ConversationRow.current_score_id) == col(ScoreRow.id))
        .where(col(ConversationRow.id).in_(conversation_ids), ~known.exists())
        .order_by(col(ConversationRow.id))
    )
    return [
        Unattributed(row.id, row.conversation_id, row.revision, row.bundle, row.qa_passed)
        for row in session.execute(statement).scalars()
    ]


def history(session: Session, conversation_id: str, revision: int) -> list[StoredCause]:
    """Return everything said of the causes of a revision, oldest first."""
    statement = (
        select(RootCauseRow)
        .where(col(RootCauseRow.conversation_id) == conversation_id, col(RootCauseRow.revision) == revision)
        .order_by(col(RootCauseRow.id))
    )
    return [_stored(row) for row in session.exec(statement)]


def last_word(session: Session, conversation_id: str, revision: int) -> StoredCause | None:
    """Return what a person said last of the cause of a revision."""
    statement = (
        select(RootCauseRow)
        .where(col(RootCauseRow.conversation_id) == conversation_id, col(RootCauseRow.revision) == revision)
        .where(col(RootCauseRow.source) == "person")
        .order_by(col(RootCauseRow.id).desc())
        .limit(1)
    )
    row = session.exec(statement).one_or_none()
    return None if row is None else _stored(row)


def last_words(session: Session, revisions: Sequence[tuple[str, int]]) -> list[StoredCause]:
    """Return what a person said last of the cause of each of these revisions (conversation and number)."""
    place = sa.tuple_(col(RootCauseRow.conversation_id), col(RootCauseRow.revision))
    statement = (
        select(RootCauseRow)
        .where(place.in_(revisions), col(RootCauseRow.source) == "person")
        .order_by(col(RootCauseRow.id))
    )
    newest = {(row.conversation_id, row.revision): row for row in session.exec(statement)}
    return [_stored(row) for row in newest.values()]


def lock(session: Session, conversation_id: str) -> None:
    """Let nobody else say something of the conversation until this transaction is over."""
    statement = select(ConversationRow.id).where(col(ConversationRow.id) == conversation_id).with_for_update()
    session.exec(statement).one()


def find(session: Session, score_id: int, only_agent: str | None) -> Subject | None:
    """Return the causes of a current score."""
    return next((one for _, one in _ranked(session, CauseFilter(), only_agent, score_id=score_id)), None)


def page(
    session: Session, wanted: CauseFilter, only_agent: str | None, limit: int, after: tuple[int, int] | None
) -> list[tuple[int, Subject]]:
    """Return causes with their rank, those after ``after`` (rank and score).

    First what waits for a person and may be the system's (rank 0), then what else waits (1), then what is confirmed
    (2); within each in order of the score.
    """
    return list(_ranked(session, wanted, only_agent, limit=limit, after=after))


def counted(
    session: Session, wanted: CauseFilter, by: Sequence[Dimension], only_agent: str | None
) -> list[tuple[tuple[str | None, ...], int, int]]:
    """Return, per group in order, its key, how many causes it has, and how many of them are confirmed."""
    model, person = aliased(RootCauseRow), aliased(RootCauseRow)
    statement = _joined(model, person)
    keys = [_dimension(name, model, person) for name in by]
    statement = statement.with_only_columns(*keys, sa.func.count(), sa.func.count(col(person.id)))
    statement = statement.where(*_conditions(wanted, model, person, only_agent))
    if keys:
        places: list[sa.ColumnElement[Any]] = [sa.literal_column(str(number)) for number in range(1, len(keys) + 1)]
        statement = statement.group_by(*places).order_by(*places)
    return [
        (tuple(None if part is None else str(part) for part in row[: len(keys)]), row[-2], row[-1])
        for row in session.execute(statement)
    ]


def judged(session: Session, wanted: CauseFilter) -> list[tuple[StoredCause, StoredCause]]:
    """Return the suggestions of which a person said something, each with what was said last."""
    model, person = aliased(RootCauseRow), aliased(RootCauseRow)
    shown = sa.select(model, person).select_from(person).join(model, col(model.id) == col(person.suggestion_id))
    newest = (
        sa.select(sa.func.max(RootCauseRow.id))
        .where(
            col(RootCauseRow.conversation_id) == col(person.conversation_id),
            col(RootCauseRow.revision) == col(person.revision),
            col(RootCauseRow.source) == "person",
        )
        .correlate(person)
    )
    statement = (
        shown.join(
            ConversationRow,
            sa.and_(
                col(ConversationRow.id) == col(person.conversation_id),
                col(ConversationRow.revision) == col(person.revision),
            ),
        )
        .where(col(person.id) == newest.scalar_subquery())
        .where(*_of_conversation(wanted, None))
        .order_by(col(person.id))
    )
    return [(_stored(row[0]), _stored(row[1])) for row in session.execute(statement)]


def _ranked(
    session: Session,
    wanted: CauseFilter,
    only_agent: str | None,
    *,
    limit: int | None = None,
    after: tuple[int, int] | None = None,
    score_id: int | None = None,
) -> Iterator[tuple[int, Subject]]:
    model, person = aliased(RootCauseRow), aliased(RootCauseRow)
    rank = sa.case((col(person.id).is_not(None), 2), (col(model.kind) == "system", 0), else_=1)
    statement = (
        _joined(model, person)
        .with_only_columns(rank, ConversationRow, model, person)
        .where(*_conditions(wanted, model, person, only_agent))
        .order_by(rank, col(ConversationRow.current_score_id))
        .limit(limit)
    )
    if score_id is not None:
        statement = statement.where(col(ConversationRow.current_score_id) == score_id)
    if after is not None:
        place = sa.tuple_(rank, col(ConversationRow.current_score_id))
        statement = statement.where(place > sa.tuple_(sa.literal(after[0]), sa.literal(after[1], sa.BigInteger)))
    for number, conversation, suggestion, said in session.execute(statement):
        subject = Subject(
            score_id=conversation.current_score_id,
            conversation_id=conversation.id,
            revision=conversation.revision,
            occurred_at=conversation.occurred_at,
            queue=conversation.queue,
            agent_id=conversation.agent_id,
            suggestion=None if suggestion is None else _stored(suggestion),
            said=None if said is None else _stored(said),
        )
        yield number, subject


def _joined(model: Any, person: Any) -> sa.Select[*tuple[Any, ...]]:
    """Return conversations with the newest suggestion for their current score and the last word of a person."""
    return (
        sa.select(ConversationRow)
        .outerjoin(
            model,
            col(model.id)
            == sa.select(sa.func.max(RootCauseRow.id))
            .where(
                col(RootCauseRow.score_id) == col(ConversationRow.current_score_id),
                col(RootCauseRow.source) == "model",
            )
            .correlate(ConversationRow)
            .scalar_subquery(),
        )
        .outerjoin(
            person,
            col(person.id)
            == sa.select(sa.func.max(RootCauseRow.id))
            .where(
                col(RootCauseRow.conversation_id) == col(ConversationRow.id),
                col(RootCauseRow.revision) == col(ConversationRow.revision),
                col(RootCauseRow.source) == "person",
            )
            .correlate(ConversationRow)
            .scalar_subquery(),
        )
        .where(
            col(ConversationRow.current_score_id).is_not(None),
            sa.or_(col(model.id).is_not(None), col(person.id).is_not(None)),
        )
        .execution_options(populate_existing=True)
    )


def _standing(field: str, model: Any, person: Any) -> sa.ColumnElement[Any]:
    """Return a field of what stands; a person's word counts also where it leaves something open."""
    return sa.case((col(person.id).is_not(None), getattr(person, field)), else_=getattr(model, field))


def _conditions(
    wanted: CauseFilter, model: Any, person: Any, only_agent: str | None
) -> Iterator[sa.ColumnElement[bool]]:
    for field in ("kind", "topic", "department"):
        value = getattr(wanted, field)
        if value is not None:
            yield _standing(field, model, person) == value
    if wanted.confirmed is not None:
        yield col(person.id).is_not(None) if wanted.confirmed else col(person.id).is_(None)
    yield from _of_conversation(wanted, only_agent)


def _of_conversation(wanted: CauseFilter, only_agent: str | None) -> Iterator[sa.ColumnElement[bool]]:
    if wanted.since is not None:
        yield col(ConversationRow.occurred_at) >= wanted.since
    if wanted.until is not None:
        yield col(ConversationRow.occurred_at) < wanted.until
    for agent in (wanted.agent, only_agent):
        if agent is not None:
            yield col(ConversationRow.agent_id) == agent
    if wanted.queue is not None:
        yield col(ConversationRow.queue) == wanted.queue


def _dimension(name: Dimension, model: Any, person: Any) -> sa.ColumnElement[Any]:
    if name in ("kind", "topic", "department"):
        return _standing(name, model, person)
    local = sa.func.timezone(TIMEZONE, col(ConversationRow.occurred_at))
    return sa.cast(sa.func.date_trunc(name, local), sa.Date)


def _stored(row: RootCauseRow) -> StoredCause:
    return StoredCause(**{name: getattr(row, name) for name in StoredCause.__slots__})
