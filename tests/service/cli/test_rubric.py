"""``attune rubric`` with real files, and with a real database."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from models.qa import packaged_text
from tests.service.qa.conftest import RubricEngine
from tests.service.rubrics.sheets import check, sheet

Attune = Callable[..., Any]


def written(folder: Path, text: str, name: str = "mine.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_lint(attune: Attune, tmp_path: Path) -> None:
    good = attune("rubric", "lint", written(tmp_path, sheet()))
    assert (good.code, good.out, good.err) == (0, "", "0 error(s), 0 warning(s)\n")
    odd = written(tmp_path, sheet("mine", 1, check("greetnig", title="{zh: 问候, en: Greeting}")))
    warned = attune("rubric", "lint", odd)
    assert (warned.code, attune("rubric", "lint", odd, "--strict").code) == (0, 1)
    assert f"{odd}:10 ($.sections[0].criteria[0].source): warning [unknown-check]" in warned.out
    bad = attune("--lang", "zh", "rubric", "lint", written(tmp_path, sheet().replace("weight: 5", "points: 5")))
    assert bad.code == 1
    assert "错误 [invalid]" in bad.out
    assert attune("rubric", "lint", tmp_path / "none.yaml").code == 2


def test_diff(attune: Attune, tmp_path: Path) -> None:
    one, other = written(tmp_path, sheet()), written(tmp_path, sheet(version=2, mark=70), "other.yaml")
    assert "~ pass_mark: 80" in attune("rubric", "diff", one, other).out
    assert "They mean the same" in attune("rubric", "diff", one, written(tmp_path, "# x\n" + sheet(), "c.yaml")).out
    values = json.loads(attune("rubric", "diff", "aftersale@1", "presale@1", "--json").out)
    assert {"path": "pass_mark", "before": 80.0, "after": 80.0} not in values
    assert any(one["path"].startswith("criteria[") for one in values)


def test_publishing_and_activating(stored: Attune, tmp_path: Path) -> None:
    path = written(tmp_path, sheet())
    assert "Published mine@1" in stored("rubric", "publish", path).err
    assert "was published before" in stored("rubric", "publish", path).err
    refused = stored("rubric", "publish", written(tmp_path, sheet(mark=70), "other.yaml"))
    assert refused.code == 2
    assert "[rubric-conflict] mine@1: mine@1 is taken by other content" in refused.err

    done = stored("rubric", "activate", "mine@1", "--from", "2026-12-01", "--to", "2026-12-12", "--queue", "presale")
    assert "mine@1 is in force from 2026-12-01 until 2026-12-13 for queue: presale" in done.err
    assert stored("rubric", "activate", "complaint@1", "--queue", "complaint", "--agent-role", "lead").code == 0
    rival = stored("rubric", "activate", "aftersale@1", "--agent-role", "lead", "--channel", "chat")
    assert (rival.code, "[ambiguous-rubric]" in rival.err) == (2, True)
    assert stored("rubric", "activate", "aftersale@1", "--queue", "nowhere").code == 2
    listed = stored("rubric", "list").out
    assert "2026-12-01 → 2026-12-13 (queue: presale)" in listed
    items = json.loads(stored("rubric", "list", "--json").out)
    assert [item["default"] for item in items].count(True) == 1
    assert stored("rubric", "show", "mine@1").out == sheet()
    assert stored("rubric", "show", "presale@1").out == packaged_text("presale@1")
    assert stored("rubric", "show", "gone@1").code == 2
    assert stored("rubric", "retire", "mine", "--queue", "aftersale").code == 2
    assert "Retired mine@1 (queue: presale)" in stored("rubric", "retire", "mine").err
    assert stored("rubric", "retire", "mine").code == 2
    assert json.loads(stored("rubric", "schema").out)["$id"] == "urn:attune:schema:rubric:2"


def test_preview(stored: Attune, tmp_path: Path, score_all: Callable[..., None], document) -> None:
    path = written(tmp_path, sheet("mine", 1, check("greeting"), check("closing"), mark=60))
    assert stored("rubric", "preview", path).code == 2
    rows = [document(f"c-{number}", verdicts={"greeting": "fail"} if number % 2 else {}) for number in range(6)]
    history = tmp_path / "history.jsonl"
    history.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    assert stored("import", history).code == 0
    score_all(*(row["id"] for row in rows), engine=RubricEngine())
    lenient = written(tmp_path, sheet("mine", 2, check("greeting"), check("closing"), mark=40), "lenient.yaml")
    out = tmp_path / "changes.jsonl"
    drawn = stored("rubric", "preview", path, "--against", lenient, "--out", out)
    assert drawn.code == 0, drawn.err
    assert "mine@2 (6) → mine@1" in drawn.out
    assert "the pass mark goes from 40 to 60." in drawn.out
    assert "Tried on 6 conversations" in drawn.err
    changes = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert sorted(one["conversation_id"] for one in changes) == ["c-1", "c-3", "c-5"]
    found = json.loads(stored("rubric", "preview", path, "--against", lenient, "--json", "--limit", 2).out)
    assert found["summary"]["effective"]["conversations"] == 2
    assert stored("rubric", "preview", path, "--since", "soon").code == 2
    assert "转不合格" in stored("--lang", "zh", "rubric", "preview", "default@1").out
