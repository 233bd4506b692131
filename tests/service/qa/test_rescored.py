"""What people said is of the revision: a new score of the same text, by another engine, does not undo it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from models.interchange import parse_conversation
from models.qa import load_rubric
from service.accounts.actor import Actor
from service.conversations.filters import ConversationFilter
from service.conversations.store import store_conversations
from service.core.errors import InvalidRequestError, WorkConflictError
from service.core.settings import ScoringSettings
from service.db.engine import Database
from service.qa import appeal_decisions, calibration, tasks
from service.qa.automation import agreement_report
from service.qa.decisions import is_undecided, review_of
from service.qa.repository import appeals as appeal_repository
from service.qa.repository import figures as figures_repository
from service.qa.repository import tasks as task_repository
from service.qa.review import Judgement, submit
from service.qa.rubric_preview import preview
from tests.service.qa.test_appeals import FAIL, GREETING, PASS, open_one
from tests.service.qa.test_review import judged, sample


def upheld(database: Database, agent, wu, score_id: int) -> None:
    with database.transaction() as session:
        found = open_one(session, agent, score_id)
        appeal_decisions.take_appeal(session, wu, found.id)
        assert appeal_decisions.decide_appeal(session, wu, found.id, PASS).status == "upheld"


def reviewed(database: Database, actor, name: str, **verdicts: str) -> None:
    with database.transaction() as session:
        task = tasks.add_manual(session, actor, name)
        tasks.take(session, actor, task.id)
        submit(session, actor, task.id, judged(**verdicts))


def effective(database: Database, actor, score_id: int) -> dict[str, float | None]:
    with database.transaction() as session:
        found = review_of(session, actor, score_id, "default")
        assert found.effective is not None, found.note
        return {one["id"]: one["value"] for one in found.effective["criteria"]}


@pytest.fixture
def contested(person, scored):
    """Give an agent, two who decide, and the id of a score whose greeting the machine failed."""
    score_id = scored("c-1", {"greeting": "fail"})
    return person("agent", "agent", "a-1"), person("wu"), person("chen"), score_id


def test_an_upheld_appeal_stays_upheld(database: Database, contested, rescored) -> None:
    agent, wu, _chen, first = contested
    upheld(database, agent, wu, first)
    second = rescored()
    assert second != first
    assert effective(database, wu, second)[GREETING] == 1
    with database.transaction() as session:
        side = review_of(session, agent, second, "default")
        assert [(one.score_id, one.applies) for one in side.decisions] == [(first, True)]
        assert GREETING not in side.unconfirmed
        with pytest.raises(InvalidRequestError, match="costs nothing"):
            open_one(session, agent, second)


def test_a_decided_appeal_is_not_opened_again(database: Database, contested, rescored) -> None:
    agent, _wu, chen, first = contested
    with database.transaction() as session:
        found = open_one(session, agent, first)
    second = rescored()
    with database.transaction() as session, pytest.raises(WorkConflictError, match="under appeal already"):
        open_one(session, agent, second)
    with database.transaction() as session:
        assert appeal_repository.under_appeal(session, [second]) == {second}
        appeal_decisions.take_appeal(session, chen, found.id)
        assert appeal_decisions.decide_appeal(session, chen, found.id, FAIL).status == "rejected"
    with database.transaction() as session, pytest.raises(WorkConflictError, match="decided already"):
        open_one(session, agent, second)
    with database.transaction() as session:  # of another criterion it may
        third = rescored(says={"closing": "fail"}, model="fake@3")
        assert open_one(session, agent, third, criterion_id="script.closing").status == "open"


def test_two_at_once_on_two_scores_make_one_appeal(database: Database, contested, rescored) -> None:
    agent, _wu, _chen, first = contested
    second = rescored()

    def appeal(score_id: int) -> bool:
        try:
            with database.transaction() as session:
                open_one(session, agent, score_id)
        except WorkConflictError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(appeal, (first, second))) == [False, True]


def test_another_version_of_the_playbook_asks_something_else(database: Database, contested, rescored) -> None:
    agent, wu, _chen, first = contested
    upheld(database, agent, wu, first)
    second = rescored(playbook="shop@2")
    assert effective(database, wu, second)[GREETING] == 0
    with database.transaction() as session:
        side = review_of(session, agent, second, "default")
        assert [(one.score_id, one.applies) for one in side.decisions] == [(first, False)]
        assert open_one(session, agent, second).status == "open"
    third = rescored(playbook="shop@1+0a1b2c3d4e5f/x", model="fake@3")  # a label may go on
    with database.transaction() as session:
        boss = Actor("boss", "supervisor", person_id="boss")
        assert [one.applies for one in review_of(session, boss, third, "default").decisions] == [True]


def test_another_version_of_the_rubric_keeps_checks_and_asks_other_figures(
    database: Database, person, scored, rescored
) -> None:
    lin, first = person("lin"), scored("c-1", {"greeting": "fail"})
    with database.transaction() as session:
        figure = next(one for one in review_of(session, lin, first, "default").criteria if one.kind == "figure")
        task = tasks.add_manual(session, lin, "c-1")
        tasks.take(session, lin, task.id)
        submit(session, lin, task.id, [*judged(), Judgement(figure.id, value=0.5, reason="因为")])
    second = rescored(rubric="default@2")
    with database.transaction() as session:
        told = {one.criterion_id: one.applies for one in review_of(session, lin, second, "default").decisions}
    assert told[GREETING]
    assert not told[figure.id]
    third = rescored(model="fake@3")
    with database.transaction() as session:
        assert all(one.applies for one in review_of(session, lin, third, "default").decisions)
    assert effective(database, lin, third)[figure.id] == 0.5


def test_a_criterion_that_is_gone_is_shown_and_does_not_count(database: Database, contested, rescored) -> None:
    agent, wu, _chen, first = contested
    extra = rescored(says={"extra": "fail"})
    with database.transaction() as session:
        found = open_one(session, agent, extra, criterion_id="script.extra")
        appeal_decisions.take_appeal(session, wu, found.id)
        appeal_decisions.decide_appeal(session, wu, found.id, Judgement("script.extra", "pass", reason="有"))
        side = review_of(session, wu, first, "default")
    assert [(one.criterion_id, one.applies) for one in side.decisions] == [("script.extra", False)]
    assert side.effective is not None
    assert side.effective["score"] == side.machine["score"]


def test_a_new_revision_starts_afresh(database: Database, contested, document, rescored) -> None:
    agent, wu, _chen, first = contested
    upheld(database, agent, wu, first)
    changed = parse_conversation(document("c-1", text="改过的问题", verdicts={"greeting": "fail"}))
    with database.transaction() as session:
        assert store_conversations(session, [changed], revise=True)[0].revision == 2
    again = rescored()
    with database.transaction() as session:
        assert review_of(session, wu, again, "default").decisions == []
        assert open_one(session, agent, again).status == "open"


def test_who_saw_the_one_does_not_judge_the_other_blind(database: Database, contested, person, rescored) -> None:
    agent, wu, chen, first = contested
    upheld(database, agent, wu, first)
    with database.transaction() as session:
        assert review_of(session, chen, first, "default").decisions
    second = rescored()
    sample(database, person("lead"), second=1.0)
    with database.transaction() as session:
        assert task_repository.has_seen(session, second, "chen")
        pair = task_repository.of_score(session, first)
        assert [one.score_id for one in pair] == [second, second]
        assert tasks.take_next(session, chen) is None
        for task in pair:
            with pytest.raises(WorkConflictError, match="cannot judge blind"):
                tasks.take(session, chen, task.id)
        assert tasks.take_next(session, wu) is not None


def test_who_saw_or_judged_the_one_decides_no_appeal_on_the_other(
    database: Database, contested, person, rescored
) -> None:
    agent, wu, chen, first = contested
    zhao, marker = person("zhao"), person("marker")
    reviewed(database, wu, "c-1", greeting="fail")
    with database.transaction() as session:
        review_of(session, chen, first, "default")
        one = calibration.open_session(
            session,
            wu,
            title="一",
            criteria=[GREETING],
            score_ids=[first],
            reviewers=["marker", "zhao"],
            decides=True,
        )
        calibration.add_marks(session, marker, one.id, [calibration.NewMark(first, GREETING, "fail", None)])
    second = rescored()
    with database.transaction() as session:
        found = open_one(session, agent, second)
        for actor, why in ((wu, "judged or contested"), (marker, "judged or contested"), (chen, "cannot judge blind")):
            with pytest.raises(WorkConflictError, match=why):
                appeal_decisions.take_appeal(session, actor, found.id)
        assert appeal_decisions.take_appeal(session, zhao, found.id).assignee == "zhao"


def test_an_unfinished_pair_withholds_the_other_score(database: Database, person, scored, rescored) -> None:
    lin, zhao, boss = person("lin"), person("zhao"), person("boss")
    scored("c-1", {"greeting": "pass"})
    sample(database, boss, second=1.0)
    with database.transaction() as session:
        task = tasks.take_next(session, lin, purpose="review")
        assert task is not None
        submit(session, lin, task.id, judged(greeting="fail"))
    second = rescored()
    with database.transaction() as session:
        assert is_undecided(session, second)
        assert figures_repository.undecided_of(session, [second]) == {second}
        side = review_of(session, zhao, second, "default")
        assert (side.withheld, side.decisions, side.effective) == (True, [], None)
        assert {one.by for one in review_of(session, lin, second, "default").decisions} == {"lin"}
        assert figures_repository.judged(session, None, None) == {}
        other = tasks.take_next(session, zhao)
        assert other is not None
        submit(session, zhao, other.id, judged(greeting="fail"))
    assert effective(database, zhao, second)[GREETING] == 0


def test_figures_of_agreement_stay_with_the_score_that_was_judged(database: Database, person, scored, rescored) -> None:
    lin = person("lin")
    scored("c-1", {"greeting": "fail"})
    sample(database, lin)
    with database.transaction() as session:
        task = tasks.take_next(session, lin)
        assert task is not None
        submit(session, lin, task.id, judged(greeting="pass"))
        before = agreement_report(session)["shop/greeting"]
    rescored(says={"greeting": "pass"})
    with database.transaction() as session:
        after = agreement_report(session)["shop/greeting"]
    assert after.agreement == before.agreement


def test_a_preview_counts_them(database: Database, contested, rescored) -> None:
    agent, wu, _chen, first = contested
    upheld(database, agent, wu, first)
    rescored()
    with database.transaction() as session:
        found = preview(session, wu, load_rubric("default"), ScoringSettings(), ConversationFilter())
    assert found.summary is not None
    assert found.summary.decided == 1
