"""Rubrics through the API: looked over, published once, put in force, tried on history."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.service.playbooks.shops import shop
from tests.service.qa.conftest import RubricEngine
from tests.service.rubrics.sheets import check, sheet

_MANUAL = "{id: expert, source: 'manual:expert', weight: 2, steps: 4, question: {zh: 专业吗, en: Expert}}"
_VARIANTS = "variants:\n  - {id: new, when: {agent_role: [new]}, pass_mark: 60, criteria: {greeting: {weight: 2}}}\n"


def test_published_once(client_for) -> None:
    client = client_for("qa")
    made = client.post("/v1/rubrics", json={"yaml": sheet()})
    assert made.status_code == 201, made.text
    body = made.json()
    assert (body["id"], body["version"], body["new"]) == ("mine", 1, True)
    assert "ecommerce-zh@2" in body["goes_with"]
    again = client.post("/v1/rubrics", json={"yaml": sheet()})
    assert (again.status_code, again.json()["new"]) == (200, False)
    refused = client.post("/v1/rubrics", json={"yaml": sheet(mark=70)}, headers={"Accept-Language": "zh"})
    assert (refused.status_code, refused.json()["code"]) == (409, "rubric-conflict")
    assert "已被其他内容占用" in refused.json()["detail"]
    yaml = client.get("/v1/rubrics/mine@1/yaml")
    assert (yaml.text, yaml.headers["content-type"]) == (sheet(), "application/yaml")
    assert "id: aftersale" in client.get("/v1/rubrics/aftersale/yaml").text
    assert client.get("/v1/rubrics/nothing/yaml").status_code == 404
    unknown = client.post("/v1/rubrics", json={"yaml": sheet("mine", 2, check("greetnig"))})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "invalid-rubric")
    for role in ("viewer", "trainer", "supervisor"):
        assert client_for(role).post("/v1/rubrics", json={"yaml": sheet()}).status_code == 403


def test_everything_of_a_rubric_is_shown(client: TestClient) -> None:
    more = _VARIANTS + 'critical: [{source: "check:rude", cap: 40}]\nbands: {A: 90, B: 0}\n'
    made = client.post(
        "/v1/rubrics", json={"yaml": sheet("mine", 1, check("greeting", when="{queue: [presale]}"), _MANUAL, more=more)}
    )
    assert made.status_code == 201, made.text
    info = client.get("/v1/rubrics/mine").json()
    assert [(one["id"], one["style"]) for one in info["sections"]] == [("manner", "weighted")]
    greeting, expert = info["criteria"]
    assert greeting["when"]["queue"] == ["presale"]
    assert (expert["question"]["text"]["zh"], expert["question"]["steps"]) == ("专业吗", 4)
    [variant] = info["variants"]
    assert (variant["pass_mark"], variant["weights"], variant["when"]["agent_role"]) == (60, {"greeting": 2}, ["new"])
    assert info["critical_checks"] == [{"check": "rude", "cap": 40, "optional": False}]
    assert (info["pass_mark"], info["default"], info["active"]) == (80, False, False)
    assert [band["name"] for band in info["bands"]] == ["A", "B"]
    shipped = client.get("/v1/rubrics/aftersale@1").json()
    assert {one["style"] for one in shipped["sections"]} == {"weighted", "deduction", "bonus"}
    first = client.get("/v1/rubrics").json()["items"][0]
    assert (first["id"], first["default"], first["active"]) == ("default", True, True)


@pytest.mark.parametrize(
    ("written", "instead", "told"),
    [("小店评分", '"a\\0b"', "NUL"), ("version: 1", "version: 2147483648", "2147483647")],
)
def test_what_nothing_can_store_is_refused(client_for, written: str, instead: str, told: str) -> None:
    client = client_for("qa")
    text = sheet().replace(written, instead)
    refused = client.post("/v1/rubrics", json={"yaml": text})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid-rubric")
    [finding] = client.post("/v1/rubrics/validate", json={"yaml": text}).json()["findings"]
    assert told in finding["en"]


@pytest.mark.parametrize("period", [{"from": "0001-01-01"}, {"from": "9999-12-31T23:30:00-08:00"}])
def test_a_moment_that_the_log_cannot_tell_is_refused(client: TestClient, period: dict[str, str]) -> None:
    refused = client.post("/v1/rubrics/default@1/activate", json=period)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid-request")


def test_looked_over(client_for) -> None:
    client = client_for("trainer")
    good = client.post("/v1/rubrics/validate", json={"yaml": sheet()})
    assert (good.status_code, good.json()) == (200, {"valid": True, "findings": []})
    odd = sheet("mine", 1, check("greeting"), check("greetnig"), check("closnig", optional=True))
    found = client.post("/v1/rubrics/validate", json={"yaml": odd}).json()
    assert [(one["code"], one["line"]) for one in found["findings"]] == [
        ("untitled", 10),
        ("unknown-check", 11),
        ("untitled", 11),
        ("check-of-no-playbook", 12),
        ("untitled", 12),
    ]
    bad = client.post("/v1/rubrics/validate", json={"yaml": sheet().replace("weight: 5", "weight: -5")}).json()
    assert (bad["valid"], bad["findings"][0]["line"]) == (False, 10)
    assert client.post("/v1/rubrics/validate", json={"yaml": "["}).json()["valid"] is False
    for body in ({}, {"yaml": 1}, {"yaml": "x", "more": 1}, []):
        answer = client.post("/v1/rubrics/validate", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")


def test_in_force(client: TestClient, document, score_all) -> None:
    done = client.post(
        "/v1/rubrics/aftersale@1/activate", json={"from": "2026-10-01", "scope": {"queue": ["aftersale"]}}
    )
    assert done.status_code == 200, done.text
    assert datetime.fromisoformat(done.json()["starts_at"]) == datetime.fromisoformat("2026-10-01T00:00:00+08:00")
    client.post("/v1/conversations", json=[document("a"), document("b", queue="presale")])
    score_all("a", "b")
    by = {one: client.get(f"/v1/conversations/{one}").json()["score"]["versions"]["rubric"] for one in "ab"}
    assert by == {"a": "aftersale@1", "b": "default@fake"}
    [shown] = [one for one in client.get("/v1/rubrics").json()["items"] if one["id"] == "aftersale"]
    assert shown["active"]
    assert shown["activations"][0]["scope"] == {"queue": ["aftersale"]}
    client.post("/v1/rubrics", json={"yaml": sheet()})
    rival = client.post("/v1/rubrics/mine@1/activate", json={"scope": {"queue": ["aftersale"]}})
    assert (rival.status_code, rival.json()["code"]) == (409, "ambiguous-rubric")
    short = client.post("/v1/rubrics/mine@1/activate", json={"from": "2026-11-11", "to": "2026-11-11"})
    assert datetime.fromisoformat(short.json()["ends_at"]) == datetime.fromisoformat("2026-11-12T00:00:00+08:00")
    other = client.post("/v1/rubrics/aftersale/retire", json={"scope": {"queue": ["presale"]}})
    assert other.status_code == 404
    ended = client.post("/v1/rubrics/aftersale/retire", json={"from": "2026-10-02", "scope": {"queue": ["aftersale"]}})
    assert (ended.status_code, len(ended.json()["items"])) == (200, 1)
    for path, body, status in (
        ("mine", None, 422),
        ("mine@9", None, 404),
        ("mine@1", {"form": "x"}, 422),
        ("mine@1", {"scope": {"queue": ["nowhere"]}}, 422),
        ("mine@1", {"scope": {"agent_group": ["\0"]}}, 422),
        ("mine@1", {"from": "2026-10-02", "to": "2026-10-01"}, 422),
    ):
        assert client.post(f"/v1/rubrics/{path}/activate", json=body).status_code == status, (path, body)


def test_a_playbook_has_to_have_what_a_rubric_in_force_names(client: TestClient) -> None:
    client.post("/v1/rubrics", json={"yaml": sheet("mine", 1, check("empathy"))})
    assert client.post("/v1/rubrics/mine@1/activate", json={"scope": {"queue": ["complaint"]}}).status_code == 200
    for name in ("complaint", "presale"):
        client.post("/v1/playbooks", json={"yaml": shop(f"for-{name}", more=f"scope: {{queue: [{name}]}}")})
    refused = client.post("/v1/playbooks/for-complaint@1/activate")
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid-rubric")
    assert "empathy" in refused.json()["detail"]
    assert client.post("/v1/playbooks/for-presale@1/activate").status_code == 200


@pytest.fixture
def history(client: TestClient, document, score_all) -> None:
    ids = [f"c-{number}" for number in range(9)]
    client.post(
        "/v1/conversations",
        json=[
            document(one, verdicts={"greeting": "pass" if number % 3 else "fail"}, agent={"id": f"a-{number % 2}"})
            for number, one in enumerate(ids)
        ],
    )
    score_all(*ids, engine=RubricEngine())


def preview(client: TestClient, **body: Any) -> dict[str, Any]:
    answer = client.post("/v1/rubrics/preview", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.usefixtures("history")
def test_a_preview_counts_and_lists_what_flips(client: TestClient) -> None:
    lenient = sheet("mine", 1, check("greeting"), check("closing"), mark=50)
    strict = sheet("mine", 2, check("greeting"), check("closing"), mark=60)
    client.post("/v1/rubrics", json={"yaml": lenient})
    found = preview(client, yaml=strict, against="mine@1")
    figures = found["summary"]["effective"]
    assert (figures["pass_to_fail"], figures["fail_to_pass"], figures["unchanged"]) == (3, 0, 6)
    assert found["summary"]["machine"] == figures
    assert found["summary"]["against"] == {"mine@1": 9}
    assert sorted(one["conversation_id"] for one in found["items"]) == ["c-0", "c-3", "c-6"]
    assert found["items"][0]["reasons"] == [
        {
            "kind": "pass_mark",
            "criterion": "",
            "effect": -10.0,
            "zh": "及格线由 50 改为 60。",
            "en": "the pass mark goes from 50 to 60.",
        }
    ]
    assert {one["id"]: one["figures"]["pass_to_fail"] for one in found["summary"]["by_agent"]} == {"a-0": 2, "a-1": 1}
    assert [one["id"] for one in found["summary"]["by_queue"]] == ["aftersale"]

    pages, cursor = [], None
    for _ in range(3):
        page = preview(client, yaml=strict, against="mine@1", page=1, **({"cursor": cursor} if cursor else {}))
        pages += [one["conversation_id"] for one in page["items"]]
        assert (page["summary"] is None) == (cursor is not None)
        cursor = page["next_cursor"]
    assert (pages, cursor) == ([one["conversation_id"] for one in found["items"]], None)

    some = preview(client, yaml=strict, against="mine@1", agent="a-1", limit=2)
    assert some["summary"]["effective"]["conversations"] == 2
    lacking = preview(client, yaml=sheet("mine", 3, check("empathy")), against="mine@1")
    assert lacking["summary"]["effective"]["conversations"] == 0
    [unlike] = lacking["summary"]["not_comparable"]
    assert (unlike["conversations"], "empathy" in unlike["reason_en"], len(unlike["examples"])) == (9, True, 5)


@pytest.mark.usefixtures("history")
def test_a_preview_is_by_default_against_what_is_in_force(client: TestClient) -> None:
    client.post("/v1/rubrics", json={"yaml": sheet("mine", 1, check("greeting"))})
    preview_of = {"yaml": sheet("mine", 2, check("greeting", weight=9))}
    assert preview(client, **preview_of)["summary"]["against"] == {"default@1": 9}
    assert client.post("/v1/rubrics/mine@1/activate", json={"from": "2026-10-01"}).status_code == 200
    found = preview(client, **preview_of)
    assert found["summary"]["against"] == {"mine@1": 9}
    assert (found["summary"]["effective"]["unchanged"], found["items"]) == (9, [])


def test_what_a_preview_refuses(client_for, client: TestClient) -> None:
    for body, status in (
        ({}, 422),
        ({"rubric": "default@1", "yaml": sheet()}, 422),
        ({"rubric": "default@9"}, 404),
        ({"rubric": "pyproject.toml"}, 404),
        ({"rubric": "default", "against": "gone"}, 404),
        ({"yaml": "["}, 422),
        ({"rubric": "default", "cursor": "x"}, 422),
        ({"rubric": "default", "cursor": "1.x"}, 422),
        ({"rubric": "default", "limit": "9"}, 422),
        ({"rubric": "default", "queue": "nowhere"}, 422),
    ):
        assert client.post("/v1/rubrics/preview", json=body).status_code == status, body
    assert client_for("viewer").post("/v1/rubrics/preview", json={"rubric": "default"}).status_code == 403
    assert client.get("/v1/audit", params={"action": "rubric.preview"}).json()["items"] == []
    assert client.post("/v1/rubrics/preview", json={"rubric": "default"}).status_code == 200
    [event] = client.get("/v1/audit", params={"action": "rubric.preview"}).json()["items"]
    assert (event["object_id"], event["detail"]["ids"]) == ("default", [])
