"""Thresholds and confidences of a playbook, from labelled conversations."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import yaml

from models.artifacts import load_artifact
from models.domain.context import Context
from models.domain.conversation import Conversation, Turn
from models.scorers.compliance import load_playbook
from models.scorers.compliance.loading import parse_playbook
from training.cli import main
from training.fit.dials import Bench, Case, dials_of
from training.fit.thresholds import confidences, f1, false_rate, fold_cases, tune
from training.publish.playbook import with_numbers

_PLAYBOOK = """\
id: shop   # ours
version: 4
title: {zh: 店, en: Shop}
cues:
  heard: {act: {name: rude, least: 0.95}}  # set by tuning
  word: {include: ["呵呵"], backed_by: {name: rude, least: 0.001}}
checks:
  - id: rude
    kind: forbidden
    title: {zh: 礼貌, en: Manners}
    look_for: {seen: [heard, word], by: agent}
    confidence: {passed: 0.5, failed: 0.5}  # measured
    reasons:
      passed: {zh: 好, en: good}
      failed: {zh: 坏, en: bad}
      na: {zh: 无, en: none}
"""


def _case(number: int, text: str, p: float, verdict: str) -> Case:
    context = Context(head=Conversation(id=f"c-{number}", turns=())).with_turn(Turn(0, "agent", text), text)
    return Case(context, [{"rude": p}], {"rude": verdict} if verdict else {})


def _cases() -> list[Case]:
    clean = [_case(at, "好的" if at % 3 else "呵呵", 0.01 + at / 200, "pass") for at in range(40)]
    return clean + [_case(100 + at, "随你", 0.6 + at / 100, "fail") for at in range(20)] + [_case(999, "好的", 0.9, "")]


def _bench(cases: Sequence[Case]) -> Bench:
    return Bench(parse_playbook(_PLAYBOOK, "shop")[0], cases)


def test_tuning_finds_the_gap_between_what_is_and_what_is_not() -> None:
    bench = _bench(_cases())
    start = dials_of(bench.playbook)
    assert start == {("heard", "act"): 0.95, ("word", "backed_by"): 0.001}
    tuned = tune(bench, start, list(start), 5, 0.01)
    assert 0.2 < tuned.setting["heard", "act"] <= 0.6
    assert tuned.setting["word", "backed_by"] >= 0.2  # the heads know that these say nothing bad
    real = bench.truth("rude")
    assert f1(tuned.unseen["rude"], real) == 1.0
    assert false_rate(tuned.unseen["rude"], real) == 0.0
    assert tuned.setting == tune(_bench(_cases()), start, list(start), 5, 0.01).setting


def test_a_dial_stays_where_turning_it_gains_nothing() -> None:
    bench = _bench([_case(at, "好的", 0.1, "pass") for at in range(10)])
    start = dials_of(bench.playbook)
    assert tune(bench, start, list(start), 5, 0.01).setting == start


def test_confidence_is_the_share_right_drawn_to_the_checks_accuracy() -> None:
    said, real = np.array(["fail"] * 4 + ["pass"] * 6 + ["fail"]), np.array(["fail"] * 3 + ["pass"] * 7 + [""])
    found = confidences(said, real, np.ones(11, dtype=bool))
    accuracy = (9 + 1) / (10 + 2)
    assert found["fail"] == pytest.approx((3 + 4 * accuracy) / (4 + 4))
    assert found["pass"] == pytest.approx((6 + 4 * accuracy) / (6 + 4))
    assert found["na"] == pytest.approx(accuracy)


def test_folds_depend_on_the_id_alone() -> None:
    assert list(fold_cases(["a", "b", "c"], 5)[:2]) == list(fold_cases(["a", "b"], 5))


def test_only_numbers_change_in_the_text() -> None:
    text = with_numbers(_PLAYBOOK, {("cues", "heard", "act", "least"): 0.6, ("version",): 5})
    assert text == _PLAYBOOK.replace("least: 0.95", "least: 0.6").replace("version: 4", "version: 5")


def test_the_command_writes_a_new_version_that_loads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shop, labels, out = tmp_path / "shop.yaml", tmp_path / "labels.jsonl", tmp_path / "new.yaml"
    shop.write_text(_PLAYBOOK, encoding="utf-8")
    said = {"你是不是有病": "fail", "看不懂中文吗": "fail", "您好,马上为您查": "pass", "好的,已经补发": "pass"}
    rows = [
        {
            "id": f"r-{at}-{copy}",
            "turns": [{"role": "agent", "text": f"{text}{'。' * copy}"}],
            "labels": {"compliance": {"rude": verdict}},
        }
        for copy in range(3)
        for at, (text, verdict) in enumerate(said.items())
    ]
    labels.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    assert load_artifact(None).manifest.components.get("acts")
    call = [
        "tune-playbook",
        str(shop),
        "--labels",
        str(labels),
        "--out",
        str(out),
        "--cache",
        str(tmp_path / "vectors"),
    ]
    assert main(call) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["conversations"] == 12
    assert set(report["checks"]["rude"]) == {"before", "cross_validated"}
    written = out.read_text(encoding="utf-8")
    assert "# set by tuning" in written
    assert load_playbook(out).version == 5
    first = yaml.safe_load(written)
    assert main(call) == 0
    assert yaml.safe_load(out.read_text(encoding="utf-8")) == first


def test_a_playbook_without_thresholds_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labels = tmp_path / "labels.jsonl"
    row = {"id": "r", "turns": [{"role": "agent", "text": "好"}], "labels": {"compliance": {"greeting": "pass"}}}
    labels.write_text(json.dumps(row, ensure_ascii=False), encoding="utf-8")
    call = ["tune-playbook", "ecommerce-zh@1", "--labels", str(labels), "--out", str(tmp_path / "new.yaml")]
    assert main(call) == 1
    assert "no threshold" in capsys.readouterr().err
