from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from models.statistics import AutomationPolicy
from service.accounts.actor import WORKER, Actor
from service.core.errors import ForbiddenError, InvalidRequestError, NotFoundError, WorkConflictError
from service.db.engine import Database
from service.qa import automation, calibration, tasks
from service.qa.calibration import NewMark
from service.qa.decisions import review_of
from service.qa.policy import SamplingPolicy
from service.qa.review import Judgement, submit
from service.qa.sampling import publish_policy, run_sampling

START = datetime(2026, 10, 1, tzinfo=UTC)
END = START + timedelta(days=31)
GREETING = "script.greeting"
KEY = "shop/greeting"


def marks(ids, *verdicts: str) -> list[NewMark]:
    return [NewMark(score_id, GREETING, verdict) for score_id, verdict in zip(ids, verdicts, strict=True)]  # type: ignore[arg-type]


@pytest.fixture
def three(person):
    return person("lin"), person("zhao"), person("wu")


def open_session(session, lead, ids, **fields):
    values = {"title": "十月", "criteria": [GREETING], "score_ids": ids, "reviewers": ["lin", "zhao", "wu"], **fields}
    return calibration.open_session(session, lead, **values)


def test_a_session_tells_how_reviewers_agree(database: Database, three, scored) -> None:
    lin, zhao, wu = three
    ids = [scored(f"c-{number}", {"greeting": "fail"}) for number in range(4)]
    with database.transaction() as session:
        opened = open_session(session, lin, ids, decides=True)
        assert (opened.status, opened.expected) == ("open", 4)
        calibration.add_marks(session, lin, opened.id, marks(ids, "pass", "fail", "pass", "fail"))
        calibration.add_marks(session, zhao, opened.id, marks(ids, "pass", "fail", "pass", "fail"))
        mine = calibration.add_marks(session, wu, opened.id, marks(ids, "pass", "fail", "pass", "pass"))
        assert {one.reviewer for one in mine.own} == {"wu"}
        assert mine.report is None
        assert mine.given == {"lin": 4, "zhao": 4, "wu": 4}
        closed = calibration.close_session(session, lin, opened.id)
        reviewed = review_of(session, lin, ids[0], "default")
    assert closed.report is not None
    told = closed.report[GREETING]
    assert told["percent"]["value"] == pytest.approx((1 + 1 + 1 + 1 / 3) / 4)
    assert told["alpha"]["low"] <= told["alpha"]["value"] <= told["alpha"]["high"]
    assert told["ac1"]["value"] is not None
    assert told["consensus"][str(ids[3])] == "fail"
    [decision] = reviewed.decisions
    assert (decision.kind, decision.verdict, decision.session_id) == ("consensus", "pass", opened.id)
    assert reviewed.effective is not None
    assert reviewed.effective["score"] > reviewed.machine["score"]


def test_without_deciding_the_scores_stay(database: Database, three, scored) -> None:
    lin, zhao, _wu = three
    ids = [scored("c-1")]
    with database.transaction() as session:
        opened = open_session(session, lin, ids)
        for actor in (lin, zhao):
            calibration.add_marks(session, actor, opened.id, marks(ids, "fail"))
        calibration.close_session(session, lin, opened.id)
        assert review_of(session, lin, ids[0], "default").decisions == []


def test_marks_are_given_once(database: Database, three, scored) -> None:
    lin, *_ = three
    ids = [scored("c-1")]
    with database.transaction() as session:
        opened = open_session(session, lin, ids)
        with pytest.raises(WorkConflictError, match="nobody"):
            calibration.close_session(session, lin, opened.id)
        for _ in range(2):
            assert len(calibration.add_marks(session, lin, opened.id, marks(ids, "fail")).own) == 1
        with pytest.raises(WorkConflictError, match="otherwise"):
            calibration.add_marks(session, lin, opened.id, marks(ids, "pass"))
        with pytest.raises(InvalidRequestError):
            calibration.add_marks(session, lin, opened.id, [NewMark(ids[0], "script.rude", "pass")])
        calibration.close_session(session, lin, opened.id)
        with pytest.raises(WorkConflictError, match="closed"):
            calibration.add_marks(session, lin, opened.id, marks(ids, "fail"))
        with pytest.raises(WorkConflictError, match="closed"):
            calibration.close_session(session, lin, opened.id)
        with pytest.raises(NotFoundError):
            calibration.get_session(session, lin, 99)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"reviewers": ["lin", "lin"]}, InvalidRequestError),
        ({"reviewers": ["lin", "nobody"]}, NotFoundError),
        ({"reviewers": ["lin", "boss"]}, InvalidRequestError),
        ({"criteria": ["x"]}, InvalidRequestError),
        ({"score_ids": [99]}, NotFoundError),
    ],
)
def test_wrong_sessions(database: Database, three, person, scored, wrong, error) -> None:
    person("boss", "supervisor")
    ids = [scored("c-1")]
    with database.transaction() as session, pytest.raises(error):
        open_session(session, three[0], ids, **wrong)


def reviewed(database: Database, lin: Actor, scored, wrong: int, total: int = 12) -> None:
    """Review everything; of ``wrong`` conversations the reviewer overrules the machine's greeting."""
    for number in range(total):
        scored(f"c-{number:02}", {"greeting": "fail" if number % 2 else "pass"})
    with database.transaction() as session:
        publish_policy(session, lin, SamplingPolicy(seed="s", random_share=1, second_share=0))
        run_sampling(session, lin, START, END)
        for number in range(total):
            task = tasks.take_next(session, lin)
            assert task is not None
            machine = "fail" if number % 2 else "pass"
            said = ("pass" if machine == "fail" else "fail") if number < wrong else machine
            rest = [Judgement(f"script.{name}", "pass") for name in ("closing", "rude")]
            submit(session, lin, task.id, [Judgement(GREETING, said, reason="看过"), *rest])  # type: ignore[arg-type]


def test_agreement_rests_on_the_random_sample(database: Database, three, scored) -> None:
    lin, *_ = three
    reviewed(database, lin, scored, wrong=3)
    scored("c-99", {"greeting": "fail"})  # not in the sample
    with database.transaction() as session:
        report = automation.agreement_report(session, START, END)
        assert automation.agreement_report(session, END, END + timedelta(days=1)) == {}
    found = report[KEY]
    assert (found.units, found.agreement.value) == (12, 0.75)
    assert found.apparent_fail_rate.units == 1
    assert report["shop/rude"].agreement.value == 1.0


def test_levels_fall_by_themselves_and_rise_by_people(database: Database, three, scored) -> None:
    lin, *_ = three
    policy = AutomationPolicy(min_units=5, min_fails=2)
    reviewed(database, lin, scored, wrong=6)
    with database.transaction() as session:
        automation.set_level(session, lin, KEY, "auto", "试行")
        automation.set_level(session, lin, "shop/other", "auto", "没有数据")
        [fallen] = [one for one in automation.lower_levels(session, WORKER, policy=policy) if one.criterion == KEY]
        assert (fallen.level, fallen.by_system, fallen.set_by) == ("human", True, "system")
        assert fallen.reason != fallen.reason_en
        assert fallen.figures is not None
        assert automation.lower_levels(session, WORKER, policy=policy) == []
        standing = {one.criterion: one for one in automation.standings(session, policy=policy)}
        assert (standing[KEY].level, standing["shop/other"].level) == ("human", "auto")
        assert automation.set_level(session, lin, KEY, "assist", "重新训练过").level == "assist"
        assert [one.level for one in automation.level_history(session, KEY)] == ["assist", "human", "auto"]


def test_the_system_never_raises(database: Database, three, scored) -> None:
    lin, *_ = three
    policy = AutomationPolicy(auto_agreement=0.5, assist_agreement=0.4, min_units=5, min_fails=2)
    reviewed(database, lin, scored, wrong=0)
    with database.transaction() as session:
        automation.set_level(session, lin, KEY, "human", "谨慎")
        assert automation.lower_levels(session, WORKER, policy=policy) == []
        [standing] = [one for one in automation.standings(session, policy=policy) if one.criterion == KEY]
    assert standing.level == "human"
    assert standing.outlook is not None
    assert standing.outlook.eligible == "auto"


def test_levels_are_set_by_people_with_reasons(database: Database, three) -> None:
    lin, *_ = three
    with database.transaction() as session:
        with pytest.raises(ForbiddenError):
            automation.set_level(session, Actor("system", "admin"), KEY, "auto", "x")
        for wrong in ((KEY, " "), ("greeting", "x"), ("/", "x")):
            with pytest.raises(InvalidRequestError):
                automation.set_level(session, lin, wrong[0], "auto", wrong[1])
