"""Prediction-powered inference: many machine verdicts, corrected by the few that people checked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.statistics.estimates import LEVEL, NO_UNITS, TOO_FEW_UNITS, Estimate, Reason, normal_quantile, undefined

NO_UNLABELLED = Reason(
    "no-unlabelled",
    "除人工复核样本外没有机器判定，结果等同于仅用样本",
    "there are no machine verdicts beyond the checked sample: this is the sample's own figure",
)
FEW_DISAGREEMENTS = Reason(
    "few-disagreements",
    "样本中人机不一致不足10例，区间可能偏窄",
    "people and machine differ on fewer than 10 units of the sample: the interval may be too narrow",
)
_ENOUGH_DISAGREEMENTS = 10


@dataclass(frozen=True, slots=True)
class PoweredRate:
    """A rate by prediction-powered inference beside the one that people's verdicts alone give.

    Attributes:
        powered: The rate with all machine verdicts used; ``units`` counts the checked ones.
        classical: The rate from people's verdicts alone, by the same formula without the machine.
        tuning: How far the machine is trusted (λ, 0…1): 0 is the classical figure, 1 plain PPI; ``None`` if undefined.
    """

    powered: Estimate
    classical: Estimate
    tuning: float | None


def prediction_powered_rate(
    labelled: Sequence[tuple[float, float]],
    unlabelled: Sequence[float],
    probabilities: Sequence[float] | None = None,
    *,
    tuning: float | None = None,
    coverage: float = LEVEL,
) -> PoweredRate:
    """Return the mean of what people would say of all units, from those they checked and the machine's verdicts.

    θ = Σ w_i (y_i − λ f_i) + λ mean(f̃), with variance Σ w_i² (z_i − z̄)² n/(n − 1) + λ² var(f̃)/N for z = y − λf, and
    the λ in 0…1 that makes it smallest. Angelopoulos et al. 2023, "Prediction-powered inference", Science 382:669–674
    (λ = 1), and Angelopoulos, Duchi & Zrnic 2023, "PPI++: Efficient prediction-powered inference", arXiv:2311.01453
    (power tuning). Valid however wrong the machine is; a good machine makes it narrow. Weights are Hájek's, w_i ∝ 1/π_i
    with Σ w_i = 1 (Särndal, Swensson & Wretman 1992, Model Assisted Survey Sampling, section 5.7), with the variance of
    drawing with replacement.

    Where all labels are 0 or 1, the checked part's variance is taken to be at least what one differing unit would give:
    a sample without any disagreement does not prove that there is none.

    Args:
        labelled: ``(machine, human)`` per checked unit, each in 0…1 (1 for fail, say).
        unlabelled: The machine's value for units that were not checked, from the same population; fewer than two are
            not used. Where probabilities differ, what is left outside the sample is not the population: give all units.
        probabilities: How likely each labelled unit was to be drawn, in (0, 1]; ``None`` if equally.
        tuning: A fixed λ in 0…1; ``None`` to choose it.
        coverage: Of the intervals (normal, cut to 0…1).

    Returns:
        Both figures. Undefined (``no-units``) without labels; without an interval (``too-few-units``) for one label.

    Raises:
        ValueError: If a value is outside 0…1, a probability outside (0, 1], or their number is not that of the labels.
    """
    pairs = np.array(labelled, dtype=np.float64).reshape(-1, 2)
    others = np.array(unlabelled, dtype=np.float64)
    if not _within(pairs) or not _within(others) or (tuning is not None and not 0 <= tuning <= 1):
        raise ValueError("machine and human values and the tuning must lie within 0…1")
    weights = _hajek(len(pairs), probabilities)
    if not len(pairs):
        nothing = undefined(NO_UNITS, 0, coverage)
        return PoweredRate(nothing, nothing, None)
    said, true = pairs[:, 0], pairs[:, 1]
    binary = bool(np.isin(true, (0.0, 1.0)).all())
    classical = _rate(true, weights, 0.0, np.zeros(0), binary, coverage)
    if len(others) < 2:
        return PoweredRate(_with_note(classical, NO_UNLABELLED), classical, 0.0)
    chosen = _tuned(said, true, weights, others) if tuning is None else tuning
    powered = _rate(true - chosen * said, weights, chosen, others, binary, coverage)
    if np.count_nonzero(said != true) < _ENOUGH_DISAGREEMENTS and chosen > 0 and powered.low is not None:
        powered = _with_note(powered, FEW_DISAGREEMENTS)
    return PoweredRate(powered, classical, chosen)


def _within(values: NDArray[np.float64]) -> bool:
    return bool(((values >= 0) & (values <= 1)).all())


def _hajek(size: int, probabilities: Sequence[float] | None) -> NDArray[np.float64]:
    chances = np.ones(size) if probabilities is None else np.array(probabilities, dtype=np.float64)
    if len(chances) != size:
        raise ValueError("every labelled unit needs one inclusion probability")
    if not ((chances > 0) & (chances <= 1)).all():
        raise ValueError("inclusion probabilities must lie within (0, 1]")
    weights = 1 / chances
    return np.asarray(weights / weights.sum()) if size else weights


def _covariance(first: NDArray[np.float64], second: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Return the estimated covariance of two weighted means of one sample."""
    size = len(weights)
    parts = weights**2 * (first - weights @ first) * (second - weights @ second)
    return float(parts.sum()) * size / (size - 1)


def _mean_variance(values: NDArray[np.float64]) -> float:
    return float(values.var(ddof=1)) / len(values)


def _tuned(
    said: NDArray[np.float64], true: NDArray[np.float64], weights: NDArray[np.float64], others: NDArray[np.float64]
) -> float:
    if len(said) < 2:
        return 0.0
    spread = _covariance(said, said, weights) + _mean_variance(others)
    return min(max(_covariance(said, true, weights) / spread, 0.0), 1.0) if spread > 0 else 0.0


def _rate(
    rest: NDArray[np.float64],
    weights: NDArray[np.float64],
    tuning: float,
    others: NDArray[np.float64],
    binary: bool,
    coverage: float,
) -> Estimate:
    value = float(weights @ rest) + (tuning * float(others.mean()) if len(others) else 0.0)
    value = min(max(value, 0.0), 1.0)
    if len(rest) < 2:
        return Estimate(value, None, None, len(rest), coverage, TOO_FEW_UNITS)
    checked = _covariance(rest, rest, weights)
    if binary:
        checked = max(checked, float(weights.max()) ** 2)
    half = normal_quantile(coverage) * math.sqrt(checked + (tuning**2 * _mean_variance(others) if tuning else 0.0))
    return Estimate(value, max(value - half, 0.0), min(value + half, 1.0), len(rest), coverage)


def _with_note(estimate: Estimate, note: Reason) -> Estimate:
    if estimate.note is not None:
        return estimate
    return Estimate(estimate.value, estimate.low, estimate.high, estimate.units, estimate.level, note)
