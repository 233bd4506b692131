"""The one query behind all figures: conversations with their current scores, grouped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlmodel import Session, col

from service.db.tables import ConversationRow, ScoreRow
from service.kpi.definitions import KpiDefinition

Dimension = Literal["day", "agent", "queue"]
GroupRow = tuple[tuple[Any, ...], list[tuple[float | None, int]]]


def grouped(
    session: Session,
    definitions: Sequence[KpiDefinition],
    dimensions: Sequence[Dimension],
    *,
    since: datetime | None,
    until: datetime | None,
    queue: str | None,
    agent: str | None,
    timezone: str,
) -> list[GroupRow]:
    """Return, per group in order, its key and for each definition the value and the n behind it."""
    keys = [_dimension(name, timezone) for name in dimensions]
    figures = [figure for definition in definitions for figure in _figure(definition)]
    statement = (
        sa.select(*keys, *figures)
        .select_from(ConversationRow)
        .outerjoin(ScoreRow, col(ScoreRow.id) == col(ConversationRow.current_score_id))
    )
    statement = statement.where(*_conditions(since, until, queue, agent))
    if keys:
        # By position: the time zone is a parameter, and the same expression with two of them is two expressions.
        positions: list[sa.ColumnElement[Any]] = [sa.literal_column(str(number)) for number in range(1, len(keys) + 1)]
        statement = statement.group_by(*positions).order_by(*positions)
    rows = session.execute(statement).all()
    width = len(keys)
    return [
        (
            tuple(row[:width]),
            [(_number(row[width + 2 * index]), row[width + 2 * index + 1]) for index in range(len(definitions))],
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class VersionsUsed:
    """Conversations whose current scores were made with the same versions, and the span of time they lie in."""

    playbook: str
    rubric: str
    model: str
    code: str
    conversations: int
    first: datetime
    last: datetime


def versions_used(
    session: Session, *, since: datetime | None, until: datetime | None, queue: str | None, agent: str | None
) -> list[VersionsUsed]:
    """Return which versions the current scores of the conversations were made with."""
    versions: list[sa.SQLColumnExpression[Any]] = [
        col(getattr(ScoreRow, f"{name}_version")).label(name) for name in ("playbook", "rubric", "model", "code")
    ]
    occurred = col(ConversationRow.occurred_at)
    statement = (
        sa.select(*versions, sa.func.count(), sa.func.min(occurred), sa.func.max(occurred))
        .select_from(ConversationRow)
        .join(ScoreRow, col(ScoreRow.id) == col(ConversationRow.current_score_id))
        .where(*_conditions(since, until, queue, agent))
        .group_by(*versions)
    )
    return [VersionsUsed(*row) for row in session.execute(statement)]


def _conditions(
    since: datetime | None, until: datetime | None, queue: str | None, agent: str | None
) -> Iterator[sa.ColumnElement[bool]]:
    if since is not None:
        yield col(ConversationRow.occurred_at) >= since
    if until is not None:
        yield col(ConversationRow.occurred_at) < until
    if queue is not None:
        yield col(ConversationRow.queue) == queue
    if agent is not None:
        yield col(ConversationRow.agent_id) == agent


def _dimension(name: Dimension, timezone: str) -> sa.SQLColumnExpression[Any]:
    if name == "day":
        return sa.cast(sa.func.timezone(timezone, col(ConversationRow.occurred_at)), sa.Date)
    return col(ConversationRow.agent_id) if name == "agent" else col(ConversationRow.queue)


def _figure(definition: KpiDefinition) -> tuple[sa.SQLColumnExpression[Any], sa.SQLColumnExpression[int]]:
    column = _column(definition)
    known = sa.func.count(column)
    match definition.statistic:
        case "count":
            return known, known
        case "mean":
            return sa.func.avg(column), known
        case "median":
            return sa.func.percentile_cont(0.5).within_group(column), known
        case "p90":
            return sa.func.percentile_cont(0.9).within_group(column), known
        case "share":
            return sa.func.avg(sa.cast(column, sa.Integer)), known
        case "share_equal":
            return sa.func.avg(sa.cast(column == definition.equals, sa.Integer)), known


def _column(definition: KpiDefinition) -> sa.SQLColumnExpression[Any]:
    if definition.field == "conversation":
        return col(ConversationRow.id)
    if definition.field == "score":
        return col(ConversationRow.current_score_id)
    return col(getattr(ScoreRow, definition.field))


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
