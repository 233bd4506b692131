from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from models.qa import load_rubric
from service.core.errors import InvalidRequestError, WorkConflictError
from service.db.engine import Database
from service.qa import tasks
from service.qa.decisions import decisive, effective_score, review_of
from service.qa.policy import SamplingPolicy
from service.qa.provenance import find_score
from service.qa.repository.decisions import StoredDecision
from service.qa.review import Judgement, submit, worksheet
from service.qa.sampling import publish_policy, run_sampling

START = datetime(2026, 10, 1, tzinfo=UTC)
END = START + timedelta(days=31)
GREETING, CLOSING, RUDE = "script.greeting", "script.closing", "script.rude"
ALL_PASS = [Judgement(name, "pass") for name in (GREETING, CLOSING, RUDE)]


def sample(database: Database, lead, second: float = 0.0) -> None:
    with database.transaction() as session:
        publish_policy(session, lead, SamplingPolicy(seed="s", random_share=1, second_share=second))
        run_sampling(session, lead, START, END)


def judged(**verdicts: str) -> list[Judgement]:
    values = {"greeting": "pass", "closing": "pass", "rude": "pass", **verdicts}
    return [Judgement(f"script.{name}", verdict, reason="因为") for name, verdict in values.items()]


def test_a_review_overrides_and_the_original_stays(database: Database, person, scored) -> None:
    lin = person("lin")
    score_id = scored("c-1", {"greeting": "fail", "closing": "abstain"})
    sample(database, lin)
    with database.transaction() as session:
        before = review_of(session, lin, score_id, "default")
        assert before.effective is not None
        assert before.effective["score"] == before.machine["score"]
        task = tasks.take_next(session, lin)
        assert task is not None
        assert worksheet(session, lin, task.id).required == [GREETING, CLOSING, RUDE]
        wrong = (
            [],
            ALL_PASS,  # the override has no reason
            [*ALL_PASS, Judgement(RUDE, "pass")],
            [*ALL_PASS, Judgement("other", "pass")],
            [*ALL_PASS[1:], Judgement(GREETING, value=0.5)],
            [*ALL_PASS[1:], Judgement(GREETING)],
        )
        for judgements in wrong:
            with pytest.raises(InvalidRequestError):
                submit(session, lin, task.id, judgements)
        right = [Judgement(GREETING, "pass", reason="第二句已问候"), *ALL_PASS[1:]]
        assert submit(session, lin, task.id, right).status == "done"
        assert submit(session, lin, task.id, right).status == "done"  # the same again
        with pytest.raises(WorkConflictError):
            submit(session, lin, task.id, [*right[:2], Judgement(RUDE, "na", reason="x")])
        after = review_of(session, lin, score_id, "default")
    assert after.machine == before.machine
    assert after.effective is not None
    assert after.effective["score"] > before.machine["score"]
    assert [(one.criterion_id, one.agrees) for one in after.decisions] == [
        (GREETING, False),
        (CLOSING, None),
        (RUDE, True),
    ]
    [changed] = [one for one in after.effective["criteria"] if one["id"] == GREETING]
    assert (changed["value"], changed["machine_value"], changed["decision_kind"]) == (1.0, 0.0, "review")
    assert sum(one["max_points"] for one in after.effective["criteria"]) == pytest.approx(100)


@pytest.mark.parametrize("statement", ["UPDATE review_decision SET reason = ''", "DELETE FROM review_decision"])
def test_the_database_itself_keeps_decisions(database: Database, person, scored, statement: str) -> None:
    lin = person("lin")
    scored()
    sample(database, lin)
    with database.transaction() as session:
        task = tasks.take_next(session, lin)
        assert task is not None
        submit(session, lin, task.id, ALL_PASS)
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), database.transaction() as session:
        session.execute(sa.text(statement))
    with database.transaction() as session:  # an erased conversation takes its decisions along
        session.execute(sa.text("DELETE FROM conversation"))
        assert session.execute(sa.text("SELECT count(*) FROM review_decision")).scalar() == 0


def test_no_two_get_the_same_task(database: Database, person, scored) -> None:
    people = [person(f"p-{number}") for number in range(4)]
    for number in range(8):
        scored(f"c-{number}")
    sample(database, people[0])

    def work(actor) -> list[int]:
        found = []
        for _ in range(3):
            with database.transaction() as session:
                task = tasks.take_next(session, actor)
            if task is not None:
                found.append(task.id)
        return found

    with ThreadPoolExecutor(4) as pool:
        taken = [task for several in pool.map(work, people) for task in several]
    assert len(taken) == len(set(taken)) == 8


def test_one_person_is_not_both_sides_of_a_pair(database: Database, person, scored) -> None:
    lin, zhao, wu = person("lin"), person("zhao"), person("wu")
    scored()
    sample(database, lin, second=1.0)
    with database.transaction() as session:
        first = tasks.take_next(session, lin)
        assert first is not None
        assert first.purpose == "second"
        assert tasks.take_next(session, lin) is None
        other = tasks.take_next(session, zhao)
        assert other is not None
        assert other.purpose == "review"
        tasks.release(session, zhao, other.id)
        for refused in (lambda: tasks.take(session, lin, other.id), lambda: tasks.assign(session, wu, other.id, "lin")):
            with pytest.raises(WorkConflictError):
                refused()
        with pytest.raises(WorkConflictError):
            submit(session, zhao, first.id, ALL_PASS)


def test_nobody_reviews_themselves(database: Database, person, scored) -> None:
    self = person("self", agent_id="a-1")
    scored()
    sample(database, self)
    with database.transaction() as session:
        assert tasks.take_next(session, self) is None


def test_queues(database: Database, person, scored) -> None:
    lin = person("lin", queues=("presale",))
    scored()
    sample(database, lin)
    with database.transaction() as session:
        assert tasks.take_next(session, lin) is None
        assert tasks.take_next(session, lin, queue="aftersale") is not None


def test_a_third_person_decides_where_two_differ(database: Database, person, scored) -> None:
    lin, zhao, wu = person("lin"), person("zhao"), person("wu")
    score_id = scored("c-1", {"greeting": "fail"})
    sample(database, lin, second=1.0)
    with database.transaction() as session:
        one, other = tasks.take_next(session, lin), tasks.take_next(session, zhao)
        assert one is not None
        assert other is not None
        submit(session, lin, one.id, judged(greeting="fail", closing="fail"))
        assert tasks.take_next(session, wu) is None  # nothing to decide yet
        submit(session, zhao, other.id, judged(greeting="pass", closing="fail"))
        assert tasks.take_next(session, lin) is None
        third = tasks.take_next(session, wu)
        assert third is not None
        assert (third.purpose, third.reasons) == ("adjudication", ["differ"])
        sheet = worksheet(session, wu, third.id)
        assert sheet.required == [GREETING]
        assert {(item.side, item.verdict) for item in sheet.differing} == {("first", "pass"), ("second", "fail")}
        with pytest.raises(InvalidRequestError):
            submit(session, wu, third.id, judged())
        submit(session, wu, third.id, [Judgement(GREETING, "fail")])
        final = review_of(session, wu, score_id, "default")
    assert final.effective is not None
    values = {one["id"]: (one["value"], one["decision_kind"]) for one in final.effective["criteria"]}
    assert values[GREETING] == (0.0, "adjudication")
    assert values[CLOSING] == (0.0, "review")


def test_agreeing_pairs_need_nobody(database: Database, person, scored) -> None:
    lin, zhao, wu = person("lin"), person("zhao"), person("wu")
    scored()
    sample(database, lin, second=1.0)
    with database.transaction() as session:
        for actor in (lin, zhao):
            task = tasks.take_next(session, actor)
            assert task is not None
            submit(session, actor, task.id, ALL_PASS)
        assert tasks.take_next(session, wu) is None


MOVES = {
    "take": lambda session, actor, task_id: tasks.take(session, actor, task_id),
    "assign": lambda session, actor, task_id: tasks.assign(session, actor, task_id, "zhao"),
    "release": lambda session, actor, task_id: tasks.release(session, actor, task_id),
    "skip": lambda session, actor, task_id: tasks.skip(session, actor, task_id, "重复"),
    "submit": lambda session, actor, task_id: submit(session, actor, task_id, ALL_PASS),
}
LEGAL = {
    "open": {"take", "assign", "skip"},
    "taken": {"take", "assign", "release", "skip", "submit"},  # taking what one has changes nothing
    "done": {"submit"},  # the same again changes nothing
    "skipped": set(),
}
WAYS = {"open": [], "taken": ["take"], "done": ["take", "submit"], "skipped": ["skip"]}


@pytest.mark.parametrize("status", LEGAL)
@pytest.mark.parametrize("move", MOVES)
def test_moves(database: Database, person, scored, status: str, move: str) -> None:
    lin = person("lin")
    person("zhao")
    scored()
    with database.transaction() as session:
        task = tasks.add_manual(session, lin, "c-1")
        for step in WAYS[status]:
            MOVES[step](session, lin, task.id)
        assert tasks.get_task(session, lin, task.id).status == status
        if move in LEGAL[status]:
            MOVES[move](session, lin, task.id)
            return
        with pytest.raises(WorkConflictError) as refused:
            MOVES[move](session, lin, task.id)
        assert refused.value.message_zh != refused.value.message_en
        assert tasks.get_task(session, lin, task.id).status == status


def test_a_manual_task_is_not_made_twice(database: Database, person, scored) -> None:
    lin = person("lin")
    scored()
    with database.transaction() as session:
        tasks.add_manual(session, lin, "c-1")
        with pytest.raises(WorkConflictError):
            tasks.add_manual(session, lin, "c-1")


def test_an_unknown_rubric_is_told(database: Database, person, scored) -> None:
    lin = person("lin")
    score_id = scored()
    with database.transaction() as session:
        task = tasks.add_manual(session, lin, "c-1")
        tasks.take(session, lin, task.id)
        submit(session, lin, task.id, ALL_PASS)
        session.execute(sa.text("ALTER TABLE score DISABLE TRIGGER score_keep"))
        session.execute(sa.text("""UPDATE score SET bundle = jsonb_set(bundle, '{versions,rubric}', '"gone@9"')"""))
        session.expire_all()
        found = review_of(session, lin, score_id, "default")
    assert found.effective is None
    assert "gone@9" in (found.note_en or "")


def test_the_highest_office_counts() -> None:
    def said(number: int, kind: str, verdict: str) -> StoredDecision:
        return StoredDecision(number, 1, "x", kind, verdict, None, None, None, "p", START, None, None, None)  # type: ignore[arg-type]

    several = [
        said(1, "appeal", "pass"),
        said(2, "review", "fail"),
        said(3, "consensus", "na"),
        said(4, "second", "fail"),
    ]
    assert decisive(several)["x"].verdict == "pass"
    assert decisive(several[1:])["x"].verdict == "na"
    assert decisive([*several[1:2], said(5, "review", "pass")])["x"].verdict == "pass"
    assert decisive(several[3:]) == {}


_VERDICTS = st.sampled_from(["pass", "fail", "na", "no_evidence"])
_CRITERIA = st.sampled_from([GREETING, CLOSING, RUDE, "gone"])
_KINDS = st.sampled_from(["review", "second", "adjudication", "consensus", "appeal"])


def test_whatever_is_decided_the_weights_sum(database: Database, scored) -> None:
    score_id = scored("c-1", {"greeting": "fail", "closing": "abstain"})
    rubric = load_rubric("default")
    with database.transaction() as session:
        score = find_score(session, score_id)
        machine = deepcopy(score.bundle)

        @given(st.lists(st.tuples(_CRITERIA, _KINDS, _VERDICTS), max_size=8))
        @settings(max_examples=60)
        def check(said: list[tuple[str, str, str]]) -> None:
            several = [
                StoredDecision(number, score_id, name, kind, verdict, None, None, None, "p", START, None, None, None)  # type: ignore[arg-type]
                for number, (name, kind, verdict) in enumerate(said)
            ]
            result = effective_score(session, score, several, rubric)
            assert score.bundle == machine
            assert effective_score(session, score, several[::-1], rubric) == result
            counted = [one for one in result.criteria if one.value is not None]
            assert sum(one.max_points for one in result.criteria) == pytest.approx(100 if counted else 0)
            assert [one.id for one in result.criteria] == [one["id"] for one in machine["qa"]["criteria"]]
            # What does not apply never costs points: without a last word on one criterion the score is no higher.
            if counted and several and not result.auto_fail:
                last = replace(several[0], id=99, criterion_id=GREETING, kind="appeal", verdict="na")
                spared = effective_score(session, score, [*several, last], rubric)
                [greeting] = [one for one in result.criteria if one.id == GREETING]
                if greeting.value == 0:
                    assert spared.score is not None
                    assert result.score is not None
                    assert spared.score >= result.score

        check()
