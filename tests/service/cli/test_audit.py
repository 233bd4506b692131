"""audit, people, verify, diff-scores."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from service.scoring.fake import FakeEngine
from tests.service.ingest.bad_inputs import GOOD_1, GOOD_2

Attune = Callable[..., Any]


def run_as_superuser(url: str, statement: str) -> None:
    engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        connection.execute(sa.text("SET session_replication_role = replica"))  # no trigger fires
        connection.execute(sa.text(statement))
    engine.dispose()


def test_the_log_from_the_command_line(stored: Attune, database_url: str, tmp_path: Path) -> None:
    assert "[not-found]" in stored("audit", "anchor").err
    assert "0 events are whole" in stored("audit", "verify").err
    path = tmp_path / "in.jsonl"
    path.write_bytes(GOOD_1 + GOOD_2)
    stored("import", path)
    stored("show", "c1")
    stored("export", "--out", tmp_path / "out.jsonl")
    stored("keys", "create", "crm", "--role", "ingest")
    stored("keys", "revoke", "1")
    listed = stored("audit", "list", "--json", "--since", "2026-01-01")
    found = [json.loads(line) for line in listed.out.splitlines()]
    assert [one["action"] for one in reversed(found)] == [
        "conversations.store",
        "conversations.store",
        "conversation.read",
        "conversations.export",
        "conversations.export",
        "key.create",
        "key.revoke",
    ]
    assert {one["actor"].partition(":")[0] for one in found} == {"cli"}
    assert "conversation c1" in stored("audit", "list", "--action", "conversation.read").out
    assert stored("audit", "list", "--actor", "nobody", "--json").out == ""
    assert "[usage]" in stored("audit", "list", "--since", "yesterday").err
    anchor = stored("audit", "anchor").out.strip()
    assert stored("audit", "verify", "--anchor", anchor).code == 0
    assert stored("audit", "verify", "--from", 3).code == 0

    run_as_superuser(database_url, "UPDATE audit_event SET actor = 'x' WHERE seq = 2")
    broken = stored("audit", "verify")
    assert broken.code == 1
    assert "event 2 was changed" in broken.err
    assert "第 2 条被改动" in stored("--lang", "zh", "audit", "verify").err
    assert stored("audit", "verify", "--from", 4).code == 0
    run_as_superuser(database_url, "DELETE FROM audit_event WHERE seq > 7")
    assert "missing" in stored("audit", "verify", "--from", 4, "--anchor", anchor).err
    assert "[invalid-request]" in stored("audit", "verify", "--anchor", "x").err


def test_people(stored: Attune) -> None:
    added = stored("people", "add", "lin", "林夏", "--role", "qa", "--queue", "complaint")
    assert added.code == 0
    assert "attune keys create NAME --person lin" in added.err
    assert "[person-conflict]" in stored("people", "add", "lin", "x", "--role", "qa").err
    assert "[invalid-request]" in stored("people", "add", "li", "x", "--role", "agent").err
    assert stored("people", "add", "li", "小李", "--role", "agent", "--agent-id", "a-1").code == 0
    assert stored("keys", "create", "laptop", "--person", "lin").out.startswith("att_")
    assert "[invalid-request]" in stored("keys", "create", "x", "--person", "lin", "--role", "admin").err
    assert "lin" in stored("keys", "list").out
    assert stored("people", "deactivate", "lin").code == 0
    listed = stored("people", "list").out
    assert "林夏" in listed
    assert "a-1" in listed
    assert "deactivated" in listed
    assert "person deactivated" in stored("keys", "list").out
    assert "[not-found]" in stored("people", "deactivate", "nobody").err


def test_verify_and_diff(stored: Attune, score_all: Callable[..., None], database_url: str, tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(GOOD_1)
    stored("import", path)
    score_all("c1")
    assert "✓ identical: c1 #1" in stored("verify", 1).out
    assert json.loads(stored("verify", 1, "--json").out)["outcome"] == "identical"
    assert "[not-found]" in stored("verify", 99).err
    assert "[not-found]" in stored("diff-scores", "c1").err

    score_all("c1", engine=FakeEngine(playbook="gone"))
    missing = stored("verify", 2)
    assert missing.code == 2
    assert "the playbook gone@fake" in missing.out
    assert "here: ecommerce-zh@" in missing.out
    assert "playbook: ecommerce-zh@fake → gone@fake" in stored("diff-scores", "c1").out
    assert json.loads(stored("diff-scores", "c1", "--from", 2, "--to", 1, "--json").out)["after"]["id"] == 1

    changed = """jsonb_set(jsonb_set(bundle, '{csat,mean}', '4.9'), '{compliance,checks,0,verdict}', '"na"')"""
    run_as_superuser(database_url, f"UPDATE score SET bundle = {changed} WHERE id = 1")
    differs = stored("verify", 1)
    assert differs.code == 1
    assert "csat.mean: 4.9 →" in differs.out
    shown = stored("diff-scores", "c1").out
    assert "csat.mean" in shown
    assert "greeting" in shown
