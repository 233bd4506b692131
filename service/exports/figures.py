"""KPIs, a row per group and figure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session

from service.exports.blindness import Blindness
from service.exports.columns import Column, Words
from service.exports.dataset import PERIOD, Dataset, Wanted
from service.exports.words import KPI_NOTE, KPI_UNIT, QUEUE
from service.kpi.definitions import KpiDefinition
from service.kpi.report import KpiValue, kpi_report


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of one group."""

    key: Mapping[str, str | None]
    definition: KpiDefinition
    figure: KpiValue


def _rows(session: Session, wanted: Wanted, _blindness: Blindness) -> Iterator[Figure]:
    one = wanted.conditions
    report = kpi_report(
        session, group_by=wanted.group_by, since=one.since, until=one.until, queue=one.queue, agent=one.agent
    )
    for group in (report.total, *report.groups):
        for definition in report.definitions:
            yield Figure(group.key, definition, group.values[definition.id])


def _day(row: Figure) -> date | None:
    found = row.key.get("day")
    return date.fromisoformat(found) if found else None


def _label(row: Figure) -> Words:
    return Words(row.definition.label["zh"], row.definition.label["en"])


def _defined(name: str, zh: str, en: str, words: Mapping[str, Words] | None = None) -> Column:
    return Column(name, Words(zh, en), lambda row: getattr(row.definition, name), words)


KPIS = Dataset(
    "kpis",
    Words("指标", "KPIs"),
    "kpis:read",
    (
        Column("day", Words("日期", "Day"), _day),
        Column("agent", Words("客服编号", "Agent"), lambda row: row.key.get("agent")),
        Column("queue", Words("业务队列", "Queue"), lambda row: row.key.get("queue"), QUEUE),
        _defined("id", "指标编号", "KPI"),
        Column("label", Words("指标", "Name"), _label),
        Column("value", Words("数值", "Value"), lambda row: row.figure.value),
        _defined("unit", "单位", "Unit", KPI_UNIT),
        Column("n", Words("样本数", "n"), lambda row: row.figure.n),
        Column("note", Words("说明", "Note"), lambda row: row.figure.note, KPI_NOTE),
        _defined("version", "口径版本", "Definition's version"),
    ),
    _rows,
    PERIOD | {"queue", "agent"},
    grouped=True,
)
