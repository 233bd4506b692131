"""Figures by day, agent and queue; each with the n behind it, and none where there is nothing to count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as day_time
from functools import cache
from typing import Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from sqlmodel import Session

from service.core.errors import InvalidRequestError
from service.kpi import repository
from service.kpi.breaks import Break, find_breaks
from service.kpi.definitions import KpiDefinition, load_definitions
from service.kpi.repository import Dimension

DEFAULT_TIMEZONE = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class KpiValue:
    """A figure: ``value`` is ``None`` with the note ``not_enough_data`` where ``n``, what it is made of, is 0."""

    value: float | None
    n: int
    note: Literal["not_enough_data"] | None


@dataclass(frozen=True, slots=True)
class KpiGroup:
    """One group: its key by dimension (empty for the total) and its figures by KPI id."""

    key: Mapping[str, str | None]
    values: Mapping[str, KpiValue]


@dataclass(frozen=True, slots=True)
class KpiReport:
    """The answer: the groups that have conversations, the total over all of them, and what the figures mean.

    ``breaks`` says where figures before and after are not made by the same playbook, rubric, model or code.
    """

    timezone: str
    group_by: Sequence[Dimension]
    total: KpiGroup
    groups: Sequence[KpiGroup]
    breaks: Sequence[Break]
    definitions: Sequence[KpiDefinition]


def kpi_report(
    session: Session,
    *,
    group_by: Sequence[Dimension] = (),
    since: date | datetime | None = None,
    until: date | datetime | None = None,
    queue: str | None = None,
    agent: str | None = None,
    timezone: str = DEFAULT_TIMEZONE,
) -> KpiReport:
    """Return the figures of the conversations in a period.

    Args:
        session: An open transaction.
        group_by: Dimensions, combined in that order.
        since: Start: a day in ``timezone`` or a moment; included.
        until: End: a day, which is included whole, or a moment, which is not.
        queue: Only this queue.
        agent: Only this agent's id.
        timezone: Where days begin, as an IANA name.

    Raises:
        InvalidRequestError: There is no such time zone.
    """
    zone = _zone(timezone)
    definitions = load_definitions()
    dimensions = tuple(dict.fromkeys(group_by))

    def rows(by: Sequence[Dimension]) -> list[KpiGroup]:
        found = repository.grouped(
            session,
            definitions,
            by,
            since=start_of(since, zone),
            until=end_of(until, zone),
            queue=queue,
            agent=agent,
            timezone=timezone,
        )
        return [_group(by, key, definitions, values) for key, values in found]

    [total] = rows(())
    used = repository.versions_used(
        session, since=start_of(since, zone), until=end_of(until, zone), queue=queue, agent=agent
    )
    groups = rows(dimensions) if dimensions else []
    return KpiReport(timezone, dimensions, total, groups, find_breaks(used, zone), definitions)


def start_of(moment: date | datetime | None, zone: ZoneInfo) -> datetime | None:
    """Return a moment as it is, a day as its beginning."""
    if moment is None:
        return None
    if isinstance(moment, datetime):
        return moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return datetime.combine(moment, day_time.min, tzinfo=zone)


def end_of(moment: date | datetime | None, zone: ZoneInfo) -> datetime | None:
    """Return a moment as it is, a day as the beginning of the next."""
    if moment is None or isinstance(moment, datetime) or moment == date.max:
        return start_of(moment, zone)
    return start_of(moment + timedelta(days=1), zone)


def _zone(name: str) -> ZoneInfo:
    # Only names that mean the same everywhere: "posixrules" and "localtime" open, too, but PostgreSQL knows neither.
    if name not in _zone_names():
        raise InvalidRequestError(
            f"no such time zone: {name}", f"没有该时区：{name}", hint="e.g. Asia/Shanghai", location="timezone"
        )
    return ZoneInfo(name)


@cache
def _zone_names() -> frozenset[str]:
    return frozenset(available_timezones()) - {"localtime"}


def _group(
    by: Sequence[Dimension],
    key: Sequence[Any],
    definitions: Sequence[KpiDefinition],
    values: Sequence[tuple[float | None, int]],
) -> KpiGroup:
    names = [None if part is None else part.isoformat() if isinstance(part, date) else str(part) for part in key]
    return KpiGroup(
        key=dict(zip(by, names, strict=True)),
        values={
            definition.id: _value(definition, value, n)
            for definition, (value, n) in zip(definitions, values, strict=True)
        },
    )


def _value(definition: KpiDefinition, value: float | None, n: int) -> KpiValue:
    if n == 0 and definition.statistic != "count":
        return KpiValue(None, 0, "not_enough_data")
    return KpiValue(value, n, None)
