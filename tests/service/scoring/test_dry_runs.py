"""Dry runs in the background: counted once whatever happens to the worker, and told as the command tells them."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from models.interchange import parse_conversation
from service.conversations.store import store_conversations
from service.core.settings import ScoringSettings, Settings
from service.db.engine import Database
from service.scoring import dry_runs
from service.scoring.dry_runs import give_up_dry_run, run_part
from service.scoring.fake import FakeEngine
from service.scoring.gateway import open_engine
from service.worker import run_worker
from tests.service.playbooks.shops import shop

pytestmark = pytest.mark.usefixtures("history")


@pytest.fixture(scope="module")
def engine():
    found = open_engine(ScoringSettings(encoder="hashing"))
    yield found
    found.close()


@pytest.fixture
def history(database: Database, document, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Store seven conversations, every second one with the words that only the new version knows."""
    monkeypatch.setattr(dry_runs, "PART", 3)
    found = []
    for number in range(7):
        text = "嗨,马上为您查询" if number % 2 else "您好,马上为您查询"
        turns = [{"role": "customer", "text": "在吗"}, {"role": "agent", "text": text}]
        found.append(document(f"c-{number}", turns=turns, started_at=f"2026-10-1{number}T09:00:00+08:00"))
    found.append(document("presale", queue="presale"))
    with database.transaction() as session:
        store_conversations(session, [parse_conversation(one) for one in found])
    return [one["id"] for one in found]


def work(database: Database, engine: object, dry_run_id: int) -> None:
    """Do all parts, as workers would."""
    begin = -1
    while begin != (begin := _done(database, dry_run_id)):
        run_part(database, engine, dry_run_id, begin, chunk=2)


def _done(database: Database, dry_run_id: int) -> int:
    with database.transaction() as session:
        return dry_runs.get_dry_run(session, dry_run_id).done


def ask(client: TestClient, **more: object) -> int:
    body = {"yaml": shop(version=2, hello="嗨"), "against": "shop@1", "conversations": {"queue": "aftersale"}, **more}
    client.post("/v1/playbooks", json={"yaml": shop()})
    answer = client.post("/v1/playbooks/dry-run", json=body)
    assert answer.status_code == 202, answer.text
    assert answer.json()["state"] == "waiting"
    return int(answer.json()["id"])


def test_what_would_change(client_for, database: Database, engine) -> None:
    client = client_for("trainer")
    publisher = client_for("qa")
    publisher.post("/v1/playbooks", json={"yaml": shop()})
    run = ask(client)
    assert client.get(f"/v1/dry-runs/{run}").json()["result"] is None
    work(database, engine, run)
    body = client.get(f"/v1/dry-runs/{run}").json()
    assert (body["run"]["state"], body["run"]["done"], body["run"]["total"]) == ("succeeded", 7, 7)
    assert (body["run"]["before"], body["run"]["after"]) == ("shop@1", "shop@2")
    [check] = body["result"]["checks"]
    assert (check["before"], check["after"]) == ({"fail": 3, "pass": 4}, {"fail": 4, "pass": 3})
    assert check["moves"] == {"fail→pass": 3, "pass→fail": 4}
    assert (body["result"]["conversations"], body["result"]["changed"]) == (7, 7)

    items, cursor = [], None
    while True:
        query = {"limit": 2, "check": "greeting", **({"cursor": cursor} if cursor is not None else {})}
        page = client.get(f"/v1/dry-runs/{run}/changes", params=query).json()
        items += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert [one["id"] for one in items] == [f"c-{number}" for number in range(6, -1, -1)]  # newest first
    [change] = items[1]["checks"]
    assert (change["before"], change["after"], change["quote"], change["turn"]) == ("fail", "pass", "嗨", 1)
    assert change["reason"]
    assert client.get(f"/v1/dry-runs/{run}/changes", params={"check": "other"}).json()["items"] == []
    assert [one["id"] for one in client.get("/v1/dry-runs").json()["items"]] == [run]
    assert client_for("admin").get("/v1/playbooks/shop@2").status_code == 404  # still not published
    [event] = client_for("admin").get("/v1/audit", params={"action": "playbook.dry_run"}).json()["items"]
    assert (event["object_id"], event["detail"]["count"]) == (str(run), 7)


def test_a_published_one_against_what_is_in_force(client: TestClient) -> None:
    for version in (1, 2):
        client.post("/v1/playbooks", json={"yaml": shop(version=version)})
    first = client.post("/v1/playbooks/shop@2/dry-run", json={"limit": 3}).json()
    assert (first["before"].partition("@")[0], first["after"], first["total"]) == ("ecommerce-zh", "shop@2", 3)
    client.post("/v1/playbooks/shop@1/activate")
    assert client.post("/v1/playbooks/shop@2/dry-run").json()["before"] == "shop@1"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"conversations": {"queue": "complaint"}}, 422),
        ({"against": "nothing@1"}, 404),
        ({"against": "/etc/passwd"}, 404),
        ({"limit": 0}, 422),
        ({"limit": 20_001}, 422),
        ({"conversations": {"queu": "aftersale"}}, 422),
        ({"yaml": "id: ["}, 422),
    ],
)
def test_what_cannot_be_tried(client: TestClient, body: dict, status: int) -> None:
    answer = client.post("/v1/playbooks/dry-run", json={"yaml": shop(), **body})
    assert answer.status_code == status, answer.text


def test_who_may_try(client_for) -> None:
    assert client_for("viewer").post("/v1/playbooks/dry-run", json={"yaml": shop()}).status_code == 403
    assert client_for("agent").get("/v1/dry-runs").status_code == 403
    assert client_for("supervisor").get("/v1/dry-runs/99").status_code == 404


def test_a_part_counts_once(client: TestClient, database: Database, engine) -> None:
    run = ask(client)
    assert run_part(database, engine, run, 0, should_stop=lambda: True) is True  # told to stop: nothing is kept
    assert _done(database, run) == 0
    for begin in (0, 0, 3, 0, 3):  # as after a worker that died behind its commit
        run_part(database, engine, run, begin)
    assert _done(database, run) == 6
    run_part(database, engine, run, 6)
    assert client.get(f"/v1/dry-runs/{run}").json()["result"]["conversations"] == 7
    with database.transaction() as session:
        assert session.execute(sa.text("SELECT count(*) FROM dry_run_change")).scalar_one() == 7


def test_cancelled(client: TestClient, database: Database, engine) -> None:
    run = ask(client)
    run_part(database, engine, run, 0)
    assert client.post(f"/v1/dry-runs/{run}/cancel").json()["state"] == "cancelled"
    run_part(database, engine, run, 3)
    body = client.get(f"/v1/dry-runs/{run}").json()
    assert (body["run"]["done"], body["result"]["conversations"]) == (3, 3)


def test_one_that_cannot_be_judged_is_skipped(client: TestClient, database: Database, document) -> None:
    bad = parse_conversation(document("bad", extra={"fake": {"fails": True}}))
    with database.transaction() as session:
        store_conversations(session, [bad])
    run = ask(client)
    work(database, FakeEngine(), run)
    body = client.get(f"/v1/dry-runs/{run}").json()["run"]
    assert (body["state"], body["done"], body["skipped"]) == ("succeeded", 8, 1)


def test_given_up(client: TestClient, database: Database) -> None:
    run = ask(client)
    with database.transaction() as session:
        give_up_dry_run(session, run)
    body = client.get(f"/v1/dry-runs/{run}").json()["run"]
    assert (body["state"], body["error"]["code"]) == ("failed", "dry-run-gave-up")
    assert body["error"]["zh"] != body["error"]["en"]


def test_an_erased_conversation_takes_its_words_along(client: TestClient, database: Database, engine) -> None:
    run = ask(client)
    work(database, engine, run)
    with database.transaction() as session:
        session.execute(sa.text("DELETE FROM conversation WHERE id = 'c-1'"))
    left = [one["id"] for one in client.get(f"/v1/dry-runs/{run}/changes").json()["items"]]
    assert "c-1" not in left
    assert len(left) == 6


def test_a_worker_does_it(client: TestClient, app_settings: Settings) -> None:
    run = ask(client)
    run_worker(app_settings, wait=False)
    assert client.get(f"/v1/dry-runs/{run}").json()["run"]["state"] == "succeeded"
