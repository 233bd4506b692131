"""Measures of the satisfaction scorer on annotated STC-3 dialogues."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.domain.scores import CsatLabel
from models.scorers.csat import CsatOutcome, CsatScorer
from models.scorers.csat.rounds import Message, group_rounds
from models.scorers.sentiment import SentimentScorer
from training.data.replay import Observe, replay
from training.data.stc3 import Dialogue
from training.data.vectors import VectorStore
from training.evaluate.agreement import accuracy, area_under_curve, calibration_error, macro_f1, spearman
from training.evaluate.distributions import (
    jensen_shannon,
    normalised_match_distance,
    root_normalised_squares,
    root_symmetric_order_divergence,
)
from training.evaluate.rounding import rounded

PREFIXES = (25, 50, 75, 100)
UNSATISFIED_BELOW = 3.0  # annotators' mean S under the middle of the scale (0 in the corpus)
_LEVELS = np.arange(1, 6)
_ROUNDING = 1e-6

Distance = Callable[[ArrayLike, ArrayLike], float]


@dataclass(frozen=True, slots=True)
class Judged:
    """A dialogue with what the scorer said of it: the score, uncalibrated A and E, and nuggets per turn."""

    dialogue: Dialogue
    outcome: CsatOutcome
    quality: dict[str, NDArray[np.float64]]
    nuggets: list[NDArray[np.float64]]


def evaluate_stc3(
    dialogues: Sequence[Dialogue], scorer: CsatScorer, sentiment: SentimentScorer, vectors: VectorStore
) -> dict[str, Any]:
    """Return the measures, one flat object plus ``prefix`` (S_spearman by percent of turns) and slices by turns.

    Distances (NMD, RSNOD, JSD, RNSS: lower is better) are means over dialogues; a dialogue's nugget distance is the
    mean of its customer's and its helpdesk's mean, as in the task's evaluation. ``unsat_auc`` ranks by
    ``p_dissatisfied``, true where the annotators' mean S is negative; ``ece`` compares ``p_dissatisfied`` with the
    share of annotators; ``interval_coverage`` is the share of single annotators' ratings inside the interval.
    """
    vectors.warm(turn.text for dialogue in dialogues for turn in dialogue.conversation.turns)
    observers: dict[str, Observe] = {sentiment.name: sentiment.observe, scorer.name: scorer.observe}
    judged = [_judge(dialogue, scorer, observers, vectors) for dialogue in dialogues]
    true = np.array([dialogue.mean("S") for dialogue in dialogues])
    p_unsatisfied = np.array([item.outcome.csat.p_dissatisfied for item in judged])
    result: dict[str, Any] = {"dialogues": len(dialogues)}
    for quality in ("S", "A", "E"):
        for name, distance in (("NMD", normalised_match_distance), ("RSNOD", root_symmetric_order_divergence)):
            values = [distance(item.quality[quality], item.dialogue.distribution(quality)) for item in judged]
            result[f"{quality}_{name}"] = float(np.mean(values))
    result["nugget_JSD"] = float(np.mean([_nugget_distance(item, jensen_shannon) for item in judged]))
    result["nugget_RNSS"] = float(np.mean([_nugget_distance(item, root_normalised_squares) for item in judged]))
    result["S_spearman"] = spearman([item.outcome.csat.mean for item in judged], true)
    result["unsat_auc"] = area_under_curve(p_unsatisfied, true < UNSATISFIED_BELOW)
    shares = [float((dialogue.ratings["S"] <= 2).mean()) for dialogue in dialogues]
    result["ece"] = calibration_error(p_unsatisfied, shares)
    result.update(_interval_measures(judged))
    labels = [_label(mean) for mean in true]
    result["label_accuracy"] = accuracy([item.outcome.csat.label for item in judged], labels)
    result["label_macro_f1"] = macro_f1([item.outcome.csat.label for item in judged], labels)
    result.update(_resolution_measures(judged))
    result["prefix"] = {
        str(percent): spearman(
            [_mean_of_prefix(dialogue, percent, scorer, observers, vectors) for dialogue in dialogues], true
        )
        for percent in PREFIXES
    }
    return rounded(result)


def _judge(dialogue: Dialogue, scorer: CsatScorer, observers: dict[str, Observe], vectors: VectorStore) -> Judged:
    context = replay(dialogue.conversation, observers, vectors)
    outcome = scorer.score(context)
    messages: list[Message] = [message for message in context.signals[scorer.name] if message is not None]
    prediction = scorer.predict(messages)
    per_turn = [
        nuggets
        for nuggets, group in zip(prediction.nuggets, group_rounds(messages), strict=True)
        for _ in range(len(group))
    ]
    quality = {**prediction.quality, "S": np.array(outcome.csat.distribution)}
    return Judged(dialogue, outcome, quality, per_turn)


def _nugget_distance(item: Judged, distance: Distance) -> float:
    sides: dict[str, list[float]] = {}
    turns = item.dialogue.conversation.turns
    for turn, predicted, true in zip(turns, item.nuggets, item.dialogue.nuggets, strict=True):
        sides.setdefault(turn.role, []).append(distance(predicted, true))
    return float(np.mean([np.mean(values) for values in sides.values()]))


def _label(mean: float) -> CsatLabel:
    if mean <= 2.5:
        return "dissatisfied"
    return "satisfied" if mean >= 3.5 else "neutral"


def _inside(item: Judged) -> float:
    low, high = item.outcome.csat.interval
    ratings = item.dialogue.ratings["S"]
    return float(((ratings >= low - _ROUNDING) & (ratings <= high + _ROUNDING)).mean())


def _interval_measures(judged: Sequence[Judged]) -> dict[str, Any]:
    inside = [_inside(item) for item in judged]
    by_turns: dict[str, list[float]] = {}
    for item, share in zip(judged, inside, strict=True):
        by_turns.setdefault(str(len(item.dialogue.conversation.turns)), []).append(share)
    widths = [item.outcome.csat.interval[1] - item.outcome.csat.interval[0] for item in judged]
    errors = np.array([abs(item.outcome.csat.mean - item.dialogue.mean("S")) for item in judged])
    abstained = np.array([item.outcome.csat.abstain for item in judged])
    return {
        "interval_coverage": float(np.mean(inside)),
        "interval_width": float(np.mean(widths)),
        "interval_coverage_by_turns": {turns: float(np.mean(values)) for turns, values in sorted(by_turns.items())},
        "S_mae": float(errors.mean()),
        "abstain_share": float(abstained.mean()),
        "S_mae_abstained": float(errors[abstained].mean()) if abstained.any() else None,
    }


def _resolution_measures(judged: Sequence[Judged]) -> dict[str, Any]:
    predicted = [item.outcome.resolution.p_resolved for item in judged]
    shares = np.array([item.dialogue.resolved for item in judged])
    return {
        "resolution_auc": area_under_curve(predicted, shares >= 0.5),
        "resolution_spearman": spearman(predicted, shares),
        "resolution_ece": calibration_error(predicted, shares),
    }


def _mean_of_prefix(
    dialogue: Dialogue, percent: int, scorer: CsatScorer, observers: dict[str, Observe], vectors: VectorStore
) -> float:
    turns = math.ceil(len(dialogue.conversation.turns) * percent / 100)
    return scorer.score(replay(dialogue.conversation, observers, vectors, turns)).csat.mean
