"""Measures of satisfaction and resolution on conversations with a survey: one rating each, by the customer.

The rating of one person is noisier than the mean of many annotators, so figures here are lower than on STC-3 for the
same model, and an interval of single ratings is just what is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.scorers.csat import CsatOutcome, CsatScorer
from models.scorers.sentiment import SentimentScorer
from training.data.rated import Rated
from training.data.replay import Observe, replay
from training.data.vectors import VectorStore
from training.evaluate.agreement import accuracy, area_under_curve, calibration_error, macro_f1, spearman
from training.evaluate.measures import draw_resamples, interval, label_intervals, mean_interval
from training.evaluate.rating_baselines import CONSTANT, RatedText, crossed_ratings, predict_ratings, rated_text
from training.evaluate.rounding import rounded
from training.evaluate.slices import promises, slice_figures, slices_of
from training.evaluate.stc3 import UNSATISFIED_BELOW, rating_label

_ROUNDING = 1e-6
_LEAST_TAUGHT = 20  # surveys under which baselines fitted on them say nothing

_Array = NDArray[np.float64]


def evaluate_surveys(
    rated: Sequence[Rated],
    scorer: CsatScorer,
    sentiment: SentimentScorer,
    vectors: VectorStore,
    taught: Sequence[Rated] | None = None,
    *,
    baselines: bool = True,
) -> dict[str, Any]:
    """Return the measures, named as for STC-3: of ``S_…`` where there are ratings, of ``resolution_…`` where outcomes.

    Args:
        rated: Conversations with a rating, an outcome or both.
        scorer: The satisfaction component.
        sentiment: Runs before it.
        vectors: Encoded texts.
        taught: What baselines are fitted on; ``None``: on ``rated``, crosswise.
        baselines: Whether to fit any.

    Returns:
        ``S_mae`` and ``S_spearman`` compare the predicted mean with the rating; ``unsat_auc`` and ``ece`` are of
        ``p_dissatisfied`` against a rating below 3; ``interval_coverage`` counts ratings inside the interval;
        ``label_…`` compares the label with the rating's. ``slices`` are by language, length, queue and channel.
    """
    vectors.warm(turn.text for row in rated for turn in row.conversation.turns)
    observers: dict[str, Observe] = {sentiment.name: sentiment.observe, scorer.name: scorer.observe}
    outcomes = [scorer.score(replay(row.conversation, observers, vectors)) for row in rated]
    asked = [at for at, row in enumerate(rated) if row.ratings]
    known = [at for at, row in enumerate(rated) if row.resolved is not None]
    result: dict[str, Any] = {"conversations": len(rated), "surveys": len(asked), "outcomes": len(known)}
    result["intervals"] = {}
    if asked:
        rows = [rated[at] for at in asked]
        _add_satisfaction(result, rows, [outcomes[at] for at in asked])
        if baselines and (found := _baselines(rows, taught)):
            result["baselines"] = found
    if known:
        happened = np.array([bool(rated[at].resolved) for at in known])
        p_resolved = np.array([outcomes[at].resolution.p_resolved for at in known])
        _add(
            result,
            {
                "resolution_auc": (area_under_curve, (p_resolved, happened)),
                "resolution_ece": (calibration_error, (p_resolved, happened)),
            },
        )
    return rounded(result)


def _add(
    result: dict[str, Any], statistics: Mapping[str, tuple[Callable[..., float | None], tuple[NDArray[Any], ...]]]
) -> None:
    for name, (statistic, columns) in statistics.items():
        result[name] = statistic(*columns)
        result["intervals"][name] = interval(statistic, columns, draw_resamples(len(columns[0])))


def _add_satisfaction(result: dict[str, Any], rows: Sequence[Rated], outcomes: Sequence[CsatOutcome]) -> None:
    ratings = _ratings(rows)
    means = np.array([outcome.csat.mean for outcome in outcomes])
    unhappy = np.array([outcome.csat.p_dissatisfied for outcome in outcomes])
    bounds = np.array([outcome.csat.interval for outcome in outcomes])
    inside = ((ratings >= bounds[:, 0] - _ROUNDING) & (ratings <= bounds[:, 1] + _ROUNDING)).astype(np.float64)
    below = (ratings < UNSATISFIED_BELOW).astype(np.float64)
    statistics: dict[str, tuple[Callable[..., float | None], tuple[NDArray[Any], ...]]] = {
        "S_spearman": (spearman, (means, ratings)),
        "unsat_auc": (area_under_curve, (unhappy, below)),
        "ece": (calibration_error, (unhappy, below)),
    }
    _add(result, statistics)
    draws = draw_resamples(len(rows))
    widths = bounds[:, 1] - bounds[:, 0]
    for name, values in (
        ("S_mae", np.abs(means - ratings)),
        ("interval_coverage", inside),
        ("interval_width", widths),
    ):
        result[name] = float(values.mean())
        result["intervals"][name] = mean_interval(values, draws)
    said, true = [str(outcome.csat.label) for outcome in outcomes], [str(rating_label(one)) for one in ratings]
    result["label_accuracy"], result["label_macro_f1"] = accuracy(said, true), macro_f1(said, true)
    result["intervals"].update({f"label_{name}": found for name, found in label_intervals(said, true).items()})
    result["abstain_share"] = float(np.mean([outcome.csat.abstain for outcome in outcomes]))
    result["slices"] = slice_figures(
        [slices_of(row.conversation) for row in rows], lambda chosen: promises(inside, unhappy, below, chosen)
    )


def _ratings(rows: Sequence[Rated]) -> _Array:
    return np.array([np.mean(row.ratings) for row in rows], dtype=np.float64)


def _baselines(rows: Sequence[Rated], taught: Sequence[Rated] | None) -> dict[str, Any]:
    test = [_text(row) for row in rows]
    if taught is None:
        predicted = crossed_ratings(test) if len(test) >= _LEAST_TAUGHT else {}
    else:
        train = [_text(row) for row in taught if row.ratings]
        predicted = predict_ratings(train, test) if len(train) >= _LEAST_TAUGHT else {}
    ratings = _ratings(rows)
    true = [str(rating_label(one)) for one in ratings]
    found = {}
    for name, values in predicted.items():
        said = [str(rating_label(value)) for value in values]
        found[name] = {
            "S_mae": float(np.abs(values - ratings).mean()),
            "S_spearman": None if name in CONSTANT else spearman(values, ratings),
            "unsat_auc": None if name in CONSTANT else area_under_curve(-values, ratings < UNSATISFIED_BELOW),
            "label_accuracy": accuracy(said, true),
            "label_macro_f1": macro_f1(said, true),
        }
    return found


def _text(row: Rated) -> RatedText:
    mean = float(np.mean(row.ratings))
    return rated_text(row.conversation.turns, mean, max(row.ratings, key=row.ratings.count), row.conversation.id)
