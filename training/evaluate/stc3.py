"""Measures of the satisfaction scorer on annotated STC-3 dialogues."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.domain.context import Context
from models.domain.scores import CsatLabel
from models.scorers.csat import CsatOutcome, CsatScorer
from models.scorers.csat.explain import without_turns
from models.scorers.csat.rounds import Message, group_rounds
from models.scorers.sentiment import SentimentScorer
from training.data.replay import Observe, replay
from training.data.stc3 import Dialogue
from training.data.vectors import VectorStore
from training.evaluate.agreement import accuracy, area_under_curve, calibration_error, macro_f1, spearman
from training.evaluate.deletion import csat_deletions, shift_deletions
from training.evaluate.distributions import (
    jensen_shannon,
    normalised_match_distance,
    root_normalised_squares,
    root_symmetric_order_divergence,
)
from training.evaluate.measures import draw_resamples, interval, label_intervals, mean_interval
from training.evaluate.rounding import rounded
from training.evaluate.slices import promises, slice_figures, slices_of

PREFIXES = (25, 50, 75, 100)
UNSATISFIED_BELOW = 3.0  # annotators' mean S under the middle of the scale (0 in the corpus)
_ROUNDING = 1e-6

Distance = Callable[[ArrayLike, ArrayLike], float]
_DISTANCES: tuple[tuple[str, Distance], ...] = (
    ("NMD", normalised_match_distance),
    ("RSNOD", root_symmetric_order_divergence),
)


@dataclass(frozen=True, slots=True)
class Judged:
    """A dialogue with what the scorer said of it: the score, uncalibrated A and E, and nuggets per turn."""

    dialogue: Dialogue
    context: Context
    outcome: CsatOutcome
    quality: dict[str, NDArray[np.float64]]
    nuggets: list[NDArray[np.float64]]


def evaluate_stc3(
    dialogues: Sequence[Dialogue], scorer: CsatScorer, sentiment: SentimentScorer, vectors: VectorStore
) -> dict[str, Any]:
    """Return the measures, one flat object, with ``prefix``, ``intervals``, ``slices`` and ``explanation_deletion``.

    Distances (NMD, RSNOD, JSD, RNSS: lower is better) are means over dialogues; a dialogue's nugget distance is the
    mean of its customer's and its helpdesk's mean, as in the task's evaluation. ``unsat_auc`` ranks by
    ``p_dissatisfied``, true where the annotators' mean S is negative; ``ece`` compares ``p_dissatisfied`` with the
    share of annotators; ``interval_coverage`` is the share of single annotators' ratings inside the interval.
    ``prefix`` is S_spearman by percent of the turns. ``intervals`` are 95 % bootstrap intervals over dialogues.
    ``explanation_deletion_ratio`` is that of CSAT; see :mod:`training.evaluate.deletion`.
    """
    vectors.warm(turn.text for dialogue in dialogues for turn in dialogue.conversation.turns)
    observers: dict[str, Observe] = {sentiment.name: sentiment.observe, scorer.name: scorer.observe}
    judged = [_judge(dialogue, scorer, observers, vectors) for dialogue in dialogues]
    draws = draw_resamples(len(judged))
    result: dict[str, Any] = {"dialogues": len(dialogues)}
    intervals: dict[str, Any] = {}
    for name, values in _means(judged).items():
        result[name] = float(values.mean())
        intervals[name] = mean_interval(values, draws)
    for name, (statistic, columns) in _statistics(judged, scorer).items():
        result[name] = statistic(*columns)
        intervals[name] = interval(statistic, columns, draws)
    result["prefix"] = {str(percent): result.pop(f"prefix{percent}") for percent in PREFIXES}
    result.update(_labels(judged))
    intervals.update({f"label_{name}": bounds for name, bounds in label_intervals(*_label_pairs(judged)).items()})
    result.update(_abstention(judged))
    contexts = [item.context for item in judged]
    result["explanation_deletion"] = {
        **csat_deletions(contexts, [item.outcome for item in judged], scorer),
        "sentiment_shift": shift_deletions(contexts, sentiment),
    }
    csat = result["explanation_deletion"]["csat"]
    result["explanation_deletion_ratio"] = csat.get("ratio")
    intervals["explanation_deletion_ratio"] = csat.get("ratio_interval")
    result["intervals"] = intervals
    result["slices"] = slice_figures(
        [slices_of(item.dialogue.conversation) for item in judged], _slice_measures(judged)
    )
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
    return Judged(dialogue, context, outcome, quality, per_turn)


def _means(judged: Sequence[Judged]) -> dict[str, NDArray[np.float64]]:
    """Return, by measure, one value per dialogue; the measure is their mean."""
    values: dict[str, NDArray[np.float64]] = {}
    for quality in ("S", "A", "E"):
        for name, distance in _DISTANCES:
            found = [distance(item.quality[quality], item.dialogue.distribution(quality)) for item in judged]
            values[f"{quality}_{name}"] = np.array(found)
    values["nugget_JSD"] = np.array([_nugget_distance(item, jensen_shannon) for item in judged])
    values["nugget_RNSS"] = np.array([_nugget_distance(item, root_normalised_squares) for item in judged])
    values["interval_coverage"] = np.array([_inside(item) for item in judged])
    bounds = np.array([item.outcome.csat.interval for item in judged])
    values["interval_width"] = bounds[:, 1] - bounds[:, 0]
    values["S_mae"] = _errors(judged)
    return values


def _statistics(
    judged: Sequence[Judged], scorer: CsatScorer
) -> dict[str, tuple[Callable[..., float | None], tuple[NDArray[Any], ...]]]:
    """Return, by measure, a function and the columns (one row per dialogue) it is of."""
    true = np.array([item.dialogue.mean("S") for item in judged])
    means = np.array([item.outcome.csat.mean for item in judged])
    p_unsatisfied = np.array([item.outcome.csat.p_dissatisfied for item in judged])
    resolved = np.array([item.dialogue.resolved for item in judged])
    p_resolved = np.array([item.outcome.resolution.p_resolved for item in judged])
    return {
        "S_spearman": (spearman, (means, true)),
        "unsat_auc": (area_under_curve, (p_unsatisfied, true < UNSATISFIED_BELOW)),
        "ece": (calibration_error, (p_unsatisfied, _unsatisfied_share(judged))),
        "resolution_auc": (area_under_curve, (p_resolved, resolved >= 0.5)),
        "resolution_spearman": (spearman, (p_resolved, resolved)),
        "resolution_ece": (calibration_error, (p_resolved, resolved)),
        **{
            f"prefix{percent}": (
                spearman,
                (np.array([_mean_of_prefix(item, percent, scorer) for item in judged]), true),
            )
            for percent in PREFIXES
        },
    }


def _unsatisfied_share(judged: Sequence[Judged]) -> NDArray[np.float64]:
    return np.array([float((item.dialogue.ratings["S"] <= 2).mean()) for item in judged])


def _errors(judged: Sequence[Judged]) -> NDArray[np.float64]:
    return np.array([abs(item.outcome.csat.mean - item.dialogue.mean("S")) for item in judged])


def _nugget_distance(item: Judged, distance: Distance) -> float:
    sides: dict[str, list[float]] = {}
    turns = item.dialogue.conversation.turns
    for turn, predicted, true in zip(turns, item.nuggets, item.dialogue.nuggets, strict=True):
        sides.setdefault(turn.role, []).append(distance(predicted, true))
    return float(np.mean([np.mean(values) for values in sides.values()]))


def rating_label(mean: float) -> CsatLabel:
    """Return what a (mean) rating of 1…5 is called."""
    if mean <= 2.5:
        return "dissatisfied"
    return "satisfied" if mean >= 3.5 else "neutral"


def _label_pairs(judged: Sequence[Judged]) -> tuple[list[str], list[str]]:
    predicted: list[str] = [item.outcome.csat.label for item in judged]
    return predicted, [rating_label(item.dialogue.mean("S")) for item in judged]


def _labels(judged: Sequence[Judged]) -> dict[str, float]:
    predicted, true = _label_pairs(judged)
    return {"label_accuracy": accuracy(predicted, true), "label_macro_f1": macro_f1(predicted, true)}


def _inside(item: Judged) -> float:
    low, high = item.outcome.csat.interval
    ratings = item.dialogue.ratings["S"]
    return float(((ratings >= low - _ROUNDING) & (ratings <= high + _ROUNDING)).mean())


def _abstention(judged: Sequence[Judged]) -> dict[str, Any]:
    abstained = np.array([item.outcome.csat.abstain for item in judged])
    return {
        "abstain_share": float(abstained.mean()),
        "S_mae_abstained": float(_errors(judged)[abstained].mean()) if abstained.any() else None,
    }


def _mean_of_prefix(item: Judged, percent: int, scorer: CsatScorer) -> float:
    """Return the mean predicted from the first turns; what was observed in them does not depend on those after."""
    count = len(item.context.turns)
    kept = math.ceil(count * percent / 100)
    return scorer.score(without_turns(item.context, range(kept, count))).csat.mean


def _slice_measures(judged: Sequence[Judged]) -> Callable[[NDArray[np.int64]], dict[str, Any]]:
    means = _means(judged)
    predicted = np.array([item.outcome.csat.p_dissatisfied for item in judged])
    shares = _unsatisfied_share(judged)

    def measure(rows: NDArray[np.int64]) -> dict[str, Any]:
        found = promises(means["interval_coverage"], predicted, shares, rows)
        return {**found, "S_NMD": float(means["S_NMD"][rows].mean())}

    return measure
