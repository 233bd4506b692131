"""The effective score in files is the one that the API tells, whatever it is that counts; without a query a row."""

from __future__ import annotations

import sqlalchemy as sa
from fastapi.testclient import TestClient

from models.root_cause import load_taxonomy
from service.accounts.actor import Actor
from service.db.engine import Database
from service.exports.blindness import Blindness
from service.exports.conversations import CONVERSATIONS
from service.exports.dataset import Wanted
from service.qa.root_cause import Word, attribute, say
from service.scoring.fake import FakeEngine
from tests.service.exports.test_exports import items, reviewed
from tests.service.qa.test_levels import left_to

LATE = "快递停在中转站五天了一动不动"


def confirmed(database: Database, by: Actor, name: str, score_id: int, kind: str = "system") -> None:
    attribute(database, FakeEngine(), [name])
    with database.transaction() as session:
        topic = "delivery_delay" if kind == "system" else "agent_attitude"
        say(session, by, score_id, Word(kind, topic, reason="核对过物流"), load_taxonomy())  # type: ignore[arg-type]


def told(client: TestClient, score_id: int) -> tuple[object, ...] | None:
    answer = client.get(f"/v1/qa/scores/{score_id}").json()["effective"]
    return None if answer is None else tuple(answer[name] for name in ("score", "passed", "auto_fail"))


def test_it_is_the_one_that_the_api_tells(database: Database, client_of, scored) -> None:
    boss, wu = client_of("boss", "supervisor"), Actor("wu", "qa", person_id="wu")
    lin = client_of("lin")
    client_of("wu")
    ids = {"before": scored("before", {"greeting": "fail"})}
    left_to(database, wu, "human")
    for name in ("waits", "decided", "late", "decided-late", "rude"):
        verdicts = {"greeting": "fail", "closing": "fail" if name == "waits" else "pass"}
        ids[name] = scored(name, verdicts, text=LATE, queue="complaint")
    left_to(database, wu, "assist")
    ids["after"] = scored("after", {"greeting": "fail"})
    ids["late-after"] = scored("late-after", {"closing": "fail"}, text=LATE, queue="complaint")
    for name in ("decided", "decided-late"):
        reviewed(lin, name, "pass", "第二句有问候")
    for name in ("late", "decided-late", "late-after"):
        confirmed(database, wu, name, ids[name])
    confirmed(database, wu, "rude", ids["rude"], "service")

    rows = {row["id"]: row for row in items(boss, "conversations")}
    assert rows.keys() == ids.keys()
    for name, row in rows.items():
        found = tuple(row[f"effective_{key}"] for key in ("score", "passed", "auto_fail"))
        assert found == told(boss, ids[name]), name
    counts = {name for name, row in rows.items() if row["effective_score"] != row["machine_score"]}
    assert counts >= {"waits", "decided", "late", "decided-late", "rude", "late-after"}
    assert counts.isdisjoint({"before", "after"})
    [waiting] = [row for row in items(boss, "conversations") if row["id"] == "waits"]
    assert "greeting" not in waiting["failed"]["en"]  # left to people: neither failed nor passed
    assert "closing" in waiting["failed"]["en"]


def test_a_batch_takes_as_many_queries_as_a_row(database: Database, person, scored) -> None:
    wu = person("wu")
    left_to(database, wu, "human")
    actor = Actor("boss", "supervisor", person_id="boss")

    def queries() -> int:
        seen: list[str] = []

        def note(*given: object) -> None:
            seen.append(str(given[2]))

        sa.event.listen(database.engine, "before_cursor_execute", note)
        try:
            with database.transaction() as session:
                list(CONVERSATIONS.rows(session, Wanted(), Blindness(actor)))
        finally:
            sa.event.remove(database.engine, "before_cursor_execute", note)
        return len(seen)

    confirmed(database, wu, "c-0", scored("c-0", {"greeting": "fail"}, text=LATE, queue="complaint"))
    one = queries()
    for number in range(1, 12):
        name = f"c-{number}"
        score_id = scored(name, {"greeting": "fail"}, text=LATE, queue="complaint")
        if number % 2:
            confirmed(database, wu, name, score_id)
    assert queries() == one


def test_levels_of_the_time_and_what_waits(database: Database, client_of, scored) -> None:
    lin, wu = client_of("lin"), Actor("wu", "qa", person_id="wu")
    client_of("wu")
    left_to(database, wu, "human")
    left_to(database, wu, "auto", "shop/rude")
    waits = scored("c-1", {"greeting": "fail"})
    scored("c-2")
    left_to(database, wu, "assist")
    reviewed(lin, "c-2", "pass", "有问候")
    rows = {(row["conversation_id"], row["criterion_id"]): row for row in items(lin, "criteria")}

    def of(conversation: str, criterion: str) -> tuple[object, ...]:
        row = rows[conversation, f"script.{criterion}"]
        return row["level"], row["waiting"], row["unconfirmed"]

    assert of("c-1", "greeting") == ("human", True, False)
    assert of("c-1", "closing") == ("assist", False, True)
    assert of("c-1", "rude") == ("auto", False, False)
    assert of("c-2", "greeting") == ("human", False, False)
    assert of("c-2", "closing") == ("assist", False, False)
    review = lin.get(f"/v1/qa/scores/{waits}").json()
    mine = [row for row in rows.values() if row["score_id"] == waits]
    assert {row["criterion_id"]: row["level"] for row in mine} == review["levels"]
    for key in ("waiting", "unconfirmed"):
        assert sorted(row["criterion_id"] for row in mine if row[key]) == sorted(review[key])
    sheet = lin.get("/v1/exports/criteria.csv?lang=zh").text
    assert "仅人工" in sheet
    assert "待人工判定" in sheet
