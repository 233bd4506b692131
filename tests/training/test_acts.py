"""Lines labelled with acts: read, fitted on, measured."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from models.domain.acts import ACTS
from models.encode.load import load_encoder
from models.scorers.acts.head import WEIGHTS_NAME, ActsHead
from models.scorers.compliance import load_playbook
from training.config import ActsFit
from training.data.acts import fold_by_group, read_act_lines
from training.data.vectors import VectorStore
from training.evaluate.acts import measure_acts
from training.fit.acts import act_targets, fit_acts

_FIT = ActsFit(
    files=(), terms="", folds=3, near_miss=2.0, unlooked=0.4, members=1, hidden=8, dropout=0.1, epochs=40, batch=8,
    learning_rate=0.01, weight_decay=0.0, lexical_share=0.95,
)  # fmt: skip


def _row(
    text: str, acts: list[str], group: str, role: str = "agent", near: list[str] | None = None
) -> dict[str, object]:
    before = [{"role": "customer", "text": "能便宜吗"}] if group[-1] in "02468a" else []
    return {"text": text, "role": role, "context": before, "acts": acts, "not": near or [], "group": group}


def _write(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def test_what_a_file_never_says_is_not_known(tmp_path: Path) -> None:
    rows = [
        _row("加我微信", ["off_platform"], "a"),
        _row("不能加微信", [], "b", near=["off_platform", "rude"]),
        _row("加微信吗", [], "c", role="customer"),
        _row("您好", [], "d", role="bot"),
    ]
    lines = read_act_lines(_write(tmp_path / "lines.jsonl", rows))
    assert [line.role for line in lines] == ["agent", "agent", "customer"]
    assert [line.known for line in lines] == [{"off_platform"}, {"off_platform", "rude"}, set()]
    truth, weights = act_targets(lines, near_miss=2.0, unlooked=0.4)
    at = {act: ACTS.index(act) for act in ("off_platform", "rude", "greet")}
    assert truth[0, at["off_platform"]] == 1
    assert weights[:, at["off_platform"]].tolist() == pytest.approx([1.0, 2.0, 0.0])
    assert weights[:, at["rude"]].tolist() == pytest.approx([0.4, 2.0, 0.0])
    assert weights[:, at["greet"]].tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("row", "reason"),
    [({"text": "好"}, "row 1: not a labelled line"), (_row("好", ["dance"], "a"), "unknown acts dance")],
)
def test_a_bad_row_is_named(tmp_path: Path, row: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_act_lines(_write(tmp_path / "bad.jsonl", [row]))


def test_the_fit_repeats_byte_for_byte_and_learns_what_is_plain(tmp_path: Path) -> None:
    rows = [_row(f"加我微信聊 {n}", ["off_platform"], f"a{n}") for n in range(12)]
    rows += [_row(f"已经给您发货了 {n}", [], f"b{n}") for n in range(12)]
    lines = read_act_lines(_write(tmp_path / "lines.jsonl", rows))
    folds = fold_by_group(lines, 3)
    assert set(folds) == {0, 1, 2}
    encoder = load_encoder("hashing", cache=0)
    vectors = VectorStore(encoder, tmp_path / "cache")
    unseen = fit_acts(lines, vectors, _FIT, 1, tmp_path / "first")
    assert np.array_equal(unseen, fit_acts(lines, vectors, _FIT, 1, tmp_path / "second"))
    first, second = ((tmp_path / name / WEIGHTS_NAME).read_bytes() for name in ("first", "second"))
    assert first == second
    figures = measure_acts(lines, unseen, vectors, 3, load_playbook("ecommerce-zh@1"))
    assert figures["acts"]["off_platform"]["f1"] > 0.8
    assert figures["acts"]["off_platform"]["baselines"]["keywords"]["f1"] == 1.0
    head = ActsHead.load(tmp_path / "first", 0.95)
    vector = vectors.vector("加我微信聊")
    assert vector is not None
    assert head.probabilities("加我微信聊", "agent", vector, None)["off_platform"] > 0.5
    encoder.close()
