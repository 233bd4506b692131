"""What people decided becomes labels that training reads, with weights and where they come from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from service.accounts.actor import Actor
from service.qa.label_weight import PRIOR, label_weight
from tests.service.qa.test_review import sample
from training.data.labels import read_labels

people = st.integers(0, 50)


def lines(client: TestClient, **query: str) -> list[dict]:
    answer = client.get("/v1/qa/labels.jsonl", params=query)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def by_check(line: dict) -> dict[str, dict]:
    return {one["check"]: one for one in line["labels"]["compliance"]}


def submit(client: TestClient, task_id: int, **verdicts: str) -> None:
    wanted = {"greeting": "pass", "closing": "pass", "rude": "pass", **verdicts}
    criteria = [
        {"criterion_id": f"script.{name}", "verdict": verdict, "reason": "听了录音"} for name, verdict in wanted.items()
    ]
    answer = client.post(f"/v1/qa/tasks/{task_id}/submit", json={"criteria": criteria})
    assert answer.status_code == 200, answer.text


@given(st.sampled_from(sorted(PRIOR)), people, people)
def test_weight_falls_with_disagreement(office, agreeing: int, disagreeing: int) -> None:
    weight = label_weight(office, agreeing, disagreeing)
    assert 0 < weight < 1
    assert label_weight(office, agreeing, disagreeing + 1) < weight < label_weight(office, agreeing + 1, disagreeing)


@given(people, people)
def test_weight_goes_by_office(agreeing: int, disagreeing: int) -> None:
    weights = [label_weight(one, agreeing, disagreeing) for one in ("review", "adjudication", "appeal", "consensus")]
    assert weights == sorted(weights)
    assert weights[0] < weights[-1]


def test_reviews_and_appeals_become_labels(database, client_of, scored, tmp_path: Path) -> None:
    first = scored("c-1", {"greeting": "fail"}, customer={"id": "u-1", "name": "王小明"})
    scored("c-2", {"rude": "fail"})
    scored("c-3")
    lin, wu, he = client_of("lin"), client_of("wu"), client_of("he", "trainer")
    agent = client_of("agent", "agent", "a-1")
    sample(database, Actor("boss", "admin"), second=0.0)
    while task := lin.post("/v1/qa/tasks/take", json={}).json()["task"]:
        submit(lin, task["id"], greeting="fail" if task["conversation_id"] == "c-1" else "pass")
    body = {"score_id": first, "criterion_id": "script.greeting", "comment": "我问候了", "quoted_turns": [1]}
    assert agent.post("/v1/qa/appeals", json=body).status_code == 201
    assert [line["id"] for line in lines(he)] == ["c-2", "c-3"]  # the appeal is not decided yet
    assert wu.post("/v1/qa/appeals/1/take").status_code == 200
    judgement = {"criterion_id": "script.greeting", "verdict": "pass", "reason": "第二句有问候"}
    assert wu.post("/v1/qa/appeals/1/decide", json=judgement).json()["status"] == "upheld"

    found = lines(he)
    assert [line["id"] for line in found] == ["c-1", "c-2", "c-3"]
    greeting = by_check(found[0])["greeting"]
    assert (greeting["verdict"], greeting["machine"], greeting["source"]) == ("pass", "fail", "appeal")
    assert (greeting["agreeing"], greeting["disagreeing"], greeting["turns"]) == (0, 1, [1])
    assert greeting["weight"] == round(14 / 16, 4)
    assert {"appeal", "random"} <= set(greeting["reasons"])
    assert greeting["probability"] == 1.0
    confirmed = by_check(found[2])["greeting"]
    assert (confirmed["verdict"], confirmed["machine"], confirmed["weight"]) == ("pass", "pass", 0.8)
    assert found[0]["labels"]["provenance"]["scores"] == [first]
    text = json.dumps(found, ensure_ascii=False)
    for private in ("王小明", "小李", "u-1", "lin", "a-1", "听了录音"):
        assert private not in text

    path = tmp_path / "labels.jsonl"
    path.write_text(he.get("/v1/qa/labels.jsonl").text, encoding="utf-8")
    read = read_labels(path)
    label = {one.check: one for one in read[0].compliance}["greeting"]
    assert (label.verdict, label.source, label.weight, label.probability) == ("pass", "appeal", 0.875, 1.0)
    assert "random" in label.reasons
    assert lines(he, **{"from": "2026-10-13"}) == []
    assert lines(he, playbook="other") == []
    assert agent.get("/v1/qa/labels.jsonl").status_code == 403
    assert lin.get("/v1/qa/labels.jsonl").status_code == 200


def test_only_what_training_and_playbooks_ask_leaves(database, client_of, scored, tmp_path: Path) -> None:
    facts = {"csat": 4, "resolved": True, "handler": "李雷", "complaint": {"kind": "service", "note": "李雷态度差"}}
    agent = {"id": "a-1", "name": "李雷", "group": "north"}
    scored("c-1", agent=agent, facts=facts, tags=["vip"], owner="李雷")
    scored("c-2", agent={"id": "a-1"}, agent_group="south")
    lin = client_of("lin")
    sample(database, Actor("boss", "admin"), second=0.0)
    while task := lin.post("/v1/qa/tasks/take", json={}).json()["task"]:
        submit(lin, task["id"])
    text = lin.get("/v1/qa/labels.jsonl").text
    assert "李雷" not in text
    assert "a-1" not in text
    path = tmp_path / "labels.jsonl"
    path.write_text(text, encoding="utf-8")
    first, second = read_labels(path)
    assert (first.satisfaction, first.resolved, first.conversation.tags) == (4, True, ("vip",))
    groups = [one.conversation.extra.get("agent_group") for one in (first, second)]
    assert groups == ["north", "south"]  # playbooks may ask it: the same check then applies when training asks again


def test_a_consensus_is_a_label_whether_it_decides_or_not(client_of, scored) -> None:
    score = scored("c-1", {"greeting": "pass"})
    names = ("lin", "zhao", "wu")
    clients = [client_of(name) for name in names]
    boss = client_of("boss", "admin")
    body = {"title": "十月", "criteria": ["script.greeting"], "score_ids": [score], "reviewers": list(names)}
    assert boss.post("/v1/qa/calibrations", json=body).status_code == 201
    for client, verdict in zip(clients, ("fail", "fail", "pass"), strict=True):
        mark = [{"score_id": score, "criterion_id": "script.greeting", "verdict": verdict}]
        assert client.post("/v1/qa/calibrations/1/marks", json={"marks": mark}).status_code == 200
    assert lines(boss) == []
    assert boss.post("/v1/qa/calibrations/1/close").status_code == 200
    [line] = lines(boss)
    label = by_check(line)["greeting"]
    assert (label["verdict"], label["source"], label["agreeing"], label["disagreeing"]) == ("fail", "calibration", 2, 1)
    assert label["weight"] == pytest.approx(21 / 23, abs=1e-4)
    assert label["reasons"] == ["calibration"]
    assert label["probability"] is None


def test_blind_pairs_wait(database, client_of, scored) -> None:
    scored("c-1")
    lin, zhao, he = client_of("lin"), client_of("zhao"), client_of("he", "trainer")
    sample(database, Actor("boss", "admin"), second=1.0)
    submit(lin, lin.post("/v1/qa/tasks/take", json={"purpose": "review"}).json()["task"]["id"], greeting="fail")
    assert lines(he) == []
    submit(zhao, zhao.post("/v1/qa/tasks/take", json={}).json()["task"]["id"], greeting="fail")
    [line] = lines(he)
    assert by_check(line)["greeting"]["agreeing"] == 1


def test_heads_learn_from_what_is_exported(database, client_of, scored, tmp_path: Path) -> None:
    from models.encode.load import load_encoder
    from models.scorers.compliance import load_playbook
    from training.config import ActsFit
    from training.data.act_verdicts import lines_of_verdicts
    from training.data.vectors import VectorStore
    from training.fit.acts import fit_acts

    for number in range(6):
        scored(f"c-{number}")
    lin, he = client_of("lin"), client_of("he", "trainer")
    sample(database, Actor("boss", "admin"), second=0.0)
    while task := lin.post("/v1/qa/tasks/take", json={}).json()["task"]:
        submit(lin, task["id"])
    path = tmp_path / "labels.jsonl"
    path.write_text(he.get("/v1/qa/labels.jsonl").text, encoding="utf-8")
    told = lines_of_verdicts(read_labels(path), load_playbook("ecommerce-zh"))
    assert {weight for line in told if line.role == "agent" for weight in line.told.values()} >= {0.8}
    settings = ActsFit(
        files=(), terms="", folds=3, near_miss=2.0, unlooked=0.4, members=1, hidden=4, dropout=0.1, epochs=2, batch=8,
        learning_rate=0.01, weight_decay=0.0, lexical_share=0.95,
    )  # fmt: skip
    vectors = VectorStore(load_encoder("hashing", cache=0), tmp_path / "cache")
    found = fit_acts(told, vectors, settings, 1, tmp_path / "head")
    assert len(found) == len(told)
