"""Runs docs/guides/qa.md as it stands: every answer it shows is compared with what the API says."""

from __future__ import annotations

import doctest
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from service.accounts.keys import create_key
from service.app import create_app
from service.core.logs import configure_logging
from service.core.settings import ScoringSettings, Settings
from service.db.engine import Database
from service.people.persons import add_person
from service.samples.generate import conversations
from service.worker import run_worker

configure_logging("error")
GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "qa.md"


def thousand_conversations() -> list[dict[str, Any]]:
    """Return the shipped sample and the first of another draw of its generator."""
    more = [{**one, "id": f"m{one['id']}"} for one in conversations("another shop")]
    return (conversations() + more)[:1000]


def test_the_story_of_the_guide(app_settings: Settings, database: Database, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = replace(app_settings, scoring=ScoringSettings())
    app = create_app(settings, database)
    with TestClient(app):
        names: dict[str, Any] = {
            "tickets": client(app, database, "tickets", "ingest"),
            "admin": client(app, database, "admin", "admin"),
            **{name: client(app, database, name, "qa", person=True) for name in ("boss", "lin", "wu", "chen")},
            "he": client(app, database, "he", "agent", person=True, agent_id="a-07"),
            "thousand_conversations": thousand_conversations(),
            "wait_until_scored": waiter(settings),
        }
        found = doctest.testfile(
            str(GUIDE), module_relative=False, globs=names, optionflags=doctest.ELLIPSIS | doctest.FAIL_FAST
        )
    assert found.attempted > 30
    assert found.failed == 0, "see the comparison that doctest printed above"


def client(app, database: Database, name: str, role: Any, *, person: bool = False, agent_id=None) -> TestClient:
    """Return a client with a key of its own."""
    with database.transaction() as session:
        if person:
            add_person(session, name, name, role, agent_id=agent_id)
        key = create_key(session, name, None if person else role, person_id=name if person else None).key
    return TestClient(app, headers={"Authorization": f"Bearer {key}", "Accept-Language": "en"})


def waiter(settings: Settings) -> Callable[[], None]:
    """Return a function that works off the queue, as the worker beside the API does."""
    return lambda: run_worker(settings, wait=False)
