"""Datasets through the API: what is in the files, in which language, for whom."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime

import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook

from service.exports.catalogue import DATASETS
from service.exports.files import FORMATS
from service.qa.root_cause import attribute
from service.scoring.fake import FakeEngine


def table(text: bytes) -> list[dict[str, str]]:
    assert text.startswith("\ufeff".encode())
    return list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"))))


def sheet(content: bytes) -> list[dict]:
    [head, *rows] = load_workbook(io.BytesIO(content)).worksheets[0].iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rows]


def items(client: TestClient, dataset: str, **query: object) -> list[dict]:
    answer = client.get(f"/v1/exports/{dataset}.json", params=query)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["count"] == len(found["items"])
    return found["items"]


def reviewed(client: TestClient, conversation: str, verdict: str, reason: str) -> None:
    task = client.post("/v1/qa/tasks", json={"conversation_id": conversation}).json()
    client.post(f"/v1/qa/tasks/{task['id']}/take")
    verdicts = [{"criterion_id": "script.greeting", "verdict": verdict, "reason": reason}]
    verdicts += [{"criterion_id": f"script.{name}", "verdict": "pass"} for name in ("closing", "rude")]
    answer = client.post(f"/v1/qa/tasks/{task['id']}/submit", json={"criteria": verdicts})
    assert answer.status_code == 200, answer.text


def test_conversations_in_every_format(client_of, scored) -> None:
    scored("c-1", {"greeting": "fail"}, channel="chat", facts={"csat": 2})
    scored("c-2", tags=["退款", "加急"])
    lin = client_of("lin")
    reviewed(lin, "c-1", "pass", "第二句有问候")

    chinese = {"Accept-Language": "zh"}
    [first, second] = sheet(lin.get("/v1/exports/conversations.xlsx", headers=chinese).content)
    assert first["会话编号"] == "c-1"
    assert first["业务队列"] == "售后"
    assert first["开始时间（北京时间）"] == datetime(2026, 10, 12, 9, 0)
    assert first["客户评价（1–5）"] == 2
    assert first["最终质检分（0–100）"] > first["机器质检分（0–100）"]
    assert first["人工判定项"] == "script.closing、script.greeting、script.rude"
    assert second["标签"] == "退款、加急"

    answer = lin.get("/v1/exports/conversations.csv", params={"lang": "zh"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="attune-conversations.csv"'
    rows = table(answer.content)
    assert [row["会话编号"] for row in rows] == ["c-1", "c-2"]
    assert rows[0]["开始时间（北京时间）"] == "2026-10-12 09:00:00"

    english = table(lin.get("/v1/exports/conversations.csv").content)
    assert english[0]["Queue"] == "after-sale"
    lines = lin.get("/v1/exports/conversations.jsonl").text.splitlines()
    found = items(lin, "conversations")
    assert [json.loads(line) for line in lines] == found
    assert found[0]["queue"] == "aftersale"
    assert found[0]["started_at"] == "2026-10-12T01:00:00Z"
    assert found[0]["survey"] == 2
    assert found[1]["tags"] == ["退款", "加急"]
    assert [row["id"] for row in items(lin, "conversations", to="2026-10-11")] == []


def test_what_counts_without_a_review_counts_here_too(database, client_of, scored) -> None:
    """A cause in the system and a criterion left to people change the effective score though nobody reviewed it."""
    lin = client_of("lin")
    scored("c-1", text="差评", queue="complaint")
    attribute(database, FakeEngine(), ["c-1"])
    said = {"kind": "system", "topic": "delivery_delay", "reason": "物流爆仓"}
    assert lin.post("/v1/qa/root-causes/1/confirm", json=said).status_code == 200
    level = {"criterion": "shop/greeting", "level": "human", "reason": "先由人判"}
    assert lin.post("/v1/qa/automation", json=level).status_code == 201
    scored("c-2", {"greeting": "fail"})
    level = {**level, "level": "assist"}
    assert lin.post("/v1/qa/automation", json=level).status_code == 201
    scored("c-3", {"greeting": "fail"})
    for row, changed in zip(items(lin, "conversations"), (True, True, False), strict=True):
        effective = lin.get(f"/v1/qa/scores/{row['score_id']}").json()["effective"]["score"]
        assert row["effective_score"] == effective
        assert (effective > row["machine_score"]) is changed


def test_criteria_and_decisions(client_of, scored) -> None:
    score = scored("c-1", {"greeting": "fail"})
    lin = client_of("lin")
    reviewed(lin, "c-1", "pass", "第二句有问候")
    by_id = {row["criterion_id"]: row for row in items(lin, "criteria")}
    greeting = by_id["script.greeting"]
    assert (greeting["machine_verdict"], greeting["decision_verdict"], greeting["agrees"]) == ("fail", "pass", False)
    assert (greeting["reviewer"], greeting["decision_reason"]) == ("lin", "第二句有问候")
    assert greeting["machine_reason"] == {"zh": "测试", "en": "test"}
    [row] = [
        row for row in table(lin.get("/v1/exports/criteria.csv?lang=zh").content) if row["评分项"] == "script.greeting"
    ]
    assert (row["机器判定"], row["人工判定"], row["与机器一致"], row["人工判定来源"]) == (
        "不通过",
        "通过",
        "FALSE",
        "复核",
    )
    assert [(row["score_id"], row["by"]) for row in items(lin, "decisions")] == [(score, "lin")] * 3
    [task] = items(lin, "tasks")
    assert (task["reasons"], task["status"], task["assignee"]) == (["manual"], "done", "lin")


def test_appeals_and_calibration(client_of, scored) -> None:
    score = scored("c-1", {"greeting": "fail"})
    lin, zhao, boss = client_of("lin"), client_of("zhao"), client_of("boss", "admin")
    agent = client_of("agent", "agent", "a-1")
    body = {"score_id": score, "criterion_id": "script.greeting", "comment": "=我问候了", "quoted_turns": [1]}
    assert agent.post("/v1/qa/appeals", json=body).status_code == 201
    [appeal] = items(agent, "appeals")
    assert (appeal["contested"], appeal["quoted_turns"], appeal["comment"]) == ("fail", [1], "=我问候了")
    assert items(lin, "appeals")[0]["contested"] is None  # lin could be asked to decide it
    assert table(lin.get("/v1/exports/appeals.csv?lang=zh").content)[0]["申诉说明"] == "'=我问候了"
    [row] = sheet(lin.get("/v1/exports/appeals.xlsx?lang=zh").content)
    assert row["申诉说明"] == "=我问候了"

    other = scored("c-2")
    body = {"title": "十月", "criteria": ["script.greeting"], "score_ids": [other], "reviewers": ["lin", "zhao"]}
    assert boss.post("/v1/qa/calibrations", json=body).status_code == 201
    mark = [{"score_id": other, "criterion_id": "script.greeting", "verdict": "fail"}]
    for client in (lin, zhao):
        assert client.post("/v1/qa/calibrations/1/marks", json={"marks": mark}).status_code == 200
    assert [row["reviewer"] for row in items(lin, "calibration")] == ["lin"]
    assert items(boss, "calibration") == []
    assert boss.post("/v1/qa/calibrations/1/close").status_code == 200
    assert [(row["reviewer"], row["consensus"]) for row in items(boss, "calibration")] == [
        ("lin", "fail"),
        ("zhao", "fail"),
    ]


def test_figures_and_the_log(client_of, scored) -> None:
    scored("c-1")
    boss = client_of("boss", "admin")
    rows = items(boss, "kpis", group_by="queue,day", **{"from": "2026-10-12", "to": "2026-10-12"})
    assert {(row["queue"], row["day"]) for row in rows} == {(None, None), ("aftersale", "2026-10-12")}
    sheets = sheet(boss.get("/v1/exports/kpis.xlsx?lang=zh&group_by=day").content)
    assert {row["日期"] for row in sheets} == {None, datetime(2026, 10, 12)}
    log = items(boss, "audit")
    assert [row["seq"] for row in log] == list(range(1, len(log) + 1))
    [begun, done] = [row["detail"] for row in log if row["object_id"] == "kpis"][:2]
    assert (begun["stage"], done["stage"], done["count"]) == ("begun", "done", len(rows))
    assert log[-1]["detail"]["stage"] == "begun"  # this export's own beginning, before any byte of it


def test_who_may_have_what(client_of, scored) -> None:
    scored("c-1")
    scored("c-2", agent={"id": "a-2"})
    agent, leader = client_of("agent", "agent", "a-1"), client_of("wang", "supervisor")
    trainer, boss = client_of("he", "trainer"), client_of("boss", "admin")
    named = {client: {one["id"] for one in client.get("/v1/exports").json()["items"]} for client in (agent, trainer)}
    assert named[agent] == {"conversations", "criteria", "appeals", "root_causes"}
    assert named[trainer] == {"conversations", "criteria", "appeals", "root_causes", "kpis"}
    assert {row["id"] for row in items(agent, "conversations")} == {"c-1"}
    assert {row["conversation_id"] for row in items(agent, "criteria")} == {"c-1"}
    assert agent.get("/v1/exports/conversations.csv", params={"agent": "a-2"}).status_code == 403
    assert leader.get("/v1/exports/tasks.csv").status_code == 200
    for client, dataset in ((agent, "tasks"), (agent, "kpis"), (trainer, "decisions"), (leader, "audit")):
        assert client.get(f"/v1/exports/{dataset}.csv").status_code == 403
    assert boss.get("/v1/exports/nothing.csv").status_code == 404
    assert boss.get("/v1/exports/conversations.pdf").status_code == 422
    refused = boss.get("/v1/exports/audit.csv", params={"queue": "aftersale"})
    assert (refused.status_code, refused.json()["location"]) == (422, "queue")
    assert boss.get("/v1/exports/conversations.csv", params={"group_by": "day"}).status_code == 422


@pytest.mark.parametrize("form", list(FORMATS))
def test_nothing_to_export_is_a_whole_file(client: TestClient, form: str) -> None:
    for dataset in DATASETS:
        answer = client.get(f"/v1/exports/{dataset}.{form}")
        assert answer.status_code == 200, answer.text
        if form == "json":
            assert json.loads(answer.content)["dataset"] == dataset
        elif form == "xlsx":
            assert load_workbook(io.BytesIO(answer.content)).worksheets[0].max_row >= 1
