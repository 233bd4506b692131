"""USS: which class a rating is, and a run of the shipped artifact."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from models.artifacts import load_artifact
from training.evaluate import uss
from training.evaluate.tasks import evaluate_uss
from training.evaluate.uss import level_label, majority_level


@pytest.mark.parametrize(
    ("ratings", "level"), [((3, 3, 4), 3), ((2, 3), 2), ((4, 5, 5), 5), ((1, 2, 3), 1), ((4, 4, 3, 3), 3)]
)
def test_the_majority_counts_and_the_lower_of_a_tie(ratings: tuple[int, ...], level: int) -> None:
    assert majority_level(ratings) == level


def test_three_classes() -> None:
    labels = [level_label(level) for level in (1, 2, 2.9, 3, 3.1, 4, 5)]
    assert labels == ["dissatisfied"] * 3 + ["neutral"] + ["satisfied"] * 3


def test_every_rated_customer_turn_is_scored_on_what_was_said_until_then(tmp_path: Path) -> None:
    def dialogue(last: str, rating: int) -> dict[str, object]:
        return {
            "turns": [
                {"role": "customer", "text": "Where is my parcel?", "satisfaction": [3, 3]},
                {"role": "agent", "text": "It arrives tomorrow.", "satisfaction": []},
                {"role": "customer", "text": last, "satisfaction": [rating, rating]},
            ],
            "satisfaction": [rating, rating, 3],
        }

    rows = [dialogue("Great, thank you so much!", 5), dialogue("This is outrageous, I will complain!", 1)]
    path = tmp_path / "u.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    figures = evaluate_uss(path, load_artifact(), tmp_path / "cache")
    assert (figures["dialogues"], figures["turns"]) == (2, 4)
    assert figures["spearman"] > 0
    assert figures["dialogue_spearman"] == pytest.approx(1.0)
    assert [sum(row) for row in figures["confusion"].values()] == [1, 2, 1]
    assert {"macro_f1", "dialogue_macro_f1", "mean_label_macro_f1", "intervals", "dialogue_intervals"} <= set(figures)
    assert set(figures["baselines"]) == {"majority", "mean", "length", "tfidf_ridge"}
    assert set(figures["baselines"]["majority"]) == {
        "macro_f1",
        "accuracy",
        "spearman",
        "dialogue_macro_f1",
        "dialogue_spearman",
    }
    assert figures["baselines"]["mean"]["spearman"] is None


def test_without_rated_turns_the_figures_are_there_as_nothing() -> None:
    nothing = cast("Any", SimpleNamespace(name="none", observe=None, warm=lambda texts: list(texts)))
    figures = dict.fromkeys(("macro_f1", "accuracy", "spearman"))
    assert uss.evaluate_uss([], nothing, nothing, nothing) == {"dialogues": 0, "turns": 0, **figures}
