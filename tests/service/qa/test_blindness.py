"""Who judges blind finds nothing of the first verdict through any route."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from fastapi.testclient import TestClient

from service.app import openapi_document
from service.db.engine import Database
from tests.service.qa.test_review import sample

SECRET = "只有第一位复核人知道的理由"


def every_read(client: TestClient, **known: object) -> dict[str, str]:
    """Return what every route that reads answers, with all ids there are filled in."""
    values = {"conversation_id": "c-1", "task_id": (1, 2, 3), "appeal_id": 1, "session_id": 1, "score_id": 1, **known}
    answers = {}
    for path in _readable():
        for task_id in values["task_id"] if "{task_id}" in path else [0]:  # type: ignore[union-attr]
            address = path.format_map(_Defaults({**values, "task_id": task_id}))
            answers[address] = client.get(address).text
    for query in ("?assignee=lin", "?status=done", "?purpose=review", "?purpose=second"):
        answers["/v1/qa/tasks" + query] = client.get("/v1/qa/tasks" + query).text
    return answers


@cache
def _readable() -> list[str]:
    paths = openapi_document()["paths"]
    return [path for path, item in paths.items() if "get" in item and path not in ("/healthz", "/readyz", "/version")]


class _Defaults(dict):
    def __missing__(self, key: str) -> str:
        return "1"


def leaks(answers: dict[str, str], *secrets: str) -> list[str]:
    return [address for address, text in answers.items() if any(secret in text for secret in secrets)]


def without_people(answers: dict[str, str]) -> dict[str, str]:
    """Leave out lists of people and counts of their work, which name everybody whatever they did, and the log."""
    apart = ("/v1/people", "/v1/keys", "/v1/audit", "/v1/qa/reviewers")
    return {address: text for address, text in answers.items() if not address.startswith(apart)}


@pytest.fixture
def pair(database: Database, client_of, scored):
    """Give two reviewers, of whom the first has submitted her side of a blind pair, and an admin."""
    scored("c-1", {"greeting": "pass"})
    lin, zhao, boss = client_of("lin"), client_of("zhao"), client_of("boss", "admin")
    from service.accounts.actor import Actor

    sample(database, Actor("boss", "admin", person_id="boss"), second=1.0)
    task = lin.post("/v1/qa/tasks/take", json={"purpose": "review"}).json()["task"]
    verdicts = [
        {"criterion_id": "script.greeting", "verdict": "fail", "reason": SECRET},
        {"criterion_id": "script.closing", "verdict": "pass"},
        {"criterion_id": "script.rude", "verdict": "pass"},
    ]
    assert lin.post(f"/v1/qa/tasks/{task['id']}/submit", json={"criteria": verdicts}).status_code == 200
    return lin, zhao, boss, task["id"]


def test_the_second_reviewer_finds_nothing_of_the_first(pair) -> None:
    _lin, zhao, boss, first = pair
    for client in (zhao, boss):  # before anybody has taken it
        assert leaks(every_read(client), SECRET, '"agrees":false') == []
        assert leaks(without_people(every_read(client)), '"lin"') == []
        loads = {one["reviewer"]: one for one in client.get("/v1/qa/reviewers").json()["items"]}
        assert loads["lin"]["criteria"] == 0
    taken = zhao.post("/v1/qa/tasks/take", json={}).json()["task"]
    assert taken["purpose"] == "second"
    assert leaks(every_read(zhao), SECRET, '"agrees":false') == []
    assert leaks(without_people(every_read(zhao)), '"lin"') == []
    side = zhao.get("/v1/qa/scores/1").json()
    assert (side["withheld"], side["effective"], side["decisions"]) == (True, None, [])
    for action in ("take", "release", "skip", "submit", "assign"):
        body = {"submit": {"criteria": []}, "skip": {"reason": "x"}, "assign": {"person": "zhao"}}.get(action)
        answer = zhao.post(f"/v1/qa/tasks/{first}/{action}", json=body)
        assert answer.status_code == 409
        assert SECRET not in answer.text
        assert '"lin"' not in answer.text


def test_the_first_still_sees_her_own(pair) -> None:
    lin, *_ = pair
    side = lin.get("/v1/qa/scores/1").json()
    assert side["withheld"]
    assert [one["reason"] for one in side["decisions"]].count(SECRET) == 1


def test_afterwards_all_is_open(pair) -> None:
    lin, zhao, boss, _first = pair
    task = zhao.post("/v1/qa/tasks/take", json={}).json()["task"]
    names = ("greeting", "closing", "rude")
    verdicts = [{"criterion_id": f"script.{name}", "verdict": "pass"} for name in names]
    assert zhao.post(f"/v1/qa/tasks/{task['id']}/submit", json={"criteria": verdicts}).status_code == 200
    third = boss.post("/v1/qa/tasks/take", json={}).json()["task"]
    between = {"criteria": [{"criterion_id": "script.greeting", "verdict": "pass"}]}
    assert boss.post(f"/v1/qa/tasks/{third['id']}/submit", json=between).status_code == 200
    side = zhao.get("/v1/qa/scores/1").json()
    assert not side["withheld"]
    assert {one["by"] for one in side["decisions"]} == {"lin", "zhao", "boss"}
    assert lin.get("/v1/qa/scores/1").json()["effective"] is not None


def test_whoever_decides_between_two_is_not_told_who_said_what(pair) -> None:
    _lin, zhao, boss, _first = pair
    task = zhao.post("/v1/qa/tasks/take", json={}).json()["task"]
    verdicts = [{"criterion_id": f"script.{name}", "verdict": "pass"} for name in ("greeting", "closing", "rude")]
    assert zhao.post(f"/v1/qa/tasks/{task['id']}/submit", json={"criteria": verdicts}).status_code == 200
    assert leaks(without_people(every_read(boss)), '"lin"', '"zhao"') == []
    third = boss.post("/v1/qa/tasks/take", json={}).json()["task"]
    assert third["purpose"] == "adjudication"
    differing = boss.get(f"/v1/qa/tasks/{third['id']}").json()["differing"]
    assert {(one["side"], one["verdict"]) for one in differing} == {("first", "fail"), ("second", "pass")}
    assert leaks(without_people(every_read(boss)), '"lin"', '"zhao"') == []


def test_appeals_are_decided_blind(client_of, scored) -> None:
    scored("c-1", {"greeting": "pass"})
    lin, wu, chen = client_of("lin"), client_of("wu"), client_of("chen")
    agent, other = client_of("agent", "agent", "a-1"), client_of("other", "agent", "a-2")
    task = lin.post("/v1/qa/tasks", json={"conversation_id": "c-1"}).json()
    lin.post(f"/v1/qa/tasks/{task['id']}/take")
    verdicts = [{"criterion_id": "script.greeting", "verdict": "fail", "reason": SECRET}]
    verdicts += [{"criterion_id": f"script.{name}", "verdict": "pass"} for name in ("closing", "rude")]
    assert lin.post(f"/v1/qa/tasks/{task['id']}/submit", json={"criteria": verdicts}).status_code == 200
    assert leaks({"": chen.get("/v1/qa/scores/1").text}, SECRET)  # no appeal yet: chen looks, and is remembered
    body = {"score_id": 1, "criterion_id": "script.greeting", "comment": "我问候了", "quoted_turns": [1]}
    assert other.post("/v1/qa/appeals", json=body).status_code == 404
    opened = agent.post("/v1/qa/appeals", json=body)
    assert opened.status_code == 201
    assert other.get("/v1/qa/appeals").json()["items"] == []
    assert other.get("/v1/qa/appeals/1").status_code == 404
    assert agent.get("/v1/qa/scores/1").json()["decisions"][0]["by"] is None

    assert leaks(every_read(wu), SECRET) == []
    assert leaks(without_people(every_read(wu)), '"lin"') == []
    for client in (lin, chen):
        refused = client.post("/v1/qa/appeals/1/take")
        assert (refused.status_code, refused.json()["code"]) == (409, "work-conflict")
    assert wu.post("/v1/qa/appeals/1/take").json()["status"] == "assigned"
    assert leaks(every_read(wu), SECRET) == []
    assert leaks(without_people(every_read(wu)), '"lin"') == []
    judgement = {"criterion_id": "script.greeting", "verdict": "pass", "reason": "第二句有问候"}
    assert wu.post("/v1/qa/appeals/1/decide", json=judgement).json()["status"] == "upheld"
    assert wu.post("/v1/qa/appeals/1/decide", json=judgement).status_code == 200  # the same again
    side = agent.get("/v1/qa/scores/1").json()
    [greeting] = [one for one in side["effective"]["criteria"] if one["id"] == "script.greeting"]
    assert (greeting["value"], greeting["decision_kind"]) == (1.0, "appeal")
    report = wu.get("/v1/qa/appeals/reversals").json()
    assert report["by_reviewer"][0]["name"] == "lin"
    assert report["by_criterion"][0]["name"] == "shop/greeting"
    assert report["total"]["value"] == 1.0
    assert 0 < report["total"]["low"] < 1


def test_calibration_is_blind(client_of, scored) -> None:
    ids = [scored(f"c-{number}") for number in range(3)]
    lin, zhao, boss = client_of("lin"), client_of("zhao"), client_of("boss", "admin")
    body = {"title": "十月", "criteria": ["script.greeting"], "score_ids": ids, "reviewers": ["lin", "zhao"]}
    assert boss.post("/v1/qa/calibrations", json=body).status_code == 201
    marks = [
        {"score_id": score_id, "criterion_id": "script.greeting", "verdict": "fail", "comment": SECRET}
        for score_id in ids
    ]
    assert lin.post("/v1/qa/calibrations/1/marks", json={"marks": marks}).json()["given"] == {"lin": 3, "zhao": 0}
    for client in (zhao, boss):
        assert leaks(every_read(client, score_id=ids[0]), SECRET) == []
    sheet = zhao.get(f"/v1/qa/calibrations/1/scores/{ids[0]}").json()
    assert set(sheet) == {"score_id", "conversation_id", "document", "criteria"}
    assert boss.post("/v1/qa/calibrations/1/marks", json={"marks": marks}).status_code == 409
    assert zhao.post("/v1/qa/calibrations/1/marks", json={"marks": marks}).status_code == 200
    assert boss.post("/v1/qa/calibrations/1/close").json()["report"]["script.greeting"]["consensus"]
    assert datetime.now(UTC) - timedelta(days=1) < datetime.fromisoformat(
        zhao.get("/v1/qa/calibrations/1").json()["created_at"]
    )


def test_who_calibrated_a_score_or_read_what_came_of_it_decides_no_appeal_on_it(client_of, scored) -> None:
    """A consensus is a verdict on the score: its authors and its readers are not blind any more."""
    score_id = scored("c-1", {"greeting": "fail"})
    lin, zhao, wu, boss = client_of("lin"), client_of("zhao"), client_of("wu"), client_of("boss", "admin")
    chen, agent = client_of("chen"), client_of("agent", "agent", "a-1")
    body = {"title": "十月", "criteria": ["script.greeting"], "score_ids": [score_id], "reviewers": ["lin", "zhao"]}
    body["decides"] = True
    assert boss.post("/v1/qa/calibrations", json=body).status_code == 201
    marks = {"marks": [{"score_id": score_id, "criterion_id": "script.greeting", "verdict": "fail"}]}
    for client in (lin, zhao):
        assert client.post("/v1/qa/calibrations/1/marks", json=marks).status_code == 200
    assert boss.post("/v1/qa/calibrations/1/close").status_code == 200
    assert chen.get("/v1/qa/calibrations/1").json()["report"]["script.greeting"]["consensus"] == {"1": "fail"}
    appeal = {"score_id": score_id, "criterion_id": "script.greeting", "comment": "我问候了", "quoted_turns": [1]}
    assert agent.post("/v1/qa/appeals", json=appeal).status_code == 201
    [listed] = wu.get("/v1/qa/calibrations").json()["items"]
    one = wu.get("/v1/qa/calibrations/1").json()  # while the appeal waits
    assert listed["report"]["script.greeting"]["consensus"] == one["report"]["script.greeting"]["consensus"] == {}
    for client in (lin, zhao, chen, boss):
        assert client.post("/v1/qa/appeals/1/take").status_code == 409
    assert wu.post("/v1/qa/appeals/1/take").status_code == 200
