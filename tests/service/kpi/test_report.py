from __future__ import annotations

import statistics
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session

from models.interchange import parse_conversation
from service.conversations.store import store_conversations
from service.core.errors import InvalidRequestError
from service.db.engine import Database
from service.kpi.breaks import find_breaks
from service.kpi.definitions import load_definitions
from service.kpi.report import kpi_report
from service.kpi.repository import VersionsUsed
from service.scoring.fake import FakeEngine
from service.scoring.history import current_score
from service.scoring.run import score_batch

_AGENTS = ("a-1", "a-2")
_QUEUES = ("presale", "aftersale")


def conversation(number: int, document) -> dict:
    hour, minute = divmod(number, 60)
    asked = datetime.fromisoformat(f"2026-10-{12 + number % 3}T{hour:02}:{minute:02}:00+08:00")
    answered = asked.replace(second=number % 50 + 1)
    return document(
        f"c-{number}",
        queue=_QUEUES[number % 2],
        agent={"id": _AGENTS[number // 2 % 2]},
        started_at=asked.isoformat(),
        turns=[
            {"role": "customer", "at": asked.isoformat(), "text": f"第{number}个问题"},
            {"role": "agent", "at": answered.isoformat(), "text": "您好"},
        ],
    )


@pytest.fixture
def filled(database: Database, document):
    documents = [conversation(number, document) for number in range(60)]
    with database.transaction() as session:
        store_conversations(session, [parse_conversation(one) for one in documents])
    score_batch(database, FakeEngine(), [one["id"] for one in documents[:50]])
    with database.transaction() as session:
        bundles = {one["id"]: score.bundle for one in documents if (score := current_score(session, one["id"]))}
        yield session, documents, bundles


def test_totals_are_what_python_makes_of_the_scores(filled) -> None:
    session, documents, bundles = filled
    values = kpi_report(session).total.values
    scores = list(bundles.values())
    waits = [bundle["timing"]["first_response_s"] for bundle in scores]
    expected = {
        "conversations": len(documents),
        "scored_conversations": 50,
        "predicted_csat": statistics.fmean(bundle["csat"]["mean"] for bundle in scores),
        "predicted_dsat_rate": sum(bundle["csat"]["label"] == "dissatisfied" for bundle in scores) / 50,
        "predicted_resolution_rate": statistics.fmean(bundle["resolution"]["p_resolved"] for bundle in scores),
        "sentiment_shift": statistics.fmean(bundle["sentiment"]["shift"] for bundle in scores),
        "improved_rate": sum(bundle["sentiment"]["direction"] == "improved" for bundle in scores) / 50,
        "script_compliance": statistics.fmean(bundle["compliance"]["score"] for bundle in scores),
        "critical_violation_rate": sum(bundle["qa"]["auto_fail"] for bundle in scores) / 50,
        "auto_qa_score": statistics.fmean(bundle["qa"]["score"] for bundle in scores),
        "qa_pass_rate": sum(bundle["qa"]["passed"] for bundle in scores) / 50,
        "first_response_time": statistics.fmean(waits),
        "first_response_time_median": statistics.median(waits),
        "first_response_time_p90": statistics.quantiles(waits, n=10, method="inclusive")[-1],
    }
    for name, value in expected.items():
        assert values[name].value == pytest.approx(value), name
        assert values[name].n == (60 if name == "conversations" else 50), name
    assert set(values) == {definition.id for definition in load_definitions()}


@pytest.mark.parametrize("by", [("day",), ("agent",), ("queue",), ("day", "queue"), ("queue", "agent", "day")])
def test_groups_add_up_to_the_total(filled, by) -> None:
    session, documents, _ = filled
    report = kpi_report(session, group_by=by)

    def key(one: dict) -> tuple:
        parts = {"day": one["started_at"][:10], "agent": one["agent"]["id"], "queue": one["queue"]}
        return tuple(parts[name] for name in by)

    counted = {tuple(group.key.values()): group.values["conversations"].n for group in report.groups}
    assert list(counted) == sorted(counted)
    assert counted == {one: [key(each) for each in documents].count(one) for one in map(key, documents)}
    for name, total in report.total.values.items():
        assert sum(group.values[name].n for group in report.groups) == total.n


def test_days_begin_where_the_time_zone_says(session: Session, document) -> None:
    late = document("late", started_at="2026-10-12T23:30:00+08:00", turns=[{"role": "customer", "text": "在"}])
    early = document("early", started_at="2026-10-13T00:30:00+08:00", turns=[{"role": "customer", "text": "在"}])
    store_conversations(session, [parse_conversation(late), parse_conversation(early)])

    def days(timezone: str) -> list[str | None]:
        return [group.key["day"] for group in kpi_report(session, group_by=["day"], timezone=timezone).groups]

    assert days("Asia/Shanghai") == ["2026-10-12", "2026-10-13"]
    assert days("UTC") == ["2026-10-12"]

    def count(**period) -> int:
        return kpi_report(session, **period).total.values["conversations"].n

    assert count(until=date(2026, 10, 12)) == 1
    assert count(since=date(2026, 10, 13)) == 1
    assert count(since=date(2026, 10, 12), until=date(2026, 10, 13)) == 2
    assert count(since=date(2026, 10, 13), timezone="UTC") == 0
    assert count(until=datetime.fromisoformat("2026-10-13T00:30:00+08:00")) == 1
    assert count(since=datetime.fromisoformat("2026-10-13T00:30:00+08:00"), until=date.max) == 1


def test_nothing_to_count_is_said(session: Session) -> None:
    report = kpi_report(session, queue="complaint", agent="nobody", group_by=["day"])
    assert report.groups == []
    for name, value in report.total.values.items():
        counted = name in ("conversations", "scored_conversations")
        assert (value.value, value.n, value.note) == ((0, 0, None) if counted else (None, 0, "not_enough_data"))


def test_filters(filled) -> None:
    session, documents, _ = filled
    report = kpi_report(session, queue="presale", agent="a-1")
    fitting = [one for one in documents if one["queue"] == "presale" and one["agent"]["id"] == "a-1"]
    assert report.total.values["conversations"].n == len(fitting)


@pytest.mark.parametrize("name", ["Mars/Olympus", "posixrules", "localtime", "../../etc/passwd", "America"])
def test_no_such_time_zone(session: Session, name: str) -> None:
    with pytest.raises(InvalidRequestError):
        kpi_report(session, timezone=name)


def test_definitions_are_complete_and_named_once() -> None:
    definitions = load_definitions()
    assert len({definition.id for definition in definitions}) == len(definitions)
    for definition in definitions:
        assert definition.label.keys() == definition.description.keys() == {"zh", "en"}
        assert (definition.equals is not None) == (definition.statistic == "share_equal")


def test_breaks_tell_where_other_versions_begin(filled) -> None:
    session, _documents, _ = filled
    assert kpi_report(session).breaks == []
    found = find_breaks(
        [
            used("shop@1", "default@1+aa", 1, 5),
            used("shop@2", "default@1+aa", 4, 9),
            used("shop@2", "fast@1+bb", 10, 12),
            used("other@7", "fast@1+bb", 11, 13),
        ],
        ZoneInfo("Asia/Shanghai"),
    )
    assert [(one.what, one.before, one.after, one.day, one.conversations, one.mixed) for one in found] == [
        ("playbook", "shop@1", "shop@2", "2026-10-05", 20, True),
        ("model", "default@1+aa", "fast@1+bb", "2026-10-11", 20, False),
    ]


def used(playbook: str, model: str, first: int, last: int) -> VersionsUsed:
    days = [datetime(2026, 10, day, 20, tzinfo=UTC) for day in (first, last)]
    return VersionsUsed(playbook, "default@1", model, "0.1.0", 10, *days)


def test_breaks_of_the_selection_only(filled, database: Database) -> None:
    session, documents, _ = filled
    session.commit()
    later = [one["id"] for one in documents if "2026-10-14" in one["started_at"]]
    score_batch(database, FakeEngine(playbook="other", rubric="default"), later)
    with database.transaction() as again:
        found = kpi_report(again, group_by=["day"]).breaks
        assert [one.what for one in found] == []  # another playbook, not another version of it
        score_batch(database, FakeEngine(rubric="default"), later)
    with database.transaction() as again:
        assert kpi_report(again, until=date(2026, 10, 13)).breaks == []
