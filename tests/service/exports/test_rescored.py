"""Files tell what the API tells of a conversation that was scored again."""

from __future__ import annotations

import sqlalchemy as sa

from service.accounts.actor import Actor
from service.db.engine import Database
from service.exports.blindness import Blindness
from service.exports.conversations import CONVERSATIONS
from service.exports.criteria import CRITERIA
from service.exports.dataset import Wanted
from tests.service.exports.test_effective import told
from tests.service.exports.test_exports import items, reviewed
from tests.service.qa.test_review import sample

SECRET = "只有第一位复核人知道的理由"


def test_decisions_follow(client_of, scored, rescored) -> None:
    boss, lin = client_of("boss", "supervisor"), client_of("lin")
    for name in ("same", "other", "changed"):
        scored(name, {"greeting": "fail"})
        reviewed(lin, name, "pass", "第二句有问候")
    now = {
        "same": rescored("same"),
        "other": rescored("other", playbook="shop@2"),
        "changed": rescored("changed", {"greeting": "pass"}),
    }
    rows = {row["id"]: row for row in items(boss, "conversations")}
    criteria = {
        row["conversation_id"]: row for row in items(boss, "criteria") if row["criterion_id"] == "script.greeting"
    }
    for name, score_id in now.items():
        row = rows[name]
        assert row["score_id"] == score_id
        assert tuple(row[f"effective_{key}"] for key in ("score", "passed", "auto_fail")) == told(boss, score_id), name
    assert "script.greeting" in rows["same"]["decided"]
    assert rows["same"]["effective_score"] > rows["same"]["machine_score"]
    assert rows["other"]["decided"] == []
    assert (criteria["same"]["decision_verdict"], criteria["same"]["agrees"]) == ("pass", False)
    assert (criteria["changed"]["decision_verdict"], criteria["changed"]["agrees"]) == ("pass", True)
    assert criteria["other"]["decision_verdict"] is None


def test_an_unfinished_pair_is_kept_back(database: Database, client_of, scored, rescored) -> None:
    scored("c-1", {"greeting": "pass"})
    lin, zhao = client_of("lin"), client_of("zhao")
    sample(database, Actor("boss", "admin", person_id="boss"), second=1.0)
    task = lin.post("/v1/qa/tasks/take", json={"purpose": "review"}).json()["task"]
    verdicts = [{"criterion_id": "script.greeting", "verdict": "fail", "reason": SECRET}]
    verdicts += [{"criterion_id": f"script.{name}", "verdict": "pass"} for name in ("closing", "rude")]
    assert lin.post(f"/v1/qa/tasks/{task['id']}/submit", json={"criteria": verdicts}).status_code == 200
    score_id = rescored("c-1")
    side = zhao.get(f"/v1/qa/scores/{score_id}")
    assert (side.json()["withheld"], side.json()["decisions"]) == (True, [])
    assert SECRET not in side.text
    for dataset in ("conversations", "criteria"):
        text = zhao.get(f"/v1/exports/{dataset}.json").text
        assert SECRET not in text
        assert '"lin"' not in text
        assert '"withheld":true' in text.replace(" ", "")
    [row] = items(zhao, "conversations")
    assert (row["effective_score"], row["decided"]) == (None, [])
    # An export has shown nothing: the second side may still be judged.
    assert zhao.post("/v1/qa/tasks/take", json={}).json()["task"]["purpose"] == "second"


def test_a_batch_takes_as_many_queries_as_a_row(database: Database, client_of, scored, rescored) -> None:
    lin, actor = client_of("lin"), Actor("boss", "supervisor", person_id="boss")

    def queries() -> int:
        seen: list[str] = []

        def note(*given: object) -> None:
            seen.append(str(given[2]))

        sa.event.listen(database.engine, "before_cursor_execute", note)
        try:
            with database.transaction() as session:
                for dataset in (CONVERSATIONS, CRITERIA):
                    list(dataset.rows(session, Wanted(), Blindness(actor)))
        finally:
            sa.event.remove(database.engine, "before_cursor_execute", note)
        return len(seen)

    counts = []
    for number in range(3):
        scored(f"c-{number}", {"greeting": "fail"})
        reviewed(lin, f"c-{number}", "pass", "第二句有问候")
        rescored(f"c-{number}")
        counts.append(queries())
    assert len(set(counts)) == 1
