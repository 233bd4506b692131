"""Verdicts against people's: arithmetic by hand, the accepted forms, and a run of the shipped artifact."""

import json
from pathlib import Path
from typing import Any

import pytest

from models.artifacts import load_artifact
from training.evaluate.compliance import compare_verdicts, read_verdicts
from training.evaluate.tasks import evaluate_compliance

TURNS = [{"role": "customer", "text": "什么时候发货"}, {"role": "agent", "text": "您好,今天就发"}]


def write_rows(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def test_measures_by_hand() -> None:
    forbidden = {"rude": True, "greeting": False, "never": True}
    true = [
        {"rude": "fail", "greeting": "pass"},
        {"rude": "pass", "greeting": "fail"},
        {"rude": "pass", "greeting": "na"},
        {"rude": "na"},
    ]
    predicted = [
        {"rude": "fail", "greeting": "pass", "never": "fail"},
        {"rude": "fail", "greeting": "pass", "never": "pass"},
        {"rude": "pass", "greeting": "fail", "never": "pass"},
        {"rude": "pass", "greeting": "fail", "never": "pass"},
    ]
    figures = compare_verdicts(predicted, true, forbidden)
    # rude: 1 hit, 2 claims, 1 failure: F1 2·1/3; greeting: no hit of 1 claim (the unlabelled one is not judged): 0.
    assert figures["checks"]["rude"]["f1"] == pytest.approx(2 / 3, abs=1e-4)
    assert figures["checks"]["rude"]["precision"] == 0.5
    assert figures["checks"]["rude"]["recall"] == 1.0
    assert figures["checks"]["greeting"]["f1"] == 0.0
    assert "never" not in figures["checks"]
    assert figures["macro_f1"] == pytest.approx(1 / 3, abs=1e-4)
    # Three conversations where nobody was rude, one of them accused.
    assert figures["forbidden_false_positive_rate"] == pytest.approx(1 / 3, abs=1e-4)
    assert figures["accuracy"] == pytest.approx(3 / 7, abs=1e-4)
    assert figures["confusion"]["pass"] == {"pass": 2, "fail": 1}
    assert figures["verdicts"] == 7


def test_a_check_that_never_fails_is_left_out_unless_it_is_claimed() -> None:
    right = compare_verdicts([{"a": "fail", "b": "pass"}], [{"a": "fail", "b": "pass"}], {"a": False, "b": False})
    assert right["macro_f1"] == 1.0
    alarm = compare_verdicts([{"a": "fail", "b": "fail"}], [{"a": "fail", "b": "pass"}], {"a": False, "b": False})
    assert alarm["macro_f1"] == 0.5


@pytest.mark.parametrize(
    "labels",
    [
        {"labels": {"compliance": {"greeting": "pass"}}},
        {"labels": {"compliance": [{"check": "greeting", "verdict": "pass"}], "sentiment": []}},
        {"verdicts": {"greeting": "pass"}},
        {"expected": {"compliance": {"greeting": "pass"}}},
        {"extra": {"expected": {"greeting": {"verdict": "pass", "why": "您好"}}}},
    ],
)
def test_verdicts_are_found_in_every_form(tmp_path: Path, labels: dict[str, Any]) -> None:
    (judged,) = read_verdicts(write_rows(tmp_path / "c.jsonl", [{"id": "c", "turns": TURNS, **labels}]))
    assert judged.verdicts == {"greeting": "pass"}
    assert len(judged.conversation.turns) == 2


@pytest.mark.parametrize(
    ("labels", "message"),
    [({}, "no verdicts"), ({"verdicts": {"greeting": "maybe"}}, "unknown verdict maybe")],
)
def test_a_row_without_sound_verdicts_is_named(tmp_path: Path, labels: dict[str, Any], message: str) -> None:
    path = write_rows(tmp_path / "c.jsonl", [{"id": "c", "turns": TURNS, **labels}])
    with pytest.raises(ValueError, match=f"row 1: {message}"):
        read_verdicts(path)


def test_the_shipped_playbook_is_measured(tmp_path: Path) -> None:
    rude = [TURNS[0], {"role": "agent", "text": "催什么催,爱买不买,滚"}]
    rows = [
        {"id": "a", "turns": TURNS, "labels": {"compliance": {"greeting": "pass", "rude": "pass", "made_up": "fail"}}},
        {"id": "b", "turns": rude, "labels": {"compliance": {"greeting": "fail", "rude": "fail"}}},
    ]
    figures = evaluate_compliance(write_rows(tmp_path / "c.jsonl", rows), load_artifact(), tmp_path / "cache")
    assert figures["macro_f1"] == 1.0
    assert figures["forbidden_false_positive_rate"] == 0.0
    assert figures["unknown_checks"] == {"made_up": 1}
    assert figures["playbook"].startswith("ecommerce-zh@")


def test_an_appeal_outranks_the_verdict_it_was_made_against(tmp_path: Path) -> None:
    verdicts = [
        {"check": "rude", "verdict": "pass", "source": "appeal"},
        {"check": "rude", "verdict": "fail", "source": "qa"},
    ]
    row = {"id": "c", "turns": TURNS, "labels": {"compliance": verdicts}}
    (judged,) = read_verdicts(write_rows(tmp_path / "c.jsonl", [row]))
    assert judged.verdicts == {"rude": "pass"}
