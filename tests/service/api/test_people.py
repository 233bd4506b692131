"""People and their keys; agents see their own conversations only."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient


def test_a_person_their_key_and_its_end(client: TestClient) -> None:
    wanted = {"id": "lin", "name": "林夏", "role": "qa", "queues": ["complaint", "aftersale", "complaint"]}
    made = client.post("/v1/people", json=wanted)
    assert made.status_code == 201
    assert made.json()["queues"] == ["complaint", "aftersale"]
    assert client.post("/v1/people", json=wanted).json()["code"] == "person-conflict"

    key = client.post("/v1/keys", json={"name": "laptop", "person": "lin"}).json()
    assert key["info"]["role"] == "qa"
    assert key["info"]["person"] == {"id": "lin", "name": "林夏", "agent_id": None, "active": True}
    theirs = {"Authorization": f"Bearer {key['key']}"}
    assert client.get("/v1/kpis", headers=theirs).status_code == 200
    assert client.get("/v1/people", headers=theirs).status_code == 403

    for _ in range(2):
        assert client.delete("/v1/people/lin").json()["active"] is False
    assert client.get("/v1/kpis", headers=theirs).status_code == 401
    assert [one["active"] for one in client.get("/v1/people").json()["items"]] == [False]
    assert client.post("/v1/keys", json={"name": "again", "person": "lin"}).status_code == 422
    assert client.delete("/v1/people/nobody").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"id": "x", "name": "x"},
        {"id": "x", "name": " ", "role": "qa"},
        {"id": "林", "name": "x", "role": "qa"},
        {"id": "-x", "name": "x", "role": "qa"},
        {"id": "x", "name": "x", "role": "ingest"},
        {"id": "x", "name": "x", "role": "agent"},
        {"id": "x", "name": "x", "role": "agent", "agent_id": " "},
        {"id": "x", "name": "x", "role": "qa", "queues": ["kitchen"]},
    ],
)
def test_people_that_cannot_be_added(client: TestClient, body: dict) -> None:
    answer = client.post("/v1/people", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x"},
        {"name": "x", "role": "agent"},
        {"name": "x", "person": "nobody"},
        {"name": "x", "person": "lin", "role": "admin"},
    ],
)
def test_keys_that_cannot_be_made(client: TestClient, body: dict) -> None:
    client.post("/v1/people", json={"id": "lin", "name": "林夏", "role": "qa"})
    answer = client.post("/v1/keys", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert client.post("/v1/keys", json={"name": "x", "person": "lin", "role": "qa"}).status_code == 201


def test_an_agent_sees_what_is_theirs(client: TestClient, client_for, document, score_all) -> None:
    both = [document("c-1"), document("c-2", agent={"id": "a-2"}), document("c-3", agent={})]
    assert client.post("/v1/conversations", json=both).status_code == 201
    score_all("c-1", "c-2", "c-3")
    scores = {one: client.get(f"/v1/conversations/{one}").json()["score_id"] for one in ("c-1", "c-2", "c-3")}
    agent = client_for("agent", "a-1")
    assert [one["id"] for one in agent.get("/v1/conversations").json()["items"]] == ["c-1"]
    assert [one["id"] for one in agent.get("/v1/conversations?agent=a-1").json()["items"]] == ["c-1"]
    assert agent.get("/v1/conversations?agent=a-2").status_code == 403
    for one, status in (("c-1", 200), ("c-2", 404), ("c-3", 404)):
        assert agent.get(f"/v1/conversations/{one}").status_code == status
        assert agent.get(f"/v1/conversations/{one}/scores").status_code == status
        assert agent.get(f"/v1/conversations/{one}/scores?coach=true").status_code == status
        assert agent.get(f"/v1/conversations/{one}/scores/diff").status_code == 404
        assert agent.post(f"/v1/scores/{scores[one]}/verify").status_code == status
    missing = agent.get("/v1/conversations/nowhere").json()
    assert agent.get("/v1/conversations/c-2").json()["code"] == missing["code"]
