"""A preview tells what scoring again would: the same outcomes, the same scores, without a model."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from models.interchange import parse_conversation
from models.qa import load_rubric, parse_rubric
from models.scorers.compliance import list_playbooks, load_playbook
from service.accounts.actor import Actor
from service.conversations.filters import ConversationFilter
from service.conversations.store import store_conversations
from service.core.settings import ScoringSettings
from service.db.engine import Database
from service.people.persons import add_person
from service.qa import tasks
from service.qa.review import Judgement, submit, worksheet
from service.qa.rubric_preview import RubricPreview, preview
from service.rubrics.activation import activate
from service.rubrics.registry import publish_text
from service.samples import sample_path
from service.scoring.engine import Engine
from service.scoring.gateway import open_engine
from service.scoring.run import score_batch
from tests.service.rubrics.sheets import check, sheet

START = datetime(2020, 1, 1, tzinfo=UTC)
SETTINGS = ScoringSettings(encoder="hashing")
BOOKS = list_playbooks()
LIN = Actor("lin", "qa", person_id="lin")


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    opened = open_engine(SETTINGS)
    yield opened
    opened.close()


def sample(database: Database, engine: Engine, count: int) -> list[str]:
    with gzip.open(sample_path(), "rt", encoding="utf-8") as file:
        several = [json.loads(row) for _, row in zip(range(count), file, strict=False)]
    for place, one in enumerate(several):
        one["agent"]["role"] = ["new", "lead"][place % 2]
    with database.transaction() as session:
        store_conversations(session, [parse_conversation(one) for one in several])
    ids = [one["id"] for one in several]
    assert score_batch(database, engine, ids).scored == len(ids)
    return ids


def look(database: Database, text: str, **options: Any) -> RubricPreview:
    with database.transaction() as session:
        rubric = load_rubric(text) if "\n" not in text else parse_rubric(text, "new")
        return preview(session, LIN, rubric, SETTINGS, ConversationFilter(), **options)


def outcomes(database: Database) -> dict[str, tuple[float | None, bool | None]]:
    statement = "SELECT c.id, s.qa_score, s.qa_passed FROM conversation c JOIN score s ON s.id = c.current_score_id"
    with database.engine.connect() as connection:
        return {row[0]: (row[1], row[2]) for row in connection.execute(sa.text(statement))}


_NAMES = ("greeting", "empathy", "closing", "solution_offered", "apology", "eta_given")
_WEIGHTS = st.integers(1, 40)
_CRITERIA = st.lists(st.tuples(st.sampled_from(_NAMES), _WEIGHTS), max_size=4, unique_by=lambda one: one[0])
_MORE = (
    "",
    "playbook_critical: false\n",
    "playbook_critical: {cap: 59}\n",
    "variants: [{id: new, when: {agent_role: [new]}, pass_mark: 40, criteria: {script: {weight: 90}}}]\n",
    "variants: [{id: zh, when: {language: [zh]}, remove: [script]}]\n",
)
_FIGURE = "{id: satisfaction, source: csat.mean, weight: 7, scale: {worst: 1, best: 5}, when: {queue: [aftersale]}}"
_SCRIPT = '{id: script, source: "check:*", weight: 5}'


def test_a_preview_equals_scoring_again(database: Database, engine: Engine) -> None:
    ids = sample(database, engine, 24)
    version = iter(range(1, 1000))

    @settings(max_examples=6)
    @given(criteria=_CRITERIA, mark=st.sampled_from((40, 60, 75, 90)), more=st.sampled_from(_MORE))
    def compare(criteria: list[tuple[str, int]], mark: float, more: str) -> None:
        lines = [check(name, weight, optional=True) for name, weight in criteria]
        text = sheet("mine", next(version), *lines, _SCRIPT, _FIGURE, mark=mark, more=more)
        before = outcomes(database)
        found = look(database, text, show="changes", page=200)
        assert found.summary is not None
        with database.transaction() as session:
            spec = publish_text(session, text, "me", BOOKS).rubric
            own = load_playbook("ecommerce-zh")
            activate(session, f"{spec.id}@{spec.version}", "me", default=own, start=START)
        assert score_batch(database, engine, ids).failed == 0
        after = outcomes(database)
        figures = found.summary.effective
        assert figures == found.summary.machine
        moves = [(before[one][1], after[one][1]) for one in ids]
        assert figures.conversations == len(ids)
        assert figures.pass_to_fail == moves.count((True, False))
        assert figures.fail_to_pass == moves.count((False, True))
        assert figures.unchanged == sum(one == other for one, other in moves)
        assert (figures.passed_before, figures.passed_after) == tuple(
            sum(one is True for one in side) for side in zip(*moves, strict=True)
        )
        changed = {one for one in ids if before[one] != after[one]}
        listed = {one.conversation_id: (one.before, one.after) for one in found.items if one.before != one.after}
        assert listed == {one: (before[one][0], after[one][0]) for one in changed if before[one][0] != after[one][0]}
        assert figures.changed_scores == len(listed)
        for groups in (found.summary.by_agent, found.summary.by_queue):
            assert sum(one.figures.conversations for one in groups) == len(ids)
            assert sum(one.figures.pass_to_fail for one in groups) == figures.pass_to_fail
        changes = found.summary.changes
        both = sum(before[one][0] is not None and after[one][0] is not None for one in ids)
        assert changes.unchanged + sum(one.conversations for one in changes.buckets) == both

    compare()


def test_pages_are_the_whole_list(database: Database, engine: Engine) -> None:
    sample(database, engine, 12)
    whole = look(database, "aftersale", show="changes", page=200)
    assert whole.next_cursor is None
    for page, limit in ((1, 10_000), (4, 10_000), (3, 7)):
        found, cursor = [], None
        while True:
            part = look(database, "aftersale", show="changes", page=page, limit=limit, cursor=cursor)
            assert (part.summary is None) == (cursor is not None)
            found += part.items
            cursor = part.next_cursor
            if cursor is None:
                break
        expected = look(database, "aftersale", show="changes", page=200, limit=limit).items
        assert found == list(expected)
    assert all(one.reasons and one.reasons[0].zh != one.reasons[0].en for one in whole.items)


def test_decisions_count_where_nobody_judges_blind_any_more(database: Database, engine: Engine, document) -> None:
    with database.transaction() as session:
        for name in ("lin", "wang"):
            add_person(session, name, name, "qa")
        publish_text(session, sheet("mine", 1, check("greeting"), check("closing"), mark=60), "me", BOOKS)
        activate(session, "mine@1", "me", default=load_playbook("ecommerce-zh"), start=START)
        store_conversations(session, [parse_conversation(document(one)) for one in "ab"])
    score_batch(database, engine, list("ab"))
    with database.transaction() as session:
        task = tasks.add_manual(session, LIN, "a")
        tasks.take(session, LIN, task.id)
        said = [Judgement(one, "pass", reason="听过") for one in worksheet(session, LIN, task.id).required]
        submit(session, LIN, task.id, said)
    # The new rubric calls the same check otherwise; what was decided of it still counts.
    renamed = sheet("mine", 2, check("greeting"), check("closing").replace("id: closing", "id: bye"), mark=60)
    found = look(database, renamed)
    assert found.summary is not None
    assert (found.summary.decided, found.summary.against) == (1, {"mine@1": 2})
    assert found.summary.effective.passed_before == found.summary.effective.passed_after == 1
    assert found.summary.machine.passed_after == 0
    with database.engine.begin() as connection:  # a second, blind review of the same score begins
        connection.execute(
            sa.text(
                "INSERT INTO review_task (score_id, conversation_id, revision, purpose, pair_id, status, created_by,"
                " created_at) SELECT score_id, conversation_id, revision, 'second', id, 'open', 'x', now()"
                " FROM review_task WHERE id = :task"
            ),
            {"task": task.id},
        )
    withheld = look(database, renamed).summary
    assert withheld is not None
    assert (withheld.decided, withheld.effective) == (0, withheld.machine)


def test_what_cannot_be_compared_is_told(database: Database, engine: Engine, document) -> None:
    with database.transaction() as session:
        store_conversations(session, [parse_conversation(document(one)) for one in "ab"])
    score_batch(database, engine, list("ab"))
    with database.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE score DISABLE TRIGGER score_keep"))
        connection.execute(sa.text("UPDATE score SET bundle = bundle - 'csat' WHERE conversation_id = 'a'"))
        connection.execute(sa.text("ALTER TABLE score ENABLE TRIGGER score_keep"))
    found = look(database, sheet("mine", 1, check("gone")))
    assert found.summary is not None
    assert found.summary.effective.conversations == 0
    told = {tuple(one.examples): one.reason_en for one in found.summary.not_comparable}
    assert "format" in told["a",]
    assert "lacks: gone" in told["b",]
