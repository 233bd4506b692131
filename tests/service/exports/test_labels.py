"""The label file: it takes a place among the exports, and tells what people judged and is not in it."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from models.interchange import parse_conversation
from service.accounts.actor import Actor
from service.audit.log import EventFilter, list_events
from service.conversations.store import store_conversations
from service.core.errors import TooManyExportsError
from service.db.engine import Database
from service.exports.labels import export_labels
from service.exports.slots import free_slot, take_slot
from service.qa.learning import LabelFilter
from service.scoring.run import score_batch
from tests.service.exports.test_exports import reviewed
from tests.service.qa.conftest import RubricEngine


def counts(client: TestClient) -> dict[str, int]:
    answer = client.get("/v1/qa/labels.jsonl")
    assert answer.status_code == 200, answer.text
    found = dict(part.split("=") for part in answer.headers["attune-label-counts"].split(", "))
    assert int(found["lines"]) == len(answer.text.splitlines())
    return {name: int(count) for name, count in found.items() if count != "0"}


def test_it_is_one_of_the_exports_that_run_at_once(client: TestClient, database: Database) -> None:
    for _ in range(4):
        take_slot()
    try:
        refused = client.get("/v1/qa/labels.jsonl")
        assert (refused.status_code, refused.json()["code"]) == (503, "too-many-exports")
        with pytest.raises(TooManyExportsError):
            export_labels(database, Actor("x", "cli"), LabelFilter())
    finally:
        for _ in range(4):
            free_slot()
    for _ in range(5):
        assert client.get("/v1/qa/labels.jsonl").status_code == 200
    export_labels(database, Actor("x", "cli"), LabelFilter()).pieces.close()


def test_what_is_left_out_is_told(client_of, scored, document, database: Database) -> None:
    lin, agent, boss = client_of("lin"), client_of("agent", "agent", "a-1"), client_of("boss", "admin")
    zhao = client_of("zhao")
    assert counts(boss) == {}
    scored("c-1", {"greeting": "fail"})
    reviewed(lin, "c-1", "pass", "第二句有问候")
    assert counts(boss) == {"lines": 1, "labels": 3, "scores": 1}
    changed = parse_conversation(document("c-1", "改过的内容", verdicts={"greeting": "fail"}))
    with database.transaction() as session:
        store_conversations(session, [changed], revise=True)
    score_batch(database, RubricEngine(), ["c-1"])
    assert counts(boss) == {"lines": 1, "labels": 3, "scores": 1}
    reviewed(lin, "c-1", "pass", "第二句有问候")
    waiting = scored("c-2", {"greeting": "fail"})
    reviewed(lin, "c-2", "fail", "没有问候")
    body = {"score_id": waiting, "criterion_id": "script.greeting", "comment": "我问候了", "quoted_turns": [1]}
    assert agent.post("/v1/qa/appeals", json=body).status_code == 201

    disputed = scored("c-3")
    body = {"title": "十月", "criteria": ["script.greeting"], "score_ids": [disputed], "reviewers": ["lin", "zhao"]}
    assert boss.post("/v1/qa/calibrations", json=body).status_code == 201
    for client, verdict in ((lin, "fail"), (zhao, "pass")):
        mark = {"score_id": disputed, "criterion_id": "script.greeting", "verdict": verdict}
        client.post("/v1/qa/calibrations/1/marks", json={"marks": [mark]})
    boss.post("/v1/qa/calibrations/1/close")
    assert counts(boss) == {
        **{"lines": 1, "labels": 3, "scores": 1},
        **{"unfinished": 1, "superseded": 1, "undecided": 1},
    }
    with database.transaction() as session:
        last = list_events(session, EventFilter(action="export.read")).items[0]
    assert (last.detail["stage"], last.detail["count"], last.detail["skipped"]["unfinished"]) == ("done", 1, 1)
