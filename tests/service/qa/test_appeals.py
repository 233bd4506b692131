from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event
from time import sleep

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.accounts.actor import Actor
from service.core.errors import InvalidRequestError, NotFoundError, WorkConflictError
from service.core.settings import QaSettings
from service.db.engine import Database
from service.qa import appeal_decisions, appeal_state, appeals, tasks
from service.qa.decisions import review_of
from service.qa.review import Judgement, submit
from service.qa.working_days import ZONE, deadline

GREETING = "script.greeting"
RULES = QaSettings()
PASS = Judgement(GREETING, "pass", reason="已问候")
FAIL = Judgement(GREETING, "fail", reason="没有问候")


@pytest.fixture
def contested(person, scored):
    """Give an agent, two who decide, and the id of a score whose greeting the machine failed."""
    score_id = scored("c-1", {"greeting": "fail"})
    return person("agent", "agent", "a-1"), person("wu"), person("chen"), score_id


def open_one(session, agent, score_id: int, **fields):
    values = {"criterion_id": GREETING, "comment": "第二句问候了", "quoted_turns": [1], **fields}
    return appeals.open_appeal(session, agent, score_id, rules=RULES, **values)


MOVES = ("take", "assign", "release", "uphold", "reject", "withdraw")


def act(move: str, session, agent, wu) -> None:
    match move:
        case "take":
            appeal_decisions.take_appeal(session, wu, 1)
        case "assign":
            appeal_decisions.assign_appeal(session, wu, 1, "chen")
        case "release":
            appeal_decisions.release_appeal(session, wu, 1)
        case "uphold" | "reject":
            appeal_decisions.decide_appeal(session, wu, 1, PASS if move == "uphold" else FAIL)
        case "withdraw":
            appeals.withdraw_appeal(session, agent, 1)
        case "expire":
            appeals.expire_appeals(session, wu, datetime.now(UTC) + timedelta(days=60))


WAYS = {
    "open": [],
    "assigned": ["take"],
    "upheld": ["take", "uphold"],
    "rejected": ["take", "reject"],
    "withdrawn": ["withdraw"],
    "expired": ["expire"],
}
LEGAL = {
    "open": {"take", "assign", "withdraw"},
    "assigned": {"take", "assign", "release", "uphold", "reject", "withdraw"},
    "upheld": {"uphold"},  # the same again changes nothing
    "rejected": {"reject"},
    "withdrawn": set(),
    "expired": set(),
}


@pytest.mark.parametrize("status", WAYS)
@pytest.mark.parametrize("move", MOVES)
def test_moves(database: Database, contested, status: str, move: str) -> None:
    agent, wu, _chen, score_id = contested
    with database.transaction() as session:
        open_one(session, agent, score_id)
        for step in WAYS[status]:
            act(step, session, agent, wu)
        assert appeal_state.get_appeal(session, agent, 1).status == status
        if move in LEGAL[status]:
            act(move, session, agent, wu)
            return
        with pytest.raises(WorkConflictError) as refused:
            act(move, session, agent, wu)
        assert refused.value.message_zh != refused.value.message_en
        assert appeal_state.get_appeal(session, agent, 1).status == status


def test_what_cannot_be_appealed(database: Database, contested, person) -> None:
    agent, _wu, _chen, score_id = contested
    stranger = person("stranger", "agent", "a-2")
    with database.transaction() as session:
        with pytest.raises(NotFoundError):
            open_one(session, stranger, score_id)
        for wrong in ({"criterion_id": "x"}, {"comment": " "}, {"quoted_turns": [2]}, {"criterion_id": "script.rude"}):
            with pytest.raises(InvalidRequestError):
                open_one(session, agent, score_id, **wrong)
        opened = open_one(session, agent, score_id, quoted_turns=[1, 0, 1])
        assert opened.quoted_turns == [0, 1]
        with pytest.raises(WorkConflictError):
            open_one(session, agent, score_id)
        appeals.withdraw_appeal(session, agent, opened.id)
        open_one(session, agent, score_id)


def test_the_window_and_the_deadline(database: Database, contested) -> None:
    agent, wu, _chen, score_id = contested
    now = datetime.now(UTC)
    with database.transaction() as session:
        ends = deadline(now, RULES.appeal_window_days).at
        with pytest.raises(WorkConflictError, match="time to appeal"):
            open_one(session, agent, score_id, now=ends)
        opened = open_one(session, agent, score_id, now=ends - timedelta(seconds=1))
        due = deadline(ends - timedelta(seconds=1), RULES.appeal_decide_days).at
        assert opened.due_at == due
        assert due.astimezone(ZONE).hour == 0
        with pytest.raises(WorkConflictError, match="deadline"):
            appeal_decisions.take_appeal(session, wu, opened.id, now=due)
        assert appeals.expire_appeals(session, wu, due - timedelta(seconds=1)) == []
        assert appeals.expire_appeals(session, wu, due) == [opened.id]
        assert appeals.expire_appeals(session, wu, due) == []
        assert review_of(session, agent, score_id, "default").decisions == []


def test_somebody_else_decides(database: Database, contested, person) -> None:
    agent, wu, chen, score_id = contested
    boss = person("boss", "supervisor")
    with database.transaction() as session:
        task = tasks.add_manual(session, wu, "c-1")
        tasks.take(session, wu, task.id)
        verdicts = [Judgement("script.closing", "pass"), Judgement("script.rude", "pass")]
        submit(session, wu, task.id, [FAIL, *verdicts])
        opened = open_one(session, agent, score_id)
        for refused in (
            lambda: appeal_decisions.take_appeal(session, wu, opened.id),
            lambda: appeal_decisions.assign_appeal(session, boss, opened.id, "wu"),
        ):
            with pytest.raises(WorkConflictError):
                refused()
        with pytest.raises(InvalidRequestError):
            appeal_decisions.assign_appeal(session, boss, opened.id, "boss")
        appeal_decisions.assign_appeal(session, boss, opened.id, "chen")
        with pytest.raises(InvalidRequestError):
            appeal_decisions.decide_appeal(session, chen, opened.id, Judgement(GREETING, "pass"))
        appeal_decisions.decide_appeal(session, chen, opened.id, PASS)
        found = review_of(session, agent, score_id, "default")
        with pytest.raises(InvalidRequestError, match="costs nothing"):
            open_one(session, agent, score_id)
    assert [(one.kind, one.verdict) for one in found.decisions if one.criterion_id == GREETING] == [
        ("review", "fail"),
        ("appeal", "pass"),
    ]
    assert found.effective is not None
    assert found.effective["score"] > found.machine["score"]


def test_a_rejected_appeal_leaves_what_stood(database: Database, contested) -> None:
    agent, wu, _chen, score_id = contested
    with database.transaction() as session:
        opened = open_one(session, agent, score_id)
        appeal_decisions.take_appeal(session, wu, opened.id)
        assert appeal_decisions.decide_appeal(session, wu, opened.id, FAIL).outcome_reason == "没有问候"
        found = review_of(session, agent, score_id, "default")
        with pytest.raises(WorkConflictError, match="decided already"):
            open_one(session, agent, score_id)
    assert found.decisions == []
    assert found.effective is not None
    assert found.effective["score"] == found.machine["score"]


_SAID = st.sampled_from(["pass", "fail", "na", "no_evidence"]) | st.floats(0, 1).map(repr)


@given(_SAID, _SAID)
def test_nobody_loses_by_appealing(contested_value: str, decided: str) -> None:
    share = {"pass": 1.0, "fail": 0.0}
    before, after = (
        share.get(one, None if one.isalpha() or "_" in one else float(one)) for one in (contested_value, decided)
    )
    result = appeal_state.outcome(contested_value, decided)
    if after is None or after == 1:
        assert result == "upheld"
    elif before is not None and after < before:
        assert result == "rejected"
    assert appeal_state.outcome("0.5", "0.7") == "partly"


def test_two_at_once_make_one_appeal(database: Database, contested) -> None:
    agent, _wu, _chen, score_id = contested
    boss = Actor("boss", "supervisor")
    started = Event()

    def again() -> str:
        started.set()
        try:
            with database.transaction() as session:
                open_one(session, boss, score_id)
        except WorkConflictError as error:
            return error.message_en
        return "opened"

    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as session:
            open_one(session, agent, score_id)
            other = pool.submit(again)
            started.wait()
            sleep(0.3)  # until it waits for this transaction
        assert "under appeal already" in other.result()
