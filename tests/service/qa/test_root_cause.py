from __future__ import annotations

import pytest
import sqlalchemy as sa

from models.root_cause import load_taxonomy
from service.accounts.actor import Actor
from service.audit.log import EventFilter, list_events
from service.core.errors import InvalidRequestError, NotFoundError, PersonNeededError, WorkConflictError
from service.core.settings import ServiceSettings
from service.db.engine import Database
from service.jobs.tasks import build_queue
from service.qa.decisions import review_of
from service.qa.repository.root_cause import CauseFilter
from service.qa.root_cause import Word, attribute, cause_sheet, list_causes, say, suggest_now
from service.qa.root_cause_figures import agreement, cause_figures
from service.scoring.fake import FakeEngine
from tests.service.qa.conftest import RubricEngine

TAXONOMY = load_taxonomy()
LATE = "快递停在中转站五天了一动不动"
RUDE = "你这是什么态度，阴阳怪气的"
VAGUE = "差评"


@pytest.fixture
def caused(database: Database, scored):
    """Return a function that stores, scores and attributes a complaint and returns the score's id."""

    def make(name: str = "c-1", text: str = LATE, **fields) -> int:
        fields.setdefault("queue", "complaint")
        score_id = scored(name, text=text, **fields)
        attribute(database, FakeEngine(), [name])
        return score_id

    return make


def test_suggestions_are_made_once_and_only_where_asked_for(database: Database, scored) -> None:
    scored("c-1", text=LATE, queue="complaint")
    engine = FakeEngine()
    assert attribute(database, engine, ["c-1", "unknown"]) == 1
    assert attribute(database, engine, ["c-1"]) == 0
    with database.transaction() as session:
        rows = session.execute(sa.text("SELECT source, kind, topic, triggers, model FROM root_cause")).all()
        events = list_events(session, EventFilter(action="root_cause.suggest")).items
    [(source, kind, topic, triggers, model)] = rows
    assert (source, kind, topic, model) == ("model", "system", "delivery_delay", "signs")
    assert "complaint_queue" in triggers
    assert [event.detail["suggested"] for event in events] == [1]


def test_the_worker_attributes_what_it_scores(database: Database, document) -> None:
    from models.interchange import parse_conversation
    from service.conversations.store import store_conversations

    with database.transaction() as session:
        store_conversations(session, [parse_conversation(document("c-1", LATE, queue="complaint"))])
    queue = build_queue(database, RubricEngine(), ServiceSettings(), chunk=1)

    class Context:
        job = type("Job", (), {"id": 1, "priority": 0, "attempts": 0})

        def should_abort(self) -> bool:
            return False

    from service.db.queue import SCORING_TASK

    queue.tasks[SCORING_TASK].func(Context(), ["c-1"])
    with database.transaction() as session:
        assert session.execute(sa.text("SELECT topic FROM root_cause")).scalars().all() == ["delivery_delay"]


def test_rows_are_kept(database: Database, caused) -> None:
    caused()
    for change in ("UPDATE root_cause SET kind = 'service'", "DELETE FROM root_cause"):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), database.transaction() as session:
            session.execute(sa.text(change))
    with database.transaction() as session:
        session.execute(sa.text("DELETE FROM conversation"))
        assert session.execute(sa.text("SELECT count(*) FROM root_cause")).scalar() == 0


def test_the_list_begins_with_what_may_be_the_systems(database: Database, caused, person) -> None:
    wu = person("wu")
    rude, vague, late = caused("c-1", RUDE), caused("c-2", VAGUE), caused("c-3", LATE, agent={"id": "a-2"})
    with database.transaction() as session:
        page = list_causes(session, wu, CauseFilter(), TAXONOMY, limit=2)
        assert [one.score_id for one in page.items] == [late, rude]
        assert page.next_cursor is not None
        rank, score = (int(part) for part in page.next_cursor.split("-"))
        rest = list_causes(session, wu, CauseFilter(), TAXONOMY, limit=2, after=(rank, score))
        assert [one.score_id for one in rest.items] == [vague]
        say(session, wu, late, Word("system", "delivery_delay"), TAXONOMY)
        order = [one.score_id for one in list_causes(session, wu, CauseFilter(), TAXONOMY).items]
        assert order == [rude, vague, late]
        for wanted, expected in (
            (CauseFilter(confirmed=True), [late]),
            (CauseFilter(kind="service"), [rude]),
            (CauseFilter(topic="delivery_delay", department="logistics"), [late]),
            (CauseFilter(agent="a-2"), [late]),
            (CauseFilter(queue="presale"), []),
        ):
            assert [one.score_id for one in list_causes(session, wu, wanted, TAXONOMY).items] == expected


def test_only_a_confirmed_cause_excuses_outcomes(database: Database, caused, person) -> None:
    wu = person("wu")
    score_id = caused("c-1", LATE, verdicts={"closing": "fail"})
    with database.transaction() as session:
        before = review_of(session, wu, score_id, "default")
        assert before.effective is not None
        assert before.effective["score"] == before.machine["score"]
        say(session, wu, score_id, Word("system", "delivery_delay"), TAXONOMY)
        after = review_of(session, wu, score_id, "default").effective
        assert after is not None
        assert after["score"] >= before.machine["score"]
        excused = [one for one in after["criteria"] if one["decision_kind"] == "root_cause"]
        assert excused
        for one in excused:
            assert one["source"].split(".")[0] in ("sentiment", "csat", "resolution")
            assert (one["value"], one["max_points"]) == (None, 0)
            assert "物流延误" in one["reason"]
            assert "Late delivery" in one["reason_en"]
        conduct = {one["source"]: one["value"] for one in after["criteria"] if one["source"].startswith("check:")}
        assert conduct["check:closing"] == 0
        say(session, wu, score_id, Word("service", "agent_attitude", reason="录音为证"), TAXONOMY)
        again = review_of(session, wu, score_id, "default").effective
        assert again is not None
        assert again["score"] == before.machine["score"]


def test_what_people_say(database: Database, caused, person) -> None:
    wu, own, boss = person("wu"), person("own", "qa", "a-1"), person("boss", "supervisor")
    score_id = caused()
    with database.transaction() as session:
        said = say(session, wu, score_id, Word("system", "delivery_delay"), TAXONOMY)
        assert said.confirmed
        assert said.said is not None
        assert (said.said.agrees, said.said.by, said.department.id if said.department else None) == (
            True,
            "wu",
            "logistics",
        )
        say(session, wu, score_id, Word("system", "delivery_delay"), TAXONOMY)
        for wrong in (
            Word("system", "moon", reason="x"),
            Word("system", "late_dispatch", department="moon", reason="x"),
            Word("system", "late_dispatch"),
            Word("service", "delivery_delay", reason=" "),
        ):
            with pytest.raises(InvalidRequestError):
                say(session, boss, score_id, wrong, TAXONOMY)
        with pytest.raises(WorkConflictError):
            say(session, own, score_id, Word("system", "delivery_delay"), TAXONOMY)
        with pytest.raises(NotFoundError):
            say(session, wu, 999, Word("system"), TAXONOMY)
        with pytest.raises(PersonNeededError):
            say(session, Actor("key", "qa"), score_id, Word("system"), TAXONOMY)
        put_right = say(session, boss, score_id, Word("system", "late_dispatch", reason="其实没发货"), TAXONOMY)
        assert put_right.topic is not None
        assert (put_right.topic.id, put_right.topic.title) == ("late_dispatch", "发货延迟")
        sheet = cause_sheet(session, wu, score_id, TAXONOMY)
        assert [(one.source, one.topic) for one in sheet.history] == [
            ("model", "delivery_delay"),
            ("person", "delivery_delay"),
            ("person", "late_dispatch"),
        ]
        assert sheet.history[0].detail is not None
        evidence = sheet.history[0].detail["evidence"]
        assert any(item["quote"] in LATE for item in evidence)


def test_figures_and_agreement(database: Database, caused, person) -> None:
    wu = person("wu")
    ids = [caused(f"c-{number}", LATE) for number in range(3)] + [caused("c-9", RUDE)]
    with database.transaction() as session:
        for score_id in ids[:2]:
            say(session, wu, score_id, Word("system", "delivery_delay"), TAXONOMY)
        say(session, wu, ids[2], Word("system", "lost_parcel", reason="已丢件"), TAXONOMY)
        report = cause_figures(session, wu, CauseFilter(), ["kind"])
        assert (report.total, report.confirmed.value) == (4, 0.75)
        shares = {one.kind: (one.causes, one.confirmed, one.share.value) for one in report.groups}
        assert shares == {"system": (3, 3, 0.75), "service": (1, 0, 0.25)}
        by_month = cause_figures(session, wu, CauseFilter(kind="system"), ["month", "topic"])
        assert {(one.period, one.topic, one.causes) for one in by_month.groups} == {
            ("2026-10-01", "delivery_delay", 2),
            ("2026-10-01", "lost_parcel", 1),
        }
        found = agreement(session, CauseFilter())
    assert (found.judged, found.kind.value) == (3, 1.0)
    assert [(one.topic, one.precision.units) for one in found.by_topic] == [("delivery_delay", 3)]
    assert found.topic.value == pytest.approx(2 / 3)
    assert list(found.taken_for) == [("delivery_delay", "lost_parcel", 1)]


def test_on_demand_also_where_nothing_asks_for_it(database: Database, scored, person) -> None:
    wu = person("wu")
    facts = {"csat": 5, "resolved": True}
    verdicts = {"greeting": "pass", "closing": "pass", "rude": "pass"}
    score_id = scored("c-1", verdicts, text=LATE, facts=facts)
    found = suggest_now(database, FakeEngine(), wu, score_id)
    assert found.topic is not None
    assert found.topic.id == "delivery_delay"
    assert suggest_now(database, FakeEngine(), wu, score_id) == found
    with pytest.raises(NotFoundError):
        suggest_now(database, FakeEngine(), wu, 999)


def test_the_api(database: Database, caused, client_of) -> None:
    score_id = caused()
    qa, agent, other = client_of("wu"), client_of("li", "agent", "a-1"), client_of("xu", "agent", "a-2")
    assert qa.get("/v1/qa/root-causes/taxonomy").json()["id"] == "ecommerce-zh"
    listed = qa.get("/v1/qa/root-causes", params={"confirmed": False, "from": "2026-10-01"}).json()
    assert [one["score_id"] for one in listed["items"]] == [score_id]
    assert listed["next_cursor"] is None
    assert qa.get("/v1/qa/root-causes", params={"limit": 1, "cursor": "0-1"}).json()["items"] == []
    assert qa.get("/v1/qa/root-causes", params={"cursor": "x"}).status_code == 422
    path = f"/v1/qa/root-causes/{score_id}"
    assert agent.post(f"{path}/confirm", json={"kind": "system"}).status_code == 403
    said = qa.post(f"{path}/confirm", json={"kind": "system", "topic": "delivery_delay"})
    assert said.status_code == 200, said.text
    assert said.json()["confirmed"] is True
    refused = qa.post(f"{path}/confirm", json={"kind": "service"})
    assert refused.status_code == 422
    seen = agent.get(path).json()
    assert seen["cause"]["said"]["by"] is None
    assert [one["by"] for one in seen["history"]] == [None, None]
    assert other.get(path).status_code == 404
    assert other.get("/v1/qa/root-causes").json()["items"] == []
    figures = qa.get("/v1/qa/root-causes/figures", params={"by": ["department"]}).json()
    assert [(one["department"], one["causes"]) for one in figures["groups"]] == [("logistics", 1)]
    assert other.get("/v1/qa/root-causes/figures").json()["total"] == 0
    assert qa.get("/v1/qa/root-causes/figures", params={"by": ["day", "kind"]}).status_code == 200
    assert qa.get("/v1/qa/root-causes/figures", params={"by": ["day", "week"]}).status_code == 422
    assert qa.get("/v1/qa/root-causes/agreement").json()["judged"] == 1
    assert agent.get("/v1/qa/root-causes/agreement").status_code == 403
    with database.transaction() as session:
        actions = {event.action for event in list_events(session, EventFilter(), limit=100).items}
    assert {"root_cause.suggest", "root_cause.list", "root_cause.read", "root_cause.confirm"} <= actions


def test_what_was_scored_before_gets_suggestions(
    database: Database, scored, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from service.cli.app import run

    for number in range(3):
        scored(f"c-{number}", text=LATE, queue="complaint")
    monkeypatch.setenv("ATTUNE_DATABASE_URL", database.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("ATTUNE_ENGINE", "fake")
    monkeypatch.setenv("ATTUNE_LANG", "en")
    # It would send the log to this test's captured stream, which is closed afterwards.
    monkeypatch.setattr("service.core.logs.configure_logging", lambda *_: None)
    assert run(["root-causes", "suggest"]) == 0
    assert run(["root-causes", "figures", "--by", "topic"]) == 0
    shown = capsys.readouterr().out
    assert "delivery_delay: 3" in shown
    with database.transaction() as session:
        assert session.execute(sa.text("SELECT count(*) FROM root_cause")).scalar() == 3
