from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.interchange import parse_conversation
from models.qa import evaluate_rubric, load_rubric, measured_from_json
from service.core.errors import InvalidRequestError
from service.core.settings import QaSettings
from service.db.engine import Database
from service.qa import appeals, automation, tasks
from service.qa.decisions import check_weights, review_of
from service.qa.levels import left_to_people
from service.qa.policy import SamplingPolicy
from service.qa.review import Judgement, submit, worksheet
from service.qa.sampling import publish_policy, run_sampling
from tests.service.qa.conftest import RubricEngine

START = datetime(2026, 10, 1, tzinfo=UTC)
END = START + timedelta(days=31)
GREETING, CLOSING, RUDE = "script.greeting", "script.closing", "script.rude"


def left_to(database: Database, lin, level: str, criterion: str = "shop/greeting") -> None:
    with database.transaction() as session:
        automation.set_level(session, lin, criterion, level, "一致率下降")  # type: ignore[arg-type]


def test_a_human_only_criterion_costs_nothing_until_a_person_judges_it(database: Database, person, scored) -> None:
    lin, agent = person("lin"), person("agent", "agent", "a-1")
    left_to(database, lin, "human")
    score_id = scored("c-1", {"greeting": "fail"})
    with database.transaction() as session:
        publish_policy(session, lin, SamplingPolicy(seed="s", random_share=1, second_share=0))
        run_sampling(session, lin, START, END)
        before = review_of(session, lin, score_id, "default")
        assert before.waiting == [GREETING]
        assert before.levels[CLOSING] == "assist"
        assert CLOSING in before.unconfirmed
        assert before.effective is not None
        assert before.effective["score"] > before.machine["score"]
        with pytest.raises(InvalidRequestError, match="costs nothing"):
            appeals.open_appeal(session, agent, score_id, GREETING, "我问候了", [], QaSettings())
        task = tasks.take_next(session, lin)
        assert task is not None
        sheet = worksheet(session, lin, task.id)
        [greeting] = [one for one in sheet.criteria if one.id == GREETING]
        # What the machine said would sway them.
        assert (greeting.verdict, greeting.value, greeting.confidence) == (None, None, None)
        assert sheet.levels[GREETING] == "human"
        submit(session, lin, task.id, [Judgement(name, "pass") for name in (GREETING, CLOSING, RUDE)])
        after = review_of(session, lin, score_id, "default")
    assert after.waiting == after.unconfirmed == []
    [decision] = [one for one in after.decisions if one.criterion_id == GREETING]
    assert decision.agrees is False


def test_a_level_does_not_reach_back(database: Database, person, scored) -> None:
    lin = person("lin")
    score_id = scored("c-1", {"greeting": "fail"})
    left_to(database, lin, "human")
    with database.transaction() as session:
        review = review_of(session, lin, score_id, "default")
    assert review.waiting == []
    assert review.effective is not None
    assert review.effective["score"] == review.machine["score"]


def test_an_auto_criterion_needs_no_confirmation(database: Database, person, scored) -> None:
    lin = person("lin")
    left_to(database, lin, "auto")
    score_id = scored("c-1")
    with database.transaction() as session:
        review = review_of(session, lin, score_id, "default")
    assert GREETING not in review.unconfirmed
    assert CLOSING in review.unconfirmed


def test_fails_at_level_assist_are_confirmed_by_people(database: Database, person, scored) -> None:
    lin = person("lin")
    left_to(database, lin, "auto")
    scored("trusted", {"greeting": "fail"})
    scored("suggested", {"closing": "fail"})
    scored("fine")
    nothing = {"random_share": 0, "low_confidence": None, "abstained": False, "critical": False, "survey_gap": None}
    with database.transaction() as session:
        publish_policy(session, lin, SamplingPolicy(seed="s", second_share=0, assist_share=1, **nothing))
        run = run_sampling(session, lin, START, END)
        task = tasks.take_next(session, lin)
    assert run.reasons == {"assist": 1}
    assert task is not None
    assert task.conversation_id == "suggested"


@given(
    st.dictionaries(
        st.sampled_from(["greeting", "closing", "rude"]), st.sampled_from(["pass", "fail", "na", "abstain"])
    ),
    st.dictionaries(st.sampled_from([GREETING, CLOSING, RUDE]), st.sampled_from(["human", "assist", "auto"])),
)
def test_leaving_to_people_what_failed_never_lowers_a_score(verdicts: dict[str, str], levels: dict[str, str]) -> None:
    turns = [{"role": "customer", "text": "在吗"}, {"role": "agent", "text": "您好"}]
    one = parse_conversation({"id": "c", "turns": turns, "verdicts": verdicts})
    engine, rubric = RubricEngine(), load_rubric("default")
    [bundle] = engine.score([one])
    stored = engine.to_json(bundle)
    silent = left_to_people(levels, ())  # type: ignore[arg-type]
    failed = {item["id"] for item in stored["qa"]["criteria"] if item["value"] == 0}
    silent = {name: decision for name, decision in silent.items() if name in failed}
    effective = evaluate_rubric(rubric, measured_from_json(stored), check_weights(stored), decisions=silent)
    assert effective.score is None or bundle.qa.score is None or effective.score >= bundle.qa.score - 1e-9
