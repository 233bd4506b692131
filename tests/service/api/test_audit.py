"""Everything somebody reads or changes through the API leaves an event; nobody's data stand in it."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from service.audit.chain import verify
from service.audit.refusals import Refusals
from service.db.engine import Database
from tests.service.playbooks.shops import shop


def events(client: TestClient, **conditions: object) -> list[dict]:
    answer = client.get("/v1/audit", params={"limit": 200, **conditions})
    assert answer.status_code == 200, answer.text
    return list(reversed(answer.json()["items"]))


def test_what_is_read_and_changed(client: TestClient, database: Database, document, score_all) -> None:
    sent = client.post("/v1/conversations", json=document("c-1"), headers={"X-Request-ID": "mine-1"})
    assert sent.status_code == 201
    client.post("/v1/conversations", json=document("c-1"))  # nothing new, no event
    client.post("/v1/conversations", json=[document("c-2"), document("c-3")])
    lines = b'{"id": "c-4", "turns": [{"role": "customer", "text": "x"}]}\n'
    client.post("/v1/conversations", content=lines, headers={"Content-Type": "application/x-ndjson"})
    score_all("c-1", "c-2")
    score = client.get("/v1/conversations/c-1").json()["score_id"]
    client.get("/v1/conversations", params={"customer": "13800138000", "agent": "a-1", "limit": 7})
    client.get("/v1/conversations/c-1/scores")
    client.post(f"/v1/scores/{score}/verify")
    client.post("/v1/conversations/c-1/rescore")
    client.post("/v1/rescore", json={"queue": "aftersale"})
    client.post("/v1/playbooks", json={"yaml": shop("mine")})
    client.post("/v1/playbooks/mine@1/activate")
    client.post("/v1/playbooks/mine@1/retire")
    client.post("/v1/people", json={"id": "lin", "name": "林夏", "role": "qa"})
    key = client.post("/v1/keys", json={"name": "lin's", "person": "lin"}).json()["info"]["id"]
    client.delete(f"/v1/keys/{key}")
    client.delete("/v1/people/lin")
    client.get("/v1/conversations/nowhere")
    client.get("/v1/kpis")

    found = events(client)
    assert [(one["action"], one["object_id"]) for one in found] == [
        ("key.use", "1"),
        ("conversations.store", "c-1"),
        ("conversations.store", None),
        ("conversations.store", "c-4"),
        ("scores.add", None),
        ("conversation.read", "c-1"),
        ("conversations.list", None),
        ("scores.read", "c-1"),
        ("score.verify", str(score)),
        ("scores.request", "c-1"),
        ("scores.request", None),
        ("playbook.publish", "mine"),
        ("playbook.activate", "mine"),
        ("playbook.retire", "mine"),
        ("person.add", "lin"),
        ("key.create", str(key)),
        ("key.revoke", str(key)),
        ("person.deactivate", "lin"),
        ("kpis.read", "kpis"),
    ]
    by_action = {one["action"]: one for one in found}
    assert found[1]["request_id"] == "mine-1"
    assert found[2]["detail"]["accepted"] == 2
    assert by_action["conversations.list"]["detail"] == {"conditions": {"agent": "a-1", "customer": "*"}, "count": 0}
    assert by_action["scores.add"]["actor"] == "worker"
    assert by_action["score.verify"]["detail"] == {"conversation": "c-1", "outcome": "identical"}
    assert by_action["key.use"]["actor"].startswith("test admin (att_")
    assert {one["actor_role"] for one in found} == {"admin", "worker"}
    text = client.get("/v1/audit", params={"limit": 200}).text
    for private in ("13800138000", "林夏", "小李", "在吗", "您好"):
        assert private not in text
    assert [one["detail"]["count"] for one in events(client, action="audit.read")] == [19, 20]
    with database.transaction() as session:
        assert verify(session).fault is None


def test_paging_and_conditions(client: TestClient, document) -> None:
    for number in range(5):
        client.post("/v1/conversations", json=document(f"c-{number}"), headers={"X-Request-ID": f"r-{number}"})
    first = client.get("/v1/audit", params={"limit": 2, "action": "conversations.*"}).json()
    assert [one["object_id"] for one in first["items"]] == ["c-4", "c-3"]
    rest = client.get("/v1/audit", params={"action": "conversations.*", "cursor": first["next_cursor"]}).json()
    assert [one["object_id"] for one in rest["items"]] == ["c-2", "c-1", "c-0"]
    assert rest["next_cursor"] is None
    assert [one["object_id"] for one in events(client, request_id="r-3")] == ["c-3"]
    assert [one["request_id"] for one in events(client, object_type="conversation", object_id="c-1")] == ["r-1"]
    assert events(client, to="2020-01-01") == []
    assert events(client, **{"from": "2100-01-01"}) == []
    assert events(client, actor="nobody", action="key.use") == []
    assert events(client, action="conversations") == []


def test_failed_attempts_are_noted_so_many_a_minute(client: TestClient, client_for) -> None:
    for _ in range(8):
        assert client.get("/v1/keys", headers={"Authorization": ""}).status_code == 401
    strange = "att_" + "x" * 43
    for key in (strange, "my own password", strange):
        assert client.get("/v1/keys", headers={"Authorization": f"Bearer {key}"}).status_code == 401
    assert client_for("viewer").get("/v1/keys").status_code == 403
    found = events(client, action="key.refuse")
    assert [one["detail"]["reason"] for one in found] == ["missing"] * 8 + ["invalid"] * 2
    assert [one["object_id"] for one in found[-2:]] == ["att_xxxxxxxx", None]
    assert {one["actor"] for one in found} == {"nobody (att_xxxxxxxx…)", "nobody"}


def test_left_out_attempts_are_told_with_the_next_one(database: Database) -> None:
    from service.accounts.actor import NOBODY
    from service.audit.log import list_events

    now = [0.0]
    refusals = Refusals(a_minute=2, clock=lambda: now[0])
    for second in (0, 1, 2, 3, 61):
        now[0] = second
        refusals.note(database, NOBODY, "forbidden", "keys:manage")
    with database.transaction() as session:
        details = [one.detail for one in reversed(list_events(session).items)]
    plain = {"reason": "forbidden", "permission": "keys:manage"}
    assert details == [plain, plain, {**plain, "left_out_before": 2}]


def test_the_use_of_a_key_is_noted_once_a_day(client: TestClient, database: Database) -> None:
    import sqlalchemy as sa

    for _ in range(3):
        client.get("/v1/kpis")
    assert len(events(client, action="key.use")) == 1
    with database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE api_key SET last_used_at = now() - interval '1 day'"))
    client.get("/v1/kpis")
    assert len(events(client, action="key.use")) == 2


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "cursor=x", "cursor=0", "from=yesterday", "actor=%00", "x=1"]
)
def test_queries_that_are_none(client: TestClient, query: str) -> None:
    assert client.get(f"/v1/audit?{query}").status_code == 422
