"""No export tells somebody who judges blind what was said before; and whoever is shown it is remembered."""

from __future__ import annotations

import io

import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook

from service.accounts.actor import Actor
from service.exports.catalogue import DATASETS
from service.exports.files import FORMATS
from tests.service.qa.test_blindness import SECRET
from tests.service.qa.test_review import sample

_VERDICTS = [
    {"criterion_id": "script.greeting", "verdict": "fail", "reason": SECRET},
    {"criterion_id": "script.closing", "verdict": "pass"},
    {"criterion_id": "script.rude", "verdict": "pass"},
]


def everything(client: TestClient, *, log: bool = False) -> dict[str, str]:
    """Return all exports as text."""
    found = {}
    for dataset in DATASETS:
        for form in FORMATS:
            if dataset == "audit" and not log:  # it names everybody, for administrators
                continue
            answer = client.get(f"/v1/exports/{dataset}.{form}")
            assert answer.status_code in (200, 403), answer.text
            found[f"{dataset}.{form}"] = _text(answer.content) if form == "xlsx" else answer.text
    return found


def _text(content: bytes) -> str:
    if not content.startswith(b"PK"):
        return content.decode()
    rows = load_workbook(io.BytesIO(content)).worksheets[0].iter_rows(values_only=True)
    return "\n".join(str(row) for row in rows)


def leaks(answers: dict[str, str], *secrets: str) -> list[str]:
    return [name for name, text in answers.items() if any(secret in text for secret in secrets)]


@pytest.fixture
def pair(database, client_of, scored):
    scored("c-1", {"greeting": "pass"})
    lin, zhao, boss = client_of("lin-42"), client_of("zhao"), client_of("boss", "admin")
    sample(database, Actor("boss", "admin", person_id="boss"), second=1.0)
    task = lin.post("/v1/qa/tasks/take", json={"purpose": "review"}).json()["task"]
    assert lin.post(f"/v1/qa/tasks/{task['id']}/submit", json={"criteria": _VERDICTS}).status_code == 200
    return lin, zhao, boss


def test_the_second_reviewer_finds_nothing_of_the_first(pair) -> None:
    lin, zhao, boss = pair
    for client in (zhao, boss):
        assert leaks(everything(client), SECRET, '"agrees":false', "lin-42") == []
        [row] = client.get("/v1/exports/conversations.json").json()["items"]
        assert (row["withheld"], row["effective_score"], row["decided"]) == (True, None, [])
    assert leaks(everything(lin), SECRET)  # her own
    assert zhao.post("/v1/qa/tasks/take", json={}).json()["task"]["purpose"] == "second"  # nothing was seen
    assert leaks(everything(zhao), SECRET, '"agrees":false', "lin-42") == []


@pytest.mark.usefixtures("pair")
def test_whoever_does_not_judge_sees_it(client_of) -> None:
    leader = client_of("wang", "supervisor")
    assert {"decisions.csv", "criteria.xlsx"} <= set(leaks(everything(leader), SECRET))


def test_whoever_is_shown_decisions_is_remembered(client_of, scored) -> None:
    scored("c-1", {"greeting": "pass"})
    lin, wu, chen = client_of("lin-42"), client_of("wu"), client_of("chen")
    agent = client_of("agent", "agent", "a-1")
    task = lin.post("/v1/qa/tasks", json={"conversation_id": "c-1"}).json()
    lin.post(f"/v1/qa/tasks/{task['id']}/take")
    assert lin.post(f"/v1/qa/tasks/{task['id']}/submit", json={"criteria": _VERDICTS}).status_code == 200
    assert leaks({"": chen.get("/v1/exports/criteria.csv").text}, SECRET)  # no appeal yet
    told = everything(agent)
    assert leaks(told, SECRET)
    assert leaks(told, "lin-42") == []
    body = {"score_id": 1, "criterion_id": "script.greeting", "comment": "我问候了", "quoted_turns": [1]}
    assert agent.post("/v1/qa/appeals", json=body).status_code == 201
    assert leaks(everything(wu), SECRET, "lin-42") == []
    assert chen.post("/v1/qa/appeals/1/take").status_code == 409
    assert wu.post("/v1/qa/appeals/1/take").status_code == 200
    assert leaks(everything(wu), SECRET, "lin-42") == []
