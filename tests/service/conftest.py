"""Fixtures for tests of the service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.accounts.keys import create_key
from service.accounts.roles import Role
from service.app import create_app
from service.core.logs import configure_logging
from service.core.settings import Settings
from service.db.engine import Database
from service.people.persons import add_person
from service.scoring.fake import FakeEngine
from service.scoring.run import score_batch

configure_logging("warning")  # before that, structlog prints local variables with every traceback
MakeDocument = Callable[..., dict[str, Any]]
ClientFor = Callable[..., TestClient]


@pytest.fixture
def document() -> MakeDocument:
    """Return a maker of small valid conversations."""

    def make(conversation_id: str = "c-1", text: str = "在吗，怎么还没发货", **fields: Any) -> dict[str, Any]:
        return {
            "id": conversation_id,
            "queue": "aftersale",
            "agent": {"id": "a-1", "name": "小李"},
            "customer": {"id": "u-1"},
            "started_at": "2026-10-12T09:00:00+08:00",
            "turns": [
                {"role": "customer", "at": "2026-10-12T09:00:03+08:00", "text": text},
                {"role": "agent", "at": "2026-10-12T09:00:11+08:00", "text": "您好，马上为您查询"},
            ],
            **fields,
        }

    return make


@pytest.fixture
def client_for(app_settings: Settings, database: Database) -> Iterator[ClientFor]:
    """Return a maker of clients whose API key has the role asked for."""
    app = create_app(app_settings, database)
    with TestClient(app):

        def make(role: Role, agent_id: str = "a-1") -> TestClient:
            with database.transaction() as session:
                person = f"test-{role}-{agent_id}" if role == "agent" else None
                if person:
                    add_person(session, person, "小李", role, agent_id=agent_id)
                key = create_key(session, f"test {role}", role, person_id=person).key
            return TestClient(app, headers={"Authorization": f"Bearer {key}"})

        yield make


@pytest.fixture
def client(client_for: ClientFor) -> TestClient:
    """Return a client that may do everything."""
    return client_for("admin")


@pytest.fixture
def score_all(database: Database) -> Callable[..., None]:
    """Return a function that scores conversations at once, as a worker would."""

    def score(*ids: str, engine: FakeEngine | None = None) -> None:
        score_batch(database, engine or FakeEngine(), ids)

    return score
