"""The commands on the database: import, worker, export, show, keys, migrate, doctor, demo."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.service.ingest.bad_inputs import GOOD_1, GOOD_2, conversation, line

Attune = Callable[..., Any]


def test_import_is_idempotent_and_revises_only_when_told(stored: Attune, tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(GOOD_1 + GOOD_2 + b"broken\n" + GOOD_1)
    first = stored("import", path)
    assert first.code == 1
    assert "accepted 2 · unchanged 1 · revised 0 · refused 1" in first.err
    path.write_bytes(GOOD_1 + line(conversation(2, queue="complaint")))
    again = stored("import", path)
    assert again.code == 1
    assert "line 2 $.id" in again.err
    assert "--revise" in again.err
    revised = stored("import", path, "--revise")
    assert revised.code == 0
    assert "accepted 0 · unchanged 1 · revised 1 · refused 0" in revised.err


def test_what_is_exported_goes_in_again_unchanged(stored: Attune, tmp_path: Path) -> None:
    path, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl.gz"
    path.write_bytes(GOOD_1 + GOOD_2)
    stored("import", path)
    assert "Exported 2" in stored("export", "--out", out).err
    assert "unchanged 2" in stored("import", out).err
    printed = stored("export")
    assert [json.loads(row)["id"] for row in printed.out.splitlines()] == ["c1", "c2"]


def test_show_and_export_scores(stored: Attune, score_all: Callable[..., None], tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(GOOD_1 + GOOD_2)
    stored("import", path)
    assert "waits for a worker" in stored("show", "c1").out
    score_all("c1")
    shown = stored("show", "c1").out
    for words in (
        "第1单还没发货",
        "customer",
        "09:00:05",
        "Sentiment",
        "Predicted CSAT",
        "greeting",
        "/ 100",
        "playbook",
    ):
        assert words in shown
    assert "情绪" in stored("--lang", "zh", "show", "c1").out
    scores = stored("export", "--scores")
    assert [json.loads(row)["id"] for row in scores.out.splitlines()] == ["c1"]
    assert "1 have no score yet" in scores.err
    assert "[not-found]" in stored("show", "nope").err


def test_show_from_files(attune: Attune, tmp_path: Path) -> None:
    path, scores = tmp_path / "in.jsonl", tmp_path / "scores.jsonl.gz"
    path.write_bytes(GOOD_1 + line(conversation(2, turns=[{"role": "customer", "text": "a\x1b[31mb"}])))
    attune("score", path, "--out", scores)
    shown = attune("show", "c2", "--conversations", path, "--scores", scores)
    assert shown.code == 0
    assert "\x1b[31m" not in shown.out
    assert "Predicted CSAT" in shown.out
    assert "Predicted CSAT" not in attune("show", "c2", "--conversations", path).out
    assert "[not-in-file]" in attune("show", "c9", "--conversations", path).err
    assert "[usage]" in attune("show", "c1", "--scores", scores).err


def test_show_tells_what_to_say_instead(attune: Attune, tmp_path: Path) -> None:
    path, scores = tmp_path / "many.jsonl", tmp_path / "scores.jsonl"
    path.write_bytes(b"".join(line(conversation(n, turns=[{"role": "agent", "text": f"{n}"}])) for n in range(8)))
    assert attune("score", path, "--out", scores).code == 0
    plain = [attune("show", f"c{number}", "--conversations", path, "--scores", scores).out for number in range(8)]
    coached = [
        attune("show", f"c{number}", "--conversations", path, "--scores", scores, "--coach").out for number in range(8)
    ]
    assert not any("→ test engine" in one for one in plain)
    assert [one.count("→ test engine") for one in coached] == [one.count("✗ fail") for one in plain]
    assert any("→ test engine" in one for one in coached)


def test_messages_count_from_1_and_checks_have_names(attune: Attune, tmp_path: Path) -> None:
    path, scores = tmp_path / "in.jsonl", tmp_path / "scores.jsonl"
    path.write_bytes(GOOD_1)
    attune("score", path, "--out", scores)
    bundle = json.loads(scores.read_text(encoding="utf-8"))
    quote = "马上查" * 20
    bundle["versions"] |= {"playbook": "ecommerce-zh@1", "rubric": "default@1"}
    bundle["compliance"]["checks"] = [
        {
            "id": "greeting",
            "verdict": "no_evidence",
            "confidence": 0.9,
            "critical": True,
            "reason": "见",
            "reason_en": "x",
        }
        | {"evidence": [{"turn": 1, "start": 0, "end": 60, "quote": quote}]}
    ]
    bundle["sentiment"]["turning_points"] = [{"turn": 0, "change": 0.9, "agent_turn": 1}]
    bundle["sentiment"]["direction_probs"] = {"worsened": 0.0, "flat": 0.0, "improved": 0.0}
    bundle["sentiment"]["direction_probs"][bundle["sentiment"]["direction"]] = 0.87
    bundle["sentiment"]["carried_by"] = [{"turn": 0, "effect": 0.61}]
    bundle["csat"]["carried_by"] = [{"turn": 1, "effect": -0.4}, {"turn": 0, "effect": 0.2}]
    criterion = {
        "value": 1.0,
        "points": 100.0,
        "max_points": 100.0,
        "auto_fail": False,
        "reason": "见",
        "reason_en": "why",
    }
    bundle["qa"]["criteria"] = [
        criterion | {"id": "script.greeting", "source": "check:greeting"},
        criterion | {"id": "own", "source": "check:own"},
    ]
    scores.write_text(json.dumps(bundle), encoding="utf-8")
    shown = attune("show", "c1", "--conversations", path, "--scores", scores).out
    assert "1  09:00:00" in shown
    assert "Greeting (greeting) critical" in shown
    assert "? no evidence" in shown
    assert "#2 “马上查" in shown
    assert quote not in shown
    assert "100.0/100.0  own  why" in shown
    assert "turning point #1 (+0.90, after agent #2)" in shown
    assert "87%" in shown
    assert "moved by #1 (+0.61)" in shown
    assert "CSAT carried by #2 (-0.40), #1 (+0.20)" in shown
    assert "P(resolved) carried by" not in shown
    chinese = attune("--lang", "zh", "show", "c1", "--conversations", path, "--scores", scores).out
    assert "开场问候 (greeting) 红线" in chinese
    assert "满意度来自 #2 (-0.40)、#1 (+0.20)" in chinese


def test_show_an_id_that_is_no_text(attune: Attune) -> None:
    result = attune("show", "a\udcff")
    assert result.code == 2
    assert "[usage]" in result.err


def test_keys(stored: Attune) -> None:
    made = stored("keys", "create", "crm", "--role", "ingest", "--days", "3")
    key = made.out.strip()
    assert made.code == 0
    listed = stored("keys", "list").out
    assert "crm" in listed
    assert key not in listed
    assert "until" in listed
    assert stored("keys", "revoke", "1").code == 0
    assert "revoked" in stored("keys", "list").out
    assert "[invalid-request]" in stored("keys", "create", "crm", "--role", "boss").err
    assert "[not-found]" in stored("keys", "revoke", "99").err


def test_migrate_and_what_is_said_before(
    attune: Attune, monkeypatch: pytest.MonkeyPatch, empty_database_url: str
) -> None:
    monkeypatch.setenv("ATTUNE_DATABASE_URL", empty_database_url)
    before = attune("export")
    assert before.code == 2
    assert "[database-not-migrated]" in before.err
    assert "attune migrate" in before.err
    assert "empty →" in attune("migrate").err
    assert "up to date" in attune("migrate").err
    assert attune("export").code == 0


def test_no_database(attune: Attune, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTUNE_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    result = attune("export")
    assert result.code == 2
    assert "[database-unavailable]" in result.err


def test_doctor(stored: Attune, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ATTUNE_VAR", str(tmp_path))
    monkeypatch.setenv("ATTUNE_PORT", "0")
    well = stored("doctor")
    assert well.code == 0, well.out
    assert "All is well" in well.out
    monkeypatch.setenv("ATTUNE_ARTIFACT", str(tmp_path / "nowhere"))
    monkeypatch.setenv("ATTUNE_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("ATTUNE_THREADS", "999")
    ill = stored("doctor")
    assert ill.code == 1
    assert "✗ model files" in ill.out
    assert "✗ database" in ill.out
    assert "! threads" in ill.out
    monkeypatch.setenv("ATTUNE_PORT", "many")
    assert "✗ settings" in stored("doctor").out


def test_serve_says_when_the_port_is_taken(stored: Attune) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = stored("serve", "--port", taken.getsockname()[1], "--no-worker")
    assert result.code == 2
    assert "[port-not-available]" in result.err


def attune_process(*arguments: str, url: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "ATTUNE_DATABASE_URL": url, "ATTUNE_ENGINE": "fake", "ATTUNE_LANG": "en"}
    return subprocess.run(
        [sys.executable, "-m", "service.cli", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


def test_demo_from_an_empty_database_and_again(empty_database_url: str) -> None:
    first = attune_process("demo", "--no-serve", url=empty_database_url)
    assert first.returncode == 0, first.stderr
    assert " new, 0 there already" in first.stderr
    assert "first page lists 50 conversations" in first.stderr
    assert "Next steps" in first.stderr
    again = attune_process("demo", "--no-serve", url=empty_database_url)
    assert again.returncode == 0, again.stderr
    assert ": 0 new" in again.stderr
    keys = attune_process("keys", "list", url=empty_database_url).stdout
    assert keys.count("demo") == 2
    assert keys.count("revoked") == 1


def test_worker_once(database_url: str, tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(GOOD_1 + GOOD_2)
    attune_process("import", str(path), url=database_url)
    done = attune_process("worker", "--once", url=database_url)
    assert done.returncode == 0, done.stderr
    scores = attune_process("export", "--scores", url=database_url).stdout
    assert [json.loads(row)["id"] for row in scores.splitlines()] == ["c1", "c2"]


def test_a_dataset_is_exported_by_its_files_ending(
    stored: Attune, score_all: Callable[..., None], tmp_path: Path
) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(GOOD_1 + GOOD_2)
    stored("import", path)
    score_all("c1")
    out = tmp_path / "c.csv"
    assert stored("export", "--dataset", "conversations", "--out", out).code == 0
    [head, *rows] = out.read_bytes().decode("utf-8-sig").splitlines()
    assert head.startswith("Conversation,")
    assert [row.partition(",")[0] for row in rows] == ["c1", "c2"]
    assert stored("--lang", "zh", "export", "--dataset", "kpis", "--group-by", "day,queue", "--out", out).code == 0
    assert out.read_bytes().decode("utf-8-sig").startswith("日期,")
    printed = stored("export", "--dataset", "conversations", "--queue", "complaint")
    assert printed.out == ""
    assert stored("export", "--dataset", "audit", "--out", tmp_path / "a.xlsx").code == 0
    for wrong in (
        ("--dataset", "nothing", "--out", out),
        ("--dataset", "kpis", "--out", tmp_path / "x.pdf"),
        ("--dataset", "kpis", "--group-by", "moon", "--out", out),
        ("--dataset", "audit", "--agent", "a-1", "--out", out),
        ("--dataset", "kpis", "--from", "yesterday", "--out", out),
        ("--queue", "complaint"),
    ):
        assert stored("export", *wrong).code == 2
    assert not list(tmp_path.glob(".*"))


def test_labels_are_exported(stored: Attune, tmp_path: Path) -> None:
    out = tmp_path / "labels.jsonl"
    assert "Exported the labels of 0" in stored("qa", "export-labels", "--out", out, "--from", "2026-10-01").err
    assert out.read_bytes() == b""
    assert "export.read" in stored("audit", "list").out
