"""Fixtures for tests of review work: scores with criteria, and people with keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from models.domain.scores import CheckResult, ScoreBundle
from models.interchange import parse_conversation
from models.qa import evaluate_rubric, load_rubric
from models.qa.figures import Measured
from service.accounts.actor import Actor
from service.accounts.keys import create_key
from service.accounts.roles import Role
from service.app import create_app
from service.conversations.store import store_conversations
from service.core.settings import Settings
from service.db.engine import Database
from service.people.persons import add_person
from service.scoring.fake import FakeEngine
from service.scoring.history import current_score
from service.scoring.provenance import part_of
from service.scoring.run import score_batch

Verdicts = dict[str, str]


class RubricEngine(FakeEngine):
    """The fake engine with the default rubric's arithmetic; ``extra.verdicts`` says what its checks say."""

    def score(self, conversations, playbook=None, rubric=None) -> list[ScoreBundle]:  # noqa: ARG002
        return [self._with_criteria(one) for one in conversations]

    def _with_criteria(self, conversation) -> ScoreBundle:
        bundle = self._score(conversation, None)
        wanted: Verdicts = {
            "greeting": "pass",
            "closing": "pass",
            "rude": "pass",
            **conversation.extra.get("verdicts", {}),
        }
        sure = conversation.extra.get("confidence", 0.9)
        checks = tuple(
            CheckResult(name, verdict, sure, name == "rude", (), "测试", "test") for name, verdict in wanted.items()
        )
        compliance = replace(bundle.compliance, checks=checks)
        measured = Measured(bundle.sentiment, bundle.csat, bundle.resolution, compliance, bundle.timing)
        rubric = load_rubric("default")
        qa = evaluate_rubric(rubric, measured, {"greeting": 2.0, "closing": 1.0, "rude": 3.0})
        versions = replace(bundle.versions, playbook="shop@1", rubric="default@1")
        return replace(bundle, compliance=compliance, qa=qa, versions=versions)

    def versions_for(self, conversation, playbook=None, rubric=None):
        return replace(super().versions_for(conversation, playbook, rubric), playbook="shop@1", rubric="default@1")

    def provenance(self, playbook=None, rubric=None):
        return replace(super().provenance(playbook, rubric), rubric=part_of(load_rubric("default@1")))


class NewerEngine(RubricEngine):
    """The same engine later: of other versions, and of another mind about some checks."""

    def __init__(self, says: Verdicts, **versions: str) -> None:
        super().__init__()
        self._says, self._versions = says, versions

    def versions_for(self, conversation, playbook=None, rubric=None):
        return replace(super().versions_for(conversation, playbook, rubric), **self._versions)

    def _with_criteria(self, conversation) -> ScoreBundle:
        verdicts = {**conversation.extra.get("verdicts", {}), **self._says}
        bundle = super()._with_criteria(replace(conversation, extra={**conversation.extra, "verdicts": verdicts}))
        return replace(bundle, versions=self.versions_for(conversation))


@pytest.fixture
def rescored(database: Database) -> Callable[..., int]:
    """Return a function that scores a stored conversation by other versions and returns the new score's id."""

    def make(name: str = "c-1", says: Verdicts | None = None, **versions: str) -> int:
        assert score_batch(database, NewerEngine(says or {}, **(versions or {"model": "fake@2"})), [name]).scored == 1
        with database.transaction() as session:
            score = current_score(session, name)
            assert score is not None
            return score.id

    return make


@pytest.fixture
def scored(database: Database, document) -> Callable[..., int]:
    """Return a function that stores and scores a conversation and returns the score's id."""

    def make(name: str = "c-1", verdicts: Verdicts | None = None, **fields: Any) -> int:
        one = parse_conversation(document(name, verdicts=verdicts or {}, **fields))
        with database.transaction() as session:
            store_conversations(session, [one])
        score_batch(database, RubricEngine(), [name])
        with database.transaction() as session:
            score = current_score(session, name)
            assert score is not None
            return score.id

    return make


@pytest.fixture
def person(database: Database) -> Callable[..., Actor]:
    """Return a function that adds a person, who then acts."""

    def make(name: str, role: Role = "qa", agent_id: str | None = None, queues: tuple[str, ...] = ()) -> Actor:
        with database.transaction() as session:
            add_person(session, name, name, role, agent_id=agent_id, queues=queues)
        return Actor(name, role, person_id=name, agent_id=agent_id)

    return make


@pytest.fixture
def client_of(app_settings: Settings, database: Database, person) -> Iterator[Callable[..., TestClient]]:
    """Return a maker of clients whose key belongs to a person, who is added."""
    app = create_app(app_settings, database)
    with TestClient(app):

        def make(name: str, role: Role = "qa", agent_id: str | None = None) -> TestClient:
            person(name, role, agent_id)
            with database.transaction() as session:
                key = create_key(session, name, person_id=name).key
            return TestClient(app, headers={"Authorization": f"Bearer {key}", "Accept-Language": "en"})

        yield make
