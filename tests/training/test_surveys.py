"""Surveys: the shipped artifact measured on conversations with one rating each, by slice, beside baselines."""

import json
from pathlib import Path

import pytest

from models.artifacts import load_artifact
from models.scorers.csat import CsatScorer
from models.scorers.sentiment import SentimentScorer
from training.data.labels import read_labels
from training.data.rated import surveys
from training.evaluate.surveys import evaluate_surveys as measure
from training.evaluate.tasks import evaluate_surveys, opened_vectors


def chat(number: int) -> dict[str, object]:
    happy = number % 2 == 0
    turns = [
        {"role": "customer", "text": f"你好,{number}号订单什么时候到?"},
        {"role": "agent", "text": "已经为您加急,明天送达" if happy else "不知道,等着吧"},
        {"role": "customer", "text": "太好了,谢谢你" if happy else "什么态度,太差了,我要投诉"},
    ]
    queue = "presale" if number < 30 else "complaint"
    facts = {"csat": 5 if happy else 1, "resolved": happy}
    return {"id": f"c{number}", "queue": queue, "language": "zh", "turns": turns, "facts": facts}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "s.jsonl"
    path.write_text("".join(json.dumps(chat(n), ensure_ascii=False) + "\n" for n in range(130)), encoding="utf-8")
    return path


def test_ratings_and_outcomes_are_measured_by_slice(file: Path, tmp_path: Path) -> None:
    figures = evaluate_surveys(file, load_artifact(), tmp_path / "cache")
    assert (figures["conversations"], figures["surveys"], figures["outcomes"]) == (130, 130, 130)
    assert figures["S_spearman"] > 0.8
    assert figures["unsat_auc"] == figures["resolution_auc"] == 1.0
    assert 0 <= figures["interval_coverage"] <= 1 <= figures["interval_width"]
    assert figures["slices"]["queue"]["presale"] == {"n": 30}
    complaints = figures["slices"]["queue"]["complaint"]
    assert complaints["n"] == 100
    assert {"interval_coverage", "ece", "intervals"} < set(complaints)
    assert complaints["intervals"]["interval_coverage"][0] <= complaints["interval_coverage"]
    baselines = figures["baselines"]
    assert set(baselines) == {"majority", "mean", "length", "tfidf_ridge"}
    assert baselines["mean"]["S_spearman"] is None
    assert baselines["tfidf_ridge"]["S_spearman"] > 0.8


def test_outcomes_alone_are_enough_and_nothing_is_refused(file: Path, tmp_path: Path) -> None:
    rated = surveys(read_labels(file), "shop", 1.0)
    outcomes = [type(row)(row.conversation, (), row.resolved, 1.0, "shop") for row in rated[:20]]
    artifact = load_artifact()
    with opened_vectors(artifact, tmp_path / "cache") as vectors:
        figures = measure(
            outcomes, CsatScorer.from_artifact(artifact), SentimentScorer.from_artifact(artifact), vectors
        )
    assert (figures["surveys"], figures["outcomes"]) == (0, 20)
    assert "S_spearman" not in figures
    assert figures["resolution_auc"] == 1.0
    file.write_text('{"id": "c", "turns": [{"role": "customer", "text": "hi"}]}\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"facts\.csat"):
        evaluate_surveys(file, artifact, tmp_path / "cache")
