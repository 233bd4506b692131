"""``attune playbook`` with real files, and with a real database."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.models.scorers.compliance.shop import SHOP
from tests.service.playbooks.shops import shop

Attune = Callable[..., Any]


@pytest.fixture(autouse=True)
def quick_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make trying playbooks quick: everything is the real pipeline but the encoder."""
    monkeypatch.setenv("ATTUNE_ENCODER", "hashing")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    written = tmp_path / "shop.yaml"
    written.write_text(SHOP, encoding="utf-8")
    return written


@pytest.fixture
def history(tmp_path: Path) -> Path:
    rows = []
    for number in range(30):
        said = ["您好,在的", "Hello there", "在的"][number % 3]
        turns = [{"role": "customer", "text": "在吗"}, {"role": "agent", "text": said}]
        rows.append(json.dumps({"id": f"c-{number}", "turns": turns}, ensure_ascii=False))
    written = tmp_path / "history.jsonl"
    written.write_text("\n".join(rows), encoding="utf-8")
    return written


def edited(path: Path, old: str, new: str, name: str = "edited.yaml") -> Path:
    text = path.read_text(encoding="utf-8")
    assert old in text
    other = path.with_name(name)
    other.write_text(text.replace(old, new), encoding="utf-8")
    return other


def test_lint_of_a_good_file(attune: Attune, path: Path) -> None:
    result = attune("playbook", "lint", path)
    assert (result.code, result.out, result.err) == (0, "", "0 error(s), 0 warning(s)\n")


def test_lint_tells_errors_with_lines(attune: Attune, path: Path) -> None:
    bad = edited(path, "kind: required", "kind: must")
    result = attune("playbook", "lint", bad)
    assert result.code == 1
    assert f"{bad}:18 ($.checks[0].kind): error [invalid-playbook]" in result.out
    [finding] = json.loads(attune("playbook", "lint", bad, "--json").out)
    assert (finding["severity"], finding["line"]) == ("error", 18)


def test_warnings_fail_only_when_strict(attune: Attune, path: Path) -> None:
    odd = edited(path, "words:\n", "words:\n  spare: 多余\n")
    result = attune("playbook", "lint", odd)
    assert result.code == 0
    assert "warning [unused-word] no check uses word 'spare'" in result.out
    assert attune("playbook", "lint", "--strict", odd).code == 1
    assert "没有检查项用到词组“spare”" in attune("--lang", "zh", "playbook", "lint", odd).out


@pytest.mark.parametrize("command", [["lint"], ["test"], ["show"], ["diff", "ecommerce-zh"], ["dry-run", "-i", "x"]])
def test_no_such_playbook(attune: Attune, command: list[str]) -> None:
    result = attune("playbook", *command, "nothing.yaml")
    assert result.code == 2
    assert "nothing.yaml" in result.err
    assert "Traceback" not in result.err


def test_tests_that_pass(attune: Attune, path: Path) -> None:
    result = attune("playbook", "test", path)
    assert (result.code, result.out, result.err) == (0, "", "shop@1: 7 test(s) passed\n")


def test_tests_that_fail_say_why(attune: Attune, path: Path) -> None:
    wrong = edited(path, "平台规定不能加微信, expect: pass", "加个微信, expect: pass")
    result = attune("playbook", "test", path, wrong)
    assert result.code == 1
    assert "✗ off_platform Off platform · #2: expected pass, got fail (confidence 0.8)" in result.out
    assert "message 1: “加个微信”" in result.out
    assert result.err.splitlines() == ["shop@1: 7 test(s) passed", "shop@1: 6 test(s) passed, 1 failed"]
    assert "期望 pass,实际 fail" in attune("--lang", "zh", "playbook", "test", wrong).out
    [report] = json.loads(attune("playbook", "test", "--json", wrong).out)
    assert report["failed"] == 1
    assert [outcome["actual"] for outcome in report["outcomes"] if not outcome["passed"]] == ["fail"]


def test_diff(attune: Attune, path: Path) -> None:
    other = edited(path, "polite: 您好|你好", "polite: 您好|你好|亲")
    result = attune("playbook", "diff", path, other)
    assert result.code == 0
    assert "~ word polite" in result.out
    assert "affected through: word polite" in result.out
    assert "They mean the same" in attune("playbook", "diff", path, path).out
    found = json.loads(attune("playbook", "diff", path, other, "--json").out)
    assert (found["same"], [check["id"] for check in found["checks"]]) == (False, ["greeting"])


def test_dry_run_on_a_file(attune: Attune, path: Path, history: Path, tmp_path: Path) -> None:
    other = edited(path, '["{polite}", "hello"]', '["{polite}"]')
    out = tmp_path / "changes.jsonl"
    result = attune("playbook", "dry-run", other, "--against", path, "--input", history, "--out", out)
    assert result.code == 0, result.err
    assert "pass→fail 10" in result.out
    assert "pass → fail" in result.out
    assert "10 of 30 conversations change" in result.out
    assert "Tried on 30 conversations" in result.err
    changes = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [change["id"] for change in changes] == [f"c-{number}" for number in range(1, 30, 3)]
    assert changes[0]["checks"][0]["check"] == "greeting"
    assert (changes[0]["checks"][0]["before"], changes[0]["checks"][0]["after"]) == ("pass", "fail")
    assert changes[0]["checks"][0]["quote"] == "Hello"
    assert changes[0]["qa"]["before"] > changes[0]["qa"]["after"]
    told = json.loads(
        attune("playbook", "dry-run", other, "--against", path, "-i", history, "--limit", 4, "--json").out
    )
    assert (told["conversations"], told["changed"]) == (4, 1)
    assert told["checks"][0]["moves"] == {"pass→fail": 1}


def test_a_new_check_changes_only_what_it_fails(attune: Attune, path: Path, history: Path) -> None:
    seen = edited(path, "cues:\n", "cues:\n  there: {include: [there]}\n")
    added = edited(
        seen,
        "checks:\n",
        "checks:\n"
        "  - {id: hail, kind: forbidden, title: {zh: 那, en: There}, look_for: {seen: [there]}, reasons: "
        "{passed: {zh: 无, en: nothing}, failed: {zh: 有, en: something}, na: {zh: 无, en: na}}}\n",
        "added.yaml",
    )
    result = attune("playbook", "dry-run", added, "--against", path, "--input", history, "--json")
    told = json.loads(result.out)
    assert told["changed"] == 20  # ten that fail it, and ten more whose QA score it lifts
    assert told["checks"][0]["moves"] == {"–→fail": 10, "–→pass": 20}
    assert {example["after"] for example in told["checks"][0]["examples"]} == {"fail"}
    back = json.loads(attune("playbook", "dry-run", path, "--against", added, "--input", history, "--json").out)
    assert back["changed"] == 20
    assert back["checks"][-1]["moves"] == {"fail→–": 10, "pass→–": 20}


def test_dry_run_shows_each_move(attune: Attune, path: Path, tmp_path: Path) -> None:
    lines = ["您好", "您好", "您好", "您好", "Hello", "在的"]
    rows = [{"id": f"c-{at}", "turns": [{"role": "agent", "text": line}]} for at, line in enumerate(lines)]
    history = tmp_path / "history.jsonl"
    history.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    other = edited(path, '["{polite}", "hello"]', '["在的"]')
    out = attune("playbook", "dry-run", other, "--against", path, "--input", history).out
    assert "c-0 message 1: pass → fail" in out
    assert "c-5 message 1: fail → pass" in out


def test_dry_run_of_nothing(attune: Attune, path: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("{}\n", encoding="utf-8")
    result = attune("playbook", "dry-run", path, "-i", tmp_path / "empty.jsonl")
    assert result.code == 2
    assert "no conversation" in result.err
    assert attune("playbook", "dry-run", path, "-i", tmp_path / "empty.jsonl", "--since", "2026-01-01").code == 2


def test_dry_run_on_stored_history(stored: Attune, path: Path, history: Path) -> None:
    assert stored("import", history).code == 0
    result = stored("playbook", "dry-run", path, "--against", path)
    assert result.code == 0, result.err
    assert "0 of 30 conversations change" in result.out
    assert "Tried on 30" in result.err
    assert stored("playbook", "dry-run", path, "--until", "2001-01-01").code == 2
    assert "Tried on 7" in stored("playbook", "dry-run", path, "--since", "2001-01-01", "--limit", 7).err
    assert "is no day" in stored("playbook", "dry-run", path, "--since", "yesterday").err


def test_publishing_and_activating(stored: Attune, tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text(shop(), encoding="utf-8")
    assert "Published shop@1" in stored("playbook", "publish", path).err
    assert "was published before" in stored("playbook", "publish", path).err
    path.write_text(shop(hello="你好"), encoding="utf-8")
    refused = stored("playbook", "publish", path)
    assert refused.code == 2
    assert "[playbook-conflict] shop@1: shop@1 is taken by other content" in refused.err
    assert "shop@1 已被其他内容占用" in stored("--lang", "zh", "playbook", "publish", path).err

    assert "shop@1 is in force from 2026-12-01" in stored("playbook", "activate", "shop@1", "--from", "2026-12-01").err
    path.write_text(shop("rival"), encoding="utf-8")
    stored("playbook", "publish", path)
    rival = stored("playbook", "activate", "rival@1")
    assert rival.code == 2
    assert "[ambiguous-playbook]" in rival.err
    listed = stored("playbook", "list").out
    assert "ecommerce-zh@" in listed
    assert "2026-12-01 →" in listed
    items = json.loads(stored("playbook", "list", "--json").out)
    assert [item["default"] for item in items].count(True) == 1
    assert stored("playbook", "show", "shop@1").out == shop()
    assert stored("playbook", "test", "shop@1").code == 0
    assert "Retired shop@1" in stored("playbook", "retire", "shop").err
    assert stored("playbook", "retire", "shop").code == 2
    assert stored("playbook", "activate", "rival@1").code == 0
    assert stored("playbook", "activate", "nothing@1").code == 2
    assert stored("playbook", "activate", "rival@1", "--from", "soon").code == 2


def test_a_score_is_shown_with_the_titles_of_its_playbook(
    stored: Attune, path: Path, history: Path, score_all: Callable[..., None]
) -> None:
    stored("playbook", "publish", path)
    stored("playbook", "activate", "shop@1", "--from", "2020-01-01")
    assert stored("import", history).code == 0
    score_all("c-0")
    shown = stored("show", "c-0").out
    assert "shop@1" in shown
    assert "Greeting" in shown


def test_show_and_schema(attune: Attune, path: Path) -> None:
    assert attune("playbook", "show", path).out == SHOP
    assert "id: ecommerce-zh" in attune("playbook", "show", "ecommerce-zh@1").out
    assert json.loads(attune("playbook", "schema").out)["properties"]["checks"]
