"""The gateway to the real pipeline, and batches through any engine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from models.domain.conversation import Conversation
from models.domain.playbook import Playbook
from models.domain.rubric import Rubric
from models.domain.scores import Versions
from models.interchange import parse_conversation
from service.conversations.read import get_conversation
from service.conversations.store import store_conversations
from service.core.settings import ScoringSettings
from service.db.engine import Database
from service.scoring.catalogue import playbook, playbooks
from service.scoring.engine import versions_hash
from service.scoring.fake import FakeEngine
from service.scoring.gateway import PipelineEngine, open_engine
from service.scoring.provenance import Part
from service.scoring.run import score_batch

_PLAYBOOK = """
id: tiny
version: 3
title: {zh: 最小, en: Tiny}
cues:
  hello: {include: [您好, 你好]}
checks:
  - id: greeting
    kind: required
    title: {zh: 问候, en: Greeting}
    look_for: {seen: [hello], by: agent, first: 2}
    reasons:
      passed: {zh: 已问候, en: greeted}
      failed: {zh: 未问候, en: no greeting}
      na: {zh: 不适用, en: does not apply}
"""


@pytest.fixture
def own_playbook(tmp_path: Path) -> ScoringSettings:
    path = tmp_path / "tiny.yaml"
    path.write_text(_PLAYBOOK, encoding="utf-8")
    return ScoringSettings(playbook=str(path), encoder="hashing")


def test_a_playbook_of_ones_own_is_the_active_one(own_playbook: ScoringSettings, session: Session) -> None:
    first, *others = playbooks(session, own_playbook)
    assert (first.id, first.version, first.active) == ("tiny", 3, True)
    assert not any(one.active for one in others)
    assert playbook(session, own_playbook, "tiny@3") == first


def test_the_real_pipeline_scores_what_is_stored(own_playbook: ScoringSettings, database: Database, document) -> None:
    engine = open_engine(own_playbook)
    assert isinstance(engine, PipelineEngine)
    with database.transaction() as session:
        store_conversations(session, [parse_conversation(document(f"c-{number}")) for number in range(3)])
    result = score_batch(database, engine, ["c-0", "c-1", "c-2", "unknown"])
    assert (result.scored, result.known, result.failed) == (3, 0, 0)
    again = score_batch(database, engine, ["c-0", "c-1", "c-2"])
    assert (again.scored, again.known, again.failed) == (0, 3, 0)
    with database.transaction() as session:
        stored = get_conversation(session, "c-1")
        row = session.execute(sa.text("SELECT * FROM score WHERE conversation_id = 'c-1'")).one()
    assert stored.score is not None
    assert stored.score["versions"]["input"] == stored.content_hash
    assert stored.score["versions"]["playbook"].startswith("tiny@3")
    assert row.csat_mean == stored.score["csat"]["mean"]
    assert row.compliance_score == stored.score["compliance"]["score"] == 1.0
    assert row.qa_score == stored.score["qa"]["score"]
    assert row.first_response_s == stored.score["timing"]["first_response_s"] == 8.0
    engine.close()


def test_a_batch_stops_between_chunks(database: Database, document) -> None:
    ids = [f"c-{number}" for number in range(10)]
    with database.transaction() as session:
        store_conversations(session, [parse_conversation(document(one)) for one in ids])
    answers = iter([False, False, True])
    result = score_batch(database, FakeEngine(), ids, chunk=3, should_stop=lambda: next(answers))
    assert (result.scored, result.stopped) == (6, True)
    rest = score_batch(database, FakeEngine(), ids, chunk=3)
    assert (rest.scored, rest.known, rest.stopped) == (4, 6, False)


def test_a_score_of_an_old_revision_does_not_become_current(database: Database, document) -> None:
    class Slow(FakeEngine):
        """Somebody sends a further revision while the model runs."""

        def score(self, conversations, playbook=None, rubric=None):
            with database.transaction() as session:
                store_conversations(session, [parse_conversation(document(text="换一句"))], revise=True)
            return super().score(conversations, playbook, rubric)

    with database.transaction() as session:
        store_conversations(session, [parse_conversation(document())])
    score_batch(database, Slow(), ["c-1"])
    with database.transaction() as session:
        stored = get_conversation(session, "c-1")
        assert (stored.revision, stored.state) == (2, "pending")
        assert session.execute(sa.text("SELECT revision FROM score")).scalars().all() == [1]


def test_a_failure_is_forgotten_when_scoring_works(database: Database, document) -> None:
    class Broken(FakeEngine):
        def score(self, conversations, playbook=None, rubric=None):  # noqa: ARG002
            raise ZeroDivisionError

    with database.transaction() as session:
        store_conversations(session, [parse_conversation(document())])
    assert score_batch(database, Broken(), ["c-1"]).failed == 1
    with database.transaction() as session:
        stored = get_conversation(session, "c-1")
        assert (stored.state, stored.score_error) == ("failed", "ZeroDivisionError")
    assert score_batch(database, FakeEngine(), ["c-1"]).scored == 1
    with database.transaction() as session:
        stored = get_conversation(session, "c-1")
        assert (stored.state, stored.score_error) == ("scored", None)


def test_versions_differ_where_anything_does(document) -> None:
    one, other = FakeEngine("a", "b"), FakeEngine("a", "c")
    conversation = parse_conversation(document())
    again = FakeEngine("a", "b")
    key = versions_hash(one.versions_for(conversation), one.provenance())
    assert key == versions_hash(again.versions_for(conversation), again.provenance())
    assert key != versions_hash(other.versions_for(conversation), other.provenance())


def test_eight_digits_of_a_hash_are_not_enough(document) -> None:
    engine = FakeEngine()
    versions = engine.versions_for(parse_conversation(document()))
    parts = [Part("mine", 1, f"sha256:12345678{rest * 56}") for rest in "ab"]
    made_with = [replace(engine.provenance(), rubric=part) for part in parts]
    of_ones_own = replace(versions, rubric="mine@1+12345678")
    one, other = (versions_hash(of_ones_own, each) for each in made_with)
    assert one != other
    # Of a packaged one the code's version guards the content; keys made before stay as they were.
    assert len({versions_hash(versions, each) for each in made_with}) == 1


def test_a_playbook_that_breaks_stops_only_its_own(database: Database, document) -> None:
    class Broken(FakeEngine):
        def versions_for(
            self, conversation: Conversation, playbook: Playbook | None = None, rubric: Rubric | None = None
        ) -> Versions:
            if conversation.id == "c-1":
                raise RuntimeError("no such thing")
            return super().versions_for(conversation, playbook, rubric)

    with database.transaction() as session:
        store_conversations(session, [parse_conversation(document(one)) for one in ("c-1", "c-2")])
    result = score_batch(database, Broken(), ["c-1", "c-2"])
    assert (result.scored, result.failed) == (1, 1)
