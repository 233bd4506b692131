"""Calibration on a split the networks never saw: temperatures, conformal tail, thresholds. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar

from models.scorers.csat.decide import mid_rank, temper

_LEAST_SHARE = 1e-12


def fit_temperature(probabilities: NDArray[np.float64], targets: NDArray[np.float64]) -> float:
    """Return the temperature of least cross-entropy between ``targets`` and tempered ``probabilities``, both (n, k)."""

    def cross_entropy(log_temperature: float) -> float:
        tempered = temper(probabilities, math.exp(log_temperature))
        return float(-(targets * np.log(np.maximum(tempered, _LEAST_SHARE))).sum(axis=1).mean())

    return round(math.exp(float(minimize_scalar(cross_entropy, bounds=(-2.0, 2.0), method="bounded").x)), 4)


def conformal_tail(distributions: NDArray[np.float64], ratings: Sequence[NDArray[np.int64]], coverage: float) -> float:
    """Return the quantile level at which intervals of ``distributions`` start and, mirrored, end.

    Split-conformal on the rank of a rating in its predicted distribution (Chernozhukov, Wüthrich, Zhu 2021): a rating
    is inside [Q(t), Q(1 − t)] exactly if min(rank, 1 − rank) ≥ t, so t is the finite-sample quantile of that score
    over the calibration ratings.

    Args:
        distributions: Over 1…5, shape ``(n, 5)``, calibrated.
        ratings: Per conversation its single ratings, 1…5.
        coverage: Wanted share of single ratings inside, 0…1.
    """
    scores = []
    for distribution, given in zip(distributions, ratings, strict=True):
        for rating in given:
            rank = mid_rank([float(p) for p in distribution], int(rating))
            scores.append(min(rank, 1.0 - rank))
    scores.sort()
    left_out = math.floor((1.0 - coverage) * (len(scores) + 1))
    return round(scores[max(left_out - 1, 0)], 6)


def best_threshold(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """Return the threshold of greatest F1 for ``score >= threshold``; the middle between the scores around it."""
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], np.cumsum(positive[order])
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + positive.sum())
    best = int(np.argmax(f1))
    below = ranked[best + 1] if best + 1 < len(ranked) else ranked[best]
    return round(float((ranked[best] + below) / 2), 4)


def fit_logistic(
    inputs: NDArray[np.float64], shares: NDArray[np.float64], counts: NDArray[np.float64], penalty: float = 1e-3
) -> list[float]:
    """Return bias and weights of a logistic regression on observed shares.

    Args:
        inputs: Shape ``(n, k)``.
        shares: 0…1, ``(n,)``.
        counts: How much each row counts, ``(n,)``.
        penalty: On the squared weights.
    """
    design = np.concatenate([np.ones((len(inputs), 1)), inputs], axis=1)

    def loss(weights: NDArray[np.float64]) -> float:
        z = design @ weights
        return float(np.average(np.logaddexp(0.0, z) - shares * z, weights=counts) + penalty * (weights[1:] ** 2).sum())

    found = minimize(loss, np.zeros(design.shape[1]), method="BFGS")
    return [round(float(w), 6) for w in found.x]
