from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from models.interchange import parse_conversation
from service.accounts.actor import WORKER
from service.conversations.store import store_conversations
from service.core.errors import InvalidRequestError, NotFoundError
from service.core.settings import ServiceSettings
from service.db.engine import Database
from service.jobs.tasks import build_queue
from service.qa.policy import SamplingPolicy, draw
from service.qa.repository.sampling import Candidate
from service.qa.repository.tasks import TaskFilter
from service.qa.review import Judgement, submit, worksheet
from service.qa.sampling import choose, list_policies, publish_policy, run_sampling, sample_recent
from service.qa.tasks import list_tasks, take_next
from service.qa.working_days import ZONE
from service.scoring.fake import FakeEngine
from service.scoring.run import score_batch
from tests.service.qa.conftest import RubricEngine

START = datetime(2026, 10, 1, tzinfo=UTC)
END = START + timedelta(days=31)
NOTHING = {"random_share": 0, "low_confidence": None, "abstained": False, "critical": False, "survey_gap": None}
NOTHING |= {"second_share": 0}


def candidate(name: str, **fields) -> Candidate:
    values = {"agent_id": "a-1", "occurred_at": START, "csat_mean": 3.0, "critical_fail": False, "survey": None}
    checks = [{"verdict": "pass", "confidence": 0.9}]
    return Candidate(name, 1, score_id=1, **{**values, "checks": checks, **fields})


def test_draws_are_uniform_and_stay() -> None:
    lots = [draw("s", "random", f"c-{number}") for number in range(20_000)]
    assert lots == [draw("s", "random", f"c-{number}") for number in range(20_000)]
    assert 0.09 < sum(lot < 0.1 for lot in lots) / len(lots) < 0.11
    others = [draw("s", "second", f"c-{number}") for number in range(20_000)]
    assert 0.008 < sum(one < 0.1 and other < 0.1 for one, other in zip(lots, others, strict=True)) / 20_000 < 0.012


@given(st.floats(0, 1), st.floats(0, 1), st.text(max_size=5), st.text(max_size=20))
def test_a_larger_share_keeps_what_was_drawn(one: float, other: float, seed: str, name: str) -> None:
    low, high = sorted((one, other))
    assert not (draw(seed, "random", name) < low and not draw(seed, "random", name) < high)


def test_reasons() -> None:
    policy = SamplingPolicy(seed="s", random_share=0, second_share=0)
    chosen = choose(
        policy,
        [
            candidate("plain"),
            candidate("critical", critical_fail=True),
            candidate("unsure", checks=[{"verdict": "fail", "confidence": 0.5}]),
            candidate("abstained", checks=[{"verdict": "abstain", "confidence": 0.1}]),
            candidate("gap", survey=1.0),
            candidate("no gap", survey=2.0),
            candidate("na", checks=[{"verdict": "na", "confidence": 0.0}]),
        ],
        {},
    )
    assert {name: set(reasons) for name, reasons in chosen.items() if reasons} == {
        "critical": {"critical"},
        "unsure": {"low_confidence"},
        "abstained": {"abstained"},
        "gap": {"survey_gap"},
    }


def test_limits_hold_a_day_and_leave_random_draws_alone() -> None:
    policy = SamplingPolicy(seed="s", random_share=1, per_day=2)
    found = [
        candidate(
            f"{day}-{number}", occurred_at=START + timedelta(days=day), checks=[{"verdict": "abstain", "confidence": 0}]
        )
        for day in range(3)
        for number in range(5)
    ]
    chosen = choose(policy, found, {})
    assert Counter(name[0] for name, reasons in chosen.items() if "abstained" in reasons) == {"0": 2, "1": 2, "2": 2}
    assert all("random" in reasons for reasons in chosen.values())
    again = choose(policy, found, chosen)
    assert all(reasons <= {"random"} for reasons in again.values())


def test_quotas_are_filled_over_the_period() -> None:
    policy = SamplingPolicy(seed="s", per_agent=3, **{k: v for k, v in NOTHING.items() if k != "critical"})
    found = [
        candidate(f"{agent}-{day}-{number}", agent_id=agent, occurred_at=START + timedelta(days=day))
        for agent in ("a", "b")
        for day in range(3)
        for number in range(4)
    ]
    found += [candidate("few-1", agent_id="few"), candidate("crit", agent_id="a", critical_fail=True)]
    chosen = choose(policy, found, {})
    taken = sorted(name[:3] for name, reasons in chosen.items() if "quota" in reasons)
    assert [one for one in taken if one.startswith("b")] == ["b-0", "b-1", "b-2"]
    assert len([one for one in taken if one.startswith("a")]) == 2  # the critical one counts
    assert "few" in taken
    assert not any(choose(policy, found, chosen)[name] & {"quota"} for name in chosen)


@pytest.mark.parametrize(
    "wrong", [{"random_share": 1.1}, {"seed": ""}, {"other": 1}, {"queues": ["presale", "presale"]}]
)
def test_wrong_policies(wrong) -> None:
    with pytest.raises(ValidationError):
        SamplingPolicy.model_validate({"seed": "s", **wrong})


def test_a_run_makes_tasks_once(database: Database, person, scored) -> None:
    lead = person("lead")
    for number in range(12):
        scored(f"c-{number}", {"rude": "fail"} if number == 3 else None)
    with database.transaction() as session:
        with pytest.raises(NotFoundError):
            run_sampling(session, lead, START, END)
        publish_policy(session, lead, SamplingPolicy(seed="s", random_share=0.5, second_share=1.0))
        with pytest.raises(InvalidRequestError):
            run_sampling(session, lead, END, START)
    with database.transaction() as session:
        first = run_sampling(session, lead, START, END)
    with database.transaction() as session:
        again = run_sampling(session, lead, START, END)
        tasks = list_tasks(session, lead, TaskFilter(purpose="review")).items
        assert len(list_tasks(session, lead, TaskFilter(reason="critical")).items) == 1
    assert first.conversations == again.conversations == 12
    assert first.created == first.second == again.known == len(tasks) > 0
    assert (again.created, again.second) == (0, 0)
    assert again.reasons == first.reasons
    expected = {f"c-{number}" for number in range(12) if draw("s", "random", f"c-{number}") < 0.5}
    assert {task.conversation_id for task in tasks if "random" in task.reasons} == expected


def test_a_further_reason_joins_the_task_that_is_there(database: Database, person, scored) -> None:
    lead = person("lead")
    scored("c-1", {"rude": "fail"})
    with database.transaction() as session:
        publish_policy(session, lead, SamplingPolicy(seed="s", random_share=0))
        run_sampling(session, lead, START, END)
        publish_policy(session, lead, SamplingPolicy(seed="s", random_share=1))
        assert run_sampling(session, lead, START, END).created == 0
        [task] = list_tasks(session, lead, TaskFilter(purpose="review")).items
        assert task.reasons == ["critical", "random"]
        assert [one.version for one in list_policies(session)] == [2, 1]


def test_the_worker_samples_the_week_before_every_night(database: Database, person, scored) -> None:
    boss = person("boss")
    with database.transaction() as session:
        assert sample_recent(session, WORKER) is None
        publish_policy(session, boss, SamplingPolicy(seed="s", random_share=1, second_share=0, per_agent=5))
    now = datetime.now(UTC)
    today = now.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    for name, days in (("today", 0), ("yesterday", 1), ("last week", 7), ("earlier", 8)):
        started = today - timedelta(days=days)
        turns = [
            {"role": role, "text": text, "at": started.isoformat()}
            for role, text in (("customer", "在吗"), ("agent", "您好"))
        ]
        scored(name, started_at=started.isoformat(), turns=turns)
    queue = build_queue(database, FakeEngine(), ServiceSettings(), chunk=1)
    for _ in range(2):
        queue.tasks["sample_for_review"].func(timestamp=0)
    with database.transaction() as session:
        made = list_tasks(session, boss, TaskFilter()).items
    assert {task.conversation_id for task in made} == {"yesterday", "last week"}
    assert all(task.reasons == ["random"] for task in made)


def test_a_new_revision_waits_for_the_blind_pair_of_the_one_before(
    database: Database, person, scored, document
) -> None:
    """Half a pair of the first revision is open when the second one gives a further reason: the run goes on."""
    lead, lin, zhao = person("lead"), person("lin"), person("zhao")
    scored("c-1")

    def run() -> tuple[int, int]:
        with database.transaction() as session:
            done = run_sampling(session, lead, START, END)
            return done.created, done.second

    def review(who, purpose: str, verdict: str) -> None:
        with database.transaction() as session:
            task = take_next(session, who, purpose=purpose)
            assert task is not None
            wanted = worksheet(session, who, task.id).required
            submit(session, who, task.id, [Judgement(name, verdict, reason="因为") for name in wanted])

    with database.transaction() as session:
        publish_policy(session, lead, SamplingPolicy(seed="s", random_share=1, second_share=1))
    assert run() == (1, 1)
    review(lin, "review", "pass")
    with database.transaction() as session:
        again = parse_conversation(document("c-1", verdicts={"rude": "fail"}, text="再问一句"))
        assert store_conversations(session, [again], revise=True)[0].revision == 2
    score_batch(database, RubricEngine(), ["c-1"])
    scored("c-2")
    assert run() == (1, 1)  # c-2's
    review(zhao, "second", "fail")
    assert run() == (0, 0)  # somebody has to decide between the two first
    review(lead, "adjudication", "pass")
    assert run() == (1, 1)
    with database.transaction() as session:
        newest = list_tasks(session, lead, TaskFilter(conversation_id="c-1")).items[-1]
    assert (newest.purpose, newest.revision) == ("second", 2)
