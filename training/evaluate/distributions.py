"""Distances between probability distributions, as the STC-3 task measures them. 0 is best, 1 worst.

Sakai, "Comparing Two Binned Probability Distributions for Information Access Evaluation", SIGIR 2018.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def _pair(p: ArrayLike, q: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    first, second = np.asarray(p, dtype=np.float64), np.asarray(q, dtype=np.float64)
    if first.shape != second.shape or first.ndim != 1 or (first < 0).any() or (second < 0).any():
        raise ValueError("two distributions over the same bins are needed")
    return first / first.sum(), second / second.sum()


def normalised_match_distance(p: ArrayLike, q: ArrayLike) -> float:
    """Return NMD: the earth mover's distance over ordered bins, divided by its largest value."""
    first, second = _pair(p, q)
    return float(np.abs(np.cumsum(first) - np.cumsum(second)).sum() / (len(first) - 1))


def _order_aware_divergence(p: NDArray[np.float64], q: NDArray[np.float64]) -> float:
    """OD(p‖q): mean over q's non-empty bins of the squared differences weighted by the distance to that bin."""
    bins = np.arange(len(p))
    weighted = (np.abs(bins[:, None] - bins[None]) * (p - q)[None] ** 2).sum(axis=1)
    return float(weighted[q > 0].mean())


def root_symmetric_order_divergence(p: ArrayLike, q: ArrayLike) -> float:
    """Return RSNOD: the root of the symmetric, normalised order-aware divergence."""
    first, second = _pair(p, q)
    symmetric = (_order_aware_divergence(first, second) + _order_aware_divergence(second, first)) / 2
    return float(np.sqrt(symmetric / (len(first) - 1)))


def root_normalised_squares(p: ArrayLike, q: ArrayLike) -> float:
    """Return RNSS: the root of half the sum of squared differences; for bins without order."""
    first, second = _pair(p, q)
    return float(np.sqrt(((first - second) ** 2).sum() / 2))


def jensen_shannon(p: ArrayLike, q: ArrayLike) -> float:
    """Return the Jensen–Shannon divergence to base 2; for bins without order."""
    first, second = _pair(p, q)
    middle = (first + second) / 2
    return (_relative_entropy(first, middle) + _relative_entropy(second, middle)) / 2


def _relative_entropy(p: NDArray[np.float64], q: NDArray[np.float64]) -> float:
    inside = p > 0
    return float((p[inside] * np.log2(p[inside] / q[inside])).sum())
