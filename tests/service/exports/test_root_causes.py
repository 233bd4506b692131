"""Root causes in files: what stands, in words or codes, and for whom."""

from __future__ import annotations

import csv
import io

from service.accounts.actor import Actor
from service.qa.root_cause import attribute
from service.scoring.fake import FakeEngine
from tests.service.exports.test_effective import LATE, confirmed
from tests.service.exports.test_exports import items, sheet


def test_root_causes(database, client_of, scored) -> None:
    boss, agent = client_of("boss", "supervisor"), client_of("agent", "agent", "a-1")
    client_of("wu")
    late = scored("c-1", text=LATE, queue="complaint")
    confirmed(database, Actor("wu", "qa", person_id="wu"), "c-1", late)
    scored("c-2", text="你这是什么态度，阴阳怪气的", queue="complaint", agent={"id": "a-2"})
    scored("c-3")  # nothing asks for a cause
    attribute(database, FakeEngine(), ["c-2", "c-3"])

    first, second = items(boss, "root_causes")
    assert (first["conversation_id"], first["score_id"], first["agent_id"]) == ("c-1", late, "a-1")
    assert (first["queue"], first["occurred_at"]) == ("complaint", "2026-10-12T01:00:00Z")
    stands = (first["kind"], first["topic"], first["department"], first["confirmed"], first["agrees"])
    assert stands == ("system", "delivery_delay", "logistics", True, True)
    assert (first["confirmed_by"], first["confirmed_reason"]) == ("wu", "核对过物流")
    assert 0 < first["confidence"] <= 1
    assert first["evidence"]
    assert all(quote in LATE for quote in first["evidence"].split(" / "))
    assert first["reason"].keys() == {"zh", "en"}
    assert first["taxonomy"].startswith("ecommerce-zh@")
    assert (second["kind"], second["confirmed"], second["confirmed_by"], second["agrees"]) == (
        "service",
        False,
        None,
        None,
    )

    answer = boss.get("/v1/exports/root_causes.csv?lang=zh").content.decode("utf-8-sig")
    row = next(csv.DictReader(io.StringIO(answer)))
    assert (row["性质"], row["归因主题"], row["建议主题"], row["已人工确认"]) == (
        "制度型",
        "物流延误",
        "物流延误",
        "TRUE",
    )
    english = sheet(boss.get("/v1/exports/root_causes.xlsx?lang=en").content)[0]
    assert (english["Kind"], english["Topic"]) == ("system", "Late delivery")

    [mine] = items(agent, "root_causes")
    assert mine["conversation_id"] == "c-1"
    assert mine["confirmed"]
    assert mine["confirmed_by"] is None
    assert mine["confirmed_reason"]
    assert agent.get("/v1/exports/root_causes.csv", params={"agent": "a-2"}).status_code == 403
    assert [row["conversation_id"] for row in items(boss, "root_causes", agent="a-2")] == ["c-2"]
    assert items(boss, "root_causes", queue="presale") == []


def test_a_topic_that_is_not_here_any_more_keeps_its_id(database, client_of, scored) -> None:
    from dataclasses import replace

    from models.root_cause import load_taxonomy
    from service.qa.root_cause import Word, say

    boss = client_of("boss", "admin")
    client_of("wu")
    score = scored("c-1", text=LATE, queue="complaint")
    attribute(database, FakeEngine(), ["c-1"])
    own = load_taxonomy()
    moon = replace(own.topics[0], id="moon")
    with database.transaction() as session:
        wu = Actor("wu", "qa", person_id="wu")
        say(session, wu, score, Word("system", "moon", reason="满月"), replace(own, id="mine", topics=(moon,)))
    [row] = sheet(boss.get("/v1/exports/root_causes.xlsx?lang=zh").content)
    assert (row["归因主题"], row["建议主题"], row["归因分类版本"]) == ("moon", "物流延误", f"mine@{own.version}")
