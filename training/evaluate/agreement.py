"""Measures of rankings, decisions and probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import rankdata


def spearman(predicted: ArrayLike, true: ArrayLike) -> float | None:
    """Return Spearman's rank correlation, −1…1 (higher is better); ``None`` where one side does not vary."""
    first, second = rankdata(np.asarray(predicted)), rankdata(np.asarray(true))
    if len(first) < 2 or first.std() == 0 or second.std() == 0:
        return None
    return float(np.corrcoef(first, second)[0, 1])


def area_under_curve(scores: ArrayLike, positive: ArrayLike) -> float | None:
    """Return the ROC AUC, ties counted half (higher is better); ``None`` where one class is empty."""
    chosen = np.asarray(positive, dtype=bool)
    count, rest = int(chosen.sum()), int((~chosen).sum())
    if not count or not rest:
        return None
    ranks = rankdata(np.asarray(scores))
    return float((ranks[chosen].sum() - count * (count + 1) / 2) / (count * rest))


def accuracy(predicted: Sequence[str], true: Sequence[str]) -> float:
    """Return the share of equal labels, 0…1 (higher is better)."""
    return sum(a == b for a, b in zip(predicted, true, strict=True)) / len(true)


def macro_f1(predicted: Sequence[str], true: Sequence[str]) -> float:
    """Return the unweighted mean of the F1 of the labels that occur in ``true``, 0…1 (higher is better)."""
    total = 0.0
    labels = sorted(set(true))
    for label in labels:
        hits = sum(a == b == label for a, b in zip(predicted, true, strict=True))
        total += 2 * hits / (sum(a == label for a in predicted) + sum(b == label for b in true))
    return total / len(labels)


def calibration_error(predicted: ArrayLike, observed: ArrayLike, bins: int = 10) -> float:
    """Return the expected calibration error, 0…1 (lower is better).

    Args:
        predicted: Probabilities.
        observed: What came: 0/1, or the share of annotators for whom it was so.
        bins: Of equal width.
    """
    p, y = np.asarray(predicted, dtype=np.float64), np.asarray(observed, dtype=np.float64)
    place = np.minimum((p * bins).astype(int), bins - 1)
    gaps = [abs(p[place == b].mean() - y[place == b].mean()) * (place == b).mean() for b in np.unique(place)]
    return float(sum(gaps))
