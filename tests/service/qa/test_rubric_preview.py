"""What a preview calls effective is what a review calls effective, and who reads it there has read it."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from models.qa import load_rubric, parse_rubric
from models.root_cause import load_taxonomy
from service.conversations.filters import ConversationFilter
from service.core.settings import ScoringSettings
from service.db.engine import Database
from service.qa import automation, tasks
from service.qa.decisions import review_of
from service.qa.review import Judgement, submit
from service.qa.root_cause import Word, attribute, say
from service.qa.rubric_preview import PreviewFigures, RubricPreview, preview
from service.scoring.fake import FakeEngine
from tests.service.rubrics.sheets import sheet

_STRICT = sheet("strict", 1, '{id: all, source: "check:*", weight: 5, title: {zh: 话术, en: Script}}', mark=95)


def look(database: Database, actor, text: str = _STRICT) -> RubricPreview:
    with database.transaction() as session:
        new = parse_rubric(text, "new")
        wanted = ConversationFilter()
        return preview(session, actor, new, ScoringSettings(), wanted, against=load_rubric("default"), show="changes")


def figures(database: Database, actor) -> tuple[PreviewFigures, PreviewFigures]:
    summary = look(database, actor).summary
    assert summary is not None
    return summary.effective, summary.machine


def effective(database: Database, actor, score_id: int) -> float:
    with database.transaction() as session:
        found = review_of(session, actor, score_id, "default").effective
    assert found is not None
    return found["score"]


@pytest.mark.parametrize("late", [False, True])
def test_what_is_left_to_people_does_not_count(database: Database, person, scored, late: bool) -> None:
    lin = person("lin")

    def leave() -> None:
        with database.transaction() as session:
            automation.set_level(session, lin, "shop/greeting", "human", "一致率下降")

    if not late:
        leave()
    score_id = scored("c-1", {"greeting": "fail"})
    if late:  # a level does not reach back
        leave()
    found, machine = figures(database, lin)
    assert found.mean_before == effective(database, lin, score_id)
    assert (found.mean_before > machine.mean_before) is not late  # type: ignore[operator]
    # The new rubric calls it all.greeting, but it is the same check of the same playbook.
    assert (found.mean_after == 100) is not late
    assert machine.mean_after is not None
    assert machine.mean_after < 100


def test_what_a_cause_in_the_system_excuses_does_not_count(database: Database, person, scored) -> None:
    lin = person("lin")
    score_id = scored("c-1", {"closing": "fail"}, text="快递停在中转站五天了一动不动", queue="complaint")
    attribute(database, FakeEngine(), ["c-1"])
    assert figures(database, lin)[0].mean_before == effective(database, lin, score_id)
    with database.transaction() as session:
        say(session, lin, score_id, Word("system", "delivery_delay"), load_taxonomy())
    found, machine = figures(database, lin)
    assert found.mean_before == effective(database, lin, score_id)
    assert found.mean_before > machine.mean_before  # type: ignore[operator]


def test_who_is_told_what_others_decided_judges_no_appeal_blind(database: Database, client_of, person, scored) -> None:
    score_id = scored("c-1", {"greeting": "fail"})
    lin, wu, agent = client_of("lin"), client_of("wu"), client_of("agent", "agent", "a-1")
    trainer = client_of("he", "trainer")
    zhao = person("zhao")
    with database.transaction() as session:
        task = tasks.add_manual(session, zhao, "c-1")
        tasks.take(session, zhao, task.id)
        names = ("script.greeting", "script.closing", "script.rude")
        submit(
            session,
            zhao,
            task.id,
            [Judgement(one, "fail" if "greet" in one else "pass", reason="听过") for one in names],
        )

    def read(client: TestClient, show: str) -> int:
        answer = client.post("/v1/rubrics/preview", json={"yaml": _STRICT, "against": "default", "show": show})
        assert answer.status_code == 200, answer.text
        return len(answer.json()["items"])

    assert read(wu, "flips") == 0  # both fail: nothing is told
    assert [read(one, "changes") for one in (lin, trainer)] == [1, 1]
    body = {"score_id": score_id, "criterion_id": "script.greeting", "comment": "我问候了", "quoted_turns": [1]}
    assert agent.post("/v1/qa/appeals", json=body).status_code == 201
    assert lin.post("/v1/qa/appeals/1/take").status_code == 409
    assert wu.post("/v1/qa/appeals/1/take").status_code == 200
