"""Playbooks through the API: looked over, published once, put in force, and what scoring makes of it."""

from __future__ import annotations

from datetime import datetime

from fastapi.testclient import TestClient

from tests.service.playbooks.shops import shop


def test_published_once(client_for) -> None:
    client = client_for("qa")
    made = client.post("/v1/playbooks", json={"yaml": shop()})
    assert made.status_code == 201
    body = made.json()
    assert (body["id"], body["version"], body["new"]) == ("shop", 1, True)
    assert body["published_by"].startswith("test qa (att_")
    again = client.post("/v1/playbooks", json={"yaml": shop()})
    assert (again.status_code, again.json()["new"]) == (200, False)
    refused = client.post("/v1/playbooks", json={"yaml": shop(hello="你好")}, headers={"Accept-Language": "zh"})
    assert (refused.status_code, refused.json()["code"]) == (409, "playbook-conflict")
    assert "已被其他内容占用" in refused.json()["detail"]
    info = client.get("/v1/playbooks/shop@1").json()
    assert info["published_by"] == body["published_by"]
    assert (info["active"], info["hash"]) == (False, body["hash"])
    yaml = client.get("/v1/playbooks/shop@1/yaml")
    assert (yaml.text, yaml.headers["content-type"]) == (shop(), "application/yaml")
    assert "id: ecommerce-zh" in client.get("/v1/playbooks/ecommerce-zh/yaml").text
    assert client.get("/v1/playbooks/nothing/yaml").status_code == 404


def test_a_bad_playbook_is_refused_with_its_line(client: TestClient) -> None:
    answer = client.post("/v1/playbooks", json={"yaml": shop().replace("kind: required", "kind: must")})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-playbook")
    assert answer.json()["location"].startswith("playbook:9 ")
    for body in ({}, {"yaml": 1}, {"yaml": "x", "more": 1}, []):
        answer = client.post("/v1/playbooks", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert client.post("/v1/playbooks", content=b"no json").status_code == 400
    assert client.post("/v1/playbooks", json={"yaml": "extends: /etc/passwd\nid: x\nversion: 1"}).status_code == 422
    assert client.post("/v1/playbooks", json={"yaml": "#" * 5_000_000}).status_code == 413


def test_looked_over(client_for) -> None:
    client = client_for("trainer")
    good = client.post("/v1/playbooks/validate", json={"yaml": shop()})
    assert (good.status_code, good.json()) == (200, {"valid": True, "findings": []})
    odd = client.post("/v1/playbooks/validate", json={"yaml": shop(more="words: {spare: 多余}")}).json()
    assert (odd["valid"], [finding["code"] for finding in odd["findings"]]) == (True, ["unused-word"])
    bad = client.post("/v1/playbooks/validate", json={"yaml": shop().replace("kind: required", "kind: must")}).json()
    assert (bad["valid"], bad["findings"][0]["line"]) == (False, 9)
    assert client.post("/v1/playbooks/validate", json={"yaml": "["}).json()["valid"] is False


def test_in_force(client: TestClient, document, score_all) -> None:
    client.post("/v1/playbooks", json={"yaml": shop(more="scope: {queue: [aftersale]}")})
    done = client.post("/v1/playbooks/shop@1/activate", json={"from": "2026-10-01"})
    assert done.status_code == 200, done.text
    assert datetime.fromisoformat(done.json()["starts_at"]) == datetime.fromisoformat("2026-10-01T00:00:00+08:00")
    client.post("/v1/conversations", json=[document("a"), document("b", queue="presale")])
    score_all("a", "b")
    by = {one: client.get(f"/v1/conversations/{one}").json()["score"]["versions"]["playbook"] for one in "ab"}
    assert by == {"a": "shop@1", "b": "ecommerce-zh@fake"}
    items = client.get("/v1/playbooks").json()["items"]
    assert [item["default"] for item in items].count(True) == 1
    [shown] = [item for item in items if item["id"] == "shop"]
    assert (shown["scope"], len(shown["activations"])) == ({"queue": ["aftersale"]}, 1)

    client.post("/v1/playbooks", json={"yaml": shop("rival", more="scope: {queue: [aftersale]}")})
    rival = client.post("/v1/playbooks/rival@1/activate")
    assert (rival.status_code, rival.json()["code"]) == (409, "ambiguous-playbook")
    ended = client.post("/v1/playbooks/shop/retire", json={"from": "2026-10-01T00:00:00+08:00"})
    assert (ended.status_code, len(ended.json()["items"])) == (200, 1)
    assert client.post("/v1/playbooks/shop/retire").status_code == 404
    assert client.post("/v1/playbooks/rival@1/activate").status_code == 200
    assert client.post("/v1/playbooks/rival@2/activate").status_code == 404
    assert client.post("/v1/playbooks/rival/activate").status_code == 422
    assert client.post("/v1/playbooks/rival@1/activate", json={"form": "x"}).status_code == 422


def test_a_scheduled_version_is_taken_back(client: TestClient) -> None:
    for version in (1, 2):
        client.post("/v1/playbooks", json={"yaml": shop(version=version)})
    client.post("/v1/playbooks/shop@1/activate")
    client.post("/v1/playbooks/shop@2/activate", json={"from": "2999-01-01"})
    shown = {one["version"]: one for one in client.get("/v1/playbooks").json()["items"] if one["id"] == "shop"}
    assert shown[1]["activations"][0]["ends_at"] == shown[2]["activations"][0]["starts_at"]
    done = client.post("/v1/playbooks/shop@2/retire").json()
    assert [(one["version"], one["ends_at"]) for one in done["resumed"]] == [(1, None)]
    shown = {one["version"]: one for one in client.get("/v1/playbooks").json()["items"] if one["id"] == "shop"}
    assert (shown[1]["activations"][0]["ends_at"], shown[1]["active"], shown[2]["activations"]) == (None, True, [])
    [event] = client.get("/v1/audit", params={"action": "playbook.retire"}).json()["items"]
    assert (event["detail"]["versions"], event["detail"]["resumed"]) == ([2], [{"version": 1, "ends_at": None}])
