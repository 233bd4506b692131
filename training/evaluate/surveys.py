"""Measures of satisfaction and resolution on users' own conversations: surveys and outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from models.scorers.csat import CsatScorer
from models.scorers.sentiment import SentimentScorer
from training.data.rated import Rated
from training.data.replay import Observe, replay
from training.data.vectors import VectorStore
from training.evaluate.agreement import accuracy, area_under_curve, calibration_error, spearman
from training.evaluate.measures import draw_resamples, interval, label_intervals, mean_interval
from training.evaluate.rounding import rounded


def evaluate_surveys(
    rows: Sequence[Rated], scorer: CsatScorer, sentiment: SentimentScorer, vectors: VectorStore
) -> dict[str, Any]:
    """Return how finished conversations with one survey or a known outcome are judged, with 95 % intervals.

    ``survey_mae`` is the mean distance of the predicted mean to the rating (1…5), ``survey_spearman`` their rank
    correlation. ``outcome_auc`` ranks by P(resolved), ``outcome_ece`` asks whether it is honest, ``outcome_accuracy``
    takes ½ as the border. What no row can tell is left out.
    """
    vectors.warm(turn.text for row in rows for turn in row.conversation.turns)
    observers: dict[str, Observe] = {sentiment.name: sentiment.observe, scorer.name: scorer.observe}
    said = scorer.score_many([replay(row.conversation, observers, vectors) for row in rows])
    found: dict[str, Any] = {"conversations": len(rows)}
    intervals: dict[str, Any] = {}
    if surveyed := [(one.csat.mean, row.ratings[0]) for one, row in zip(said, rows, strict=True) if row.ratings]:
        means, ratings = (np.array(column, dtype=np.float64) for column in zip(*surveyed, strict=True))
        draws = draw_resamples(len(ratings))
        errors = np.abs(means - ratings)
        found |= {"surveys": len(ratings), "survey_mae": float(errors.mean())}
        found["survey_spearman"] = spearman(means, ratings)
        intervals["survey_mae"] = mean_interval(errors, draws)
        intervals["survey_spearman"] = interval(spearman, (means, ratings), draws)
    known = [
        (one.resolution.p_resolved, row.resolved)
        for one, row in zip(said, rows, strict=True)
        if row.resolved is not None
    ]
    if known:
        columns = (np.array([p for p, _ in known]), np.array([truth for _, truth in known]))
        named = [["yes" if value >= 0.5 else "no" for value in column] for column in columns]
        draws = draw_resamples(len(known))
        found |= {"outcomes": len(known), "outcome_accuracy": accuracy(*named)}
        found["outcome_auc"] = area_under_curve(*columns)
        found["outcome_ece"] = calibration_error(*columns)
        intervals["outcome_accuracy"] = label_intervals(*named)["accuracy"]
        intervals["outcome_auc"] = interval(area_under_curve, columns, draws)
        intervals["outcome_ece"] = interval(calibration_error, columns, draws)
    return rounded({**found, "intervals": intervals})
