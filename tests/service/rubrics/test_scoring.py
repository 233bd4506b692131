"""Each conversation is scored by the rubric in force for it, and such scores can be made again and decided upon."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from models.interchange import parse_conversation
from models.scorers.compliance import list_playbooks, load_playbook
from service.accounts.actor import Actor
from service.conversations.read import get_conversation
from service.conversations.store import store_conversations
from service.core.errors import InvalidRequestError
from service.core.settings import ScoringSettings
from service.db.engine import Database
from service.people.persons import add_person
from service.playbooks import activation as playbooks
from service.playbooks.registry import publish_text as publish_playbook
from service.qa import tasks
from service.qa.decisions import review_of
from service.qa.provenance import verify_score
from service.qa.review import Judgement, submit, worksheet
from service.rubrics.activation import RubricScope, activate, retire
from service.rubrics.registry import publish_text
from service.scoring.engine import Engine
from service.scoring.gateway import open_engine
from service.scoring.history import score_history
from service.scoring.on_demand import EngineOnDemand
from service.scoring.run import score_batch
from tests.service.playbooks.shops import shop
from tests.service.rubrics.sheets import check, sheet

START = datetime(2026, 10, 1, tzinfo=UTC)
SETTINGS = ScoringSettings(encoder="hashing")
BOOKS = list_playbooks()


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    opened = open_engine(SETTINGS)
    yield opened
    opened.close()


def put(session, spec: str, **scope: tuple[str, ...]) -> None:
    own = load_playbook("ecommerce-zh")
    activate(session, spec, "me", default=own, scope=RubricScope(**scope), start=START)  # type: ignore[arg-type]


def by(database: Database, *names: str) -> dict[str, str | None]:
    with database.transaction() as session:
        found = {name: get_conversation(session, name) for name in names}
    return {name: one.score["versions"]["rubric"] if one.score else one.score_error for name, one in found.items()}


def test_playbook_and_rubric_are_chosen_for_each_conversation(database: Database, engine: Engine, document) -> None:
    with database.transaction() as session:
        publish_text(session, sheet("mine", 1, check("greeting"), check("empathy")), "me", BOOKS)
        for name in ("aftersale", "complaint"):
            put(session, f"{name}@1", queue=(name,))
        put(session, "mine@1", queue=("presale",), agent_role=("lead",))
        several = [
            document("a"),
            document("b", queue="complaint"),
            document("c", queue="presale"),
            document("d", queue="presale", agent={"id": "x", "role": "lead"}),
            document("e", started_at="2026-09-01T09:00:00+08:00", turns=[{"role": "customer", "text": "在吗"}]),
        ]
        store_conversations(session, [parse_conversation(one) for one in several])
    assert score_batch(database, engine, list("abcde")).scored == 5
    found = by(database, *"abcde")
    assert found.pop("d").startswith("mine@1+")  # type: ignore[union-attr]
    assert found == {"a": "aftersale@1", "b": "complaint@1", "c": "default@1", "e": "default@1"}
    again = score_batch(database, engine, list("abcde"))
    assert (again.scored, again.known) == (0, 5)

    # Another rubric in force is another score beside the first, and going back makes no third.
    with database.transaction() as session:
        retire(session, "aftersale", end=START)
    assert score_batch(database, engine, ["a"]).scored == 1
    assert by(database, "a") == {"a": "default@1"}
    with database.transaction() as session:
        put(session, "aftersale@1", queue=("aftersale",))
    assert score_batch(database, engine, ["a"]).known == 1
    assert by(database, "a") == {"a": "aftersale@1"}
    with database.transaction() as session:
        scores = score_history(session, "a")
    assert [one.bundle["versions"]["rubric"] for one in scores] == ["default@1", "aftersale@1"]
    on_demand = EngineOnDemand(SETTINGS)
    assert [verify_score(database, on_demand, one.id).outcome for one in scores] == ["identical"] * 2
    on_demand.close()


def test_a_rubric_that_asks_for_what_the_playbook_lacks_fails_that_conversation_only(
    database: Database, engine: Engine, document
) -> None:
    with database.transaction() as session:
        publish_text(session, sheet("mine", 1, check("empathy")), "me", BOOKS)
        put(session, "mine@1")
        publish_playbook(session, shop(more="scope: {queue: [complaint]}"), "me")
        playbooks.activate(session, "shop@1", "me", start=START)
        store_conversations(
            session, [parse_conversation(document("a")), parse_conversation(document("b", queue="complaint"))]
        )
    result = score_batch(database, engine, ["a", "b"])
    assert (result.scored, result.failed) == (1, 1)
    assert by(database, "b") == {"b": "invalid-rubric"}


def test_older_published_versions_stay_known(database: Database, engine: Engine, document) -> None:
    with database.transaction() as session:
        for version, mark in ((1, 60), (2, 70)):
            publish_text(session, sheet("mine", version, check("greeting"), check("empathy"), mark=mark), "me", BOOKS)
        put(session, "mine@1")
        store_conversations(session, [parse_conversation(document("a"))])
    assert score_batch(database, engine, ["a"]).scored == 1
    with database.transaction() as session:
        put(session, "mine@2")
    assert score_batch(database, engine, ["a"]).scored == 1
    with database.transaction() as session:
        scores = score_history(session, "a")
    on_demand = EngineOnDemand(SETTINGS)
    assert [verify_score(database, on_demand, one.id).outcome for one in scores] == ["identical"] * 2
    assert {one.bundle["versions"]["rubric"].partition("+")[0] for one in scores} == {"mine@1", "mine@2"}
    with database.engine.begin() as connection:  # as if it were of a format that is not read any more
        connection.execute(sa.text("ALTER TABLE rubric_version DISABLE TRIGGER ALL"))
        connection.execute(sa.text("UPDATE rubric_version SET yaml = 'format: 9', hash = 'old' WHERE version = 1"))
    [number] = [one.id for one in scores if one.bundle["versions"]["rubric"].startswith("mine@1")]
    first = verify_score(database, on_demand, number)
    assert (first.outcome, [one.what for one in first.missing]) == ("cannot", ["rubric"])
    on_demand.close()


def test_what_people_decide_counts_by_a_published_rubric(database: Database, engine: Engine, document) -> None:
    with database.transaction() as session:
        publish_text(session, sheet("mine", 1, check("greeting"), check("closing")), "me", BOOKS)
        put(session, "mine@1")
        store_conversations(session, [parse_conversation(document("a"))])
    score_batch(database, engine, ["a"])
    lin = Actor("lin", "qa", person_id="lin")
    with database.transaction() as session:
        add_person(session, "lin", "lin", "qa")
        task = tasks.add_manual(session, lin, "a")
        tasks.take(session, lin, task.id)
        verdicts = {"greeting": "pass", "closing": "fail"}
        required = worksheet(session, lin, task.id).required
        submit(session, lin, task.id, [Judgement(one, verdicts.get(one, "pass"), reason="听过") for one in required])  # type: ignore[arg-type]
        found = review_of(session, lin, task.score_id, "default")
    assert found.effective is not None
    assert found.effective["score"] == 50.0


_ACCURATE = "{id: accurate, source: 'manual:accurate', weight: 5, question: {zh: 准确吗, en: Correct}}"
_EXPERT = "{id: expert, source: 'manual:expert', weight: 5, steps: 3, question: {zh: 专业吗, en: Expert}}"


def test_a_question_takes_its_own_answers_only(database: Database, engine: Engine, document) -> None:
    with database.transaction() as session:
        add_person(session, "lin", "lin", "qa")
        publish_text(session, sheet("mine", 1, _ACCURATE, _EXPERT, more="playbook_critical: false\n"), "me", BOOKS)
        put(session, "mine@1")
        store_conversations(session, [parse_conversation(document("a"))])
    score_batch(database, engine, ["a"])
    lin = Actor("lin", "qa", person_id="lin")
    good = Judgement("accurate", "pass"), Judgement("expert", value=0.6667)
    with database.transaction() as session:
        task = tasks.add_manual(session, lin, "a")
        tasks.take(session, lin, task.id)
        for wrong, said in (
            (Judgement("expert", value=0.5), "0, 0.3333, 0.6667, 1"),
            (Judgement("expert", "pass"), "0, 0.3333, 0.6667, 1"),
            (Judgement("accurate", value=0.5), "pass, fail"),
        ):
            other = good[wrong.criterion_id == "accurate"]
            with pytest.raises(InvalidRequestError) as refused:
                submit(session, lin, task.id, [wrong, other])
            assert said in refused.value.message_en
            assert refused.value.message_zh.startswith(f"{wrong.criterion_id}：")
            assert refused.value.location == f"criteria.{wrong.criterion_id}"
        assert submit(session, lin, task.id, good).status == "done"
