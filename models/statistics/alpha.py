"""Krippendorff's alpha: agreement of any number of raters, with gaps, beyond chance."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from models.statistics.estimates import LEVEL, NO_UNITS, ONE_CATEGORY, TOO_FEW_UNITS, Estimate, undefined
from models.statistics.marks import Counts, Marks, count_marks, units_of, used_categories

Scale = Literal["nominal", "ordinal", "interval"]
RESAMPLES = 1000
_SEED = 20261122
_CHUNK = 100


def krippendorff_alpha(
    marks: Marks, level: Scale = "nominal", *, coverage: float = LEVEL, resamples: int = RESAMPLES
) -> Estimate:
    """Return α = 1 − observed disagreement / disagreement expected by chance.

    D_o = Σ_u Σ_ck n_uc n_uk δ²_ck / (m_u − 1), D_e = Σ_ck n_c n_k δ²_ck / (n − 1), over units with at least two marks.
    δ² is 0 or 1 (nominal), the squared difference of mid-ranks (ordinal), or of the values (interval). Krippendorff
    2011, "Computing Krippendorff's Alpha-Reliability", University of Pennsylvania. (The ordinal δ given there,
    Σ_{g=c…k} n_g − (n_c + n_k)/2, *is* the difference of mid-ranks.)

    The interval is the percentile bootstrap over units, with a fixed seed: Zapf et al. 2016, "Measuring inter-rater
    reliability for nominal data", BMC Medical Research Methodology 16:93. Resamples that leave one category only are
    left out. Where raters never differ there is nothing to resample and the interval is [1, 1]: look at ``units``, or
    at the interval of ``percent_agreement``.

    Args:
        marks: Raters × units, ``None`` where missing. Any hashable values for ``nominal``, numbers otherwise.
        level: Level of measurement.
        coverage: Of the interval.
        resamples: Of the bootstrap; 0 for no interval.

    Returns:
        α in [−1, 1] with ``units`` = units with at least two marks; undefined where there are none (``no-units``) or
        all their marks are one category (``one-category``).

    Raises:
        ValueError: If the rows differ in length, a mark is NaN, ``level`` is unknown, or a value is no number where
            ``level`` needs one.
    """
    if level not in get_args(Scale):
        raise ValueError(f"level must be one of {', '.join(get_args(Scale))}, not {level!r}")
    units = [unit for unit in units_of(marks) if len(unit) > 1]
    if not units:
        return undefined(NO_UNITS, 0, coverage)
    counts, values = _by_value(units, level)
    (value,) = _alphas(counts, values, level, np.ones((1, len(units))))
    if np.isnan(value):
        return undefined(ONE_CATEGORY, len(units), coverage)
    if len(units) < 2 or not resamples:
        return Estimate(float(value), None, None, len(units), coverage, TOO_FEW_UNITS if resamples else None)
    drawn = np.concatenate([_alphas(counts, values, level, weights) for weights in _resampled(len(units), resamples)])
    low, high = np.quantile(drawn[~np.isnan(drawn)], [(1 - coverage) / 2, (1 + coverage) / 2])
    return Estimate(float(value), float(low), float(high), len(units), coverage)


def _by_value(units: Sequence[Sequence[Hashable]], level: Scale) -> tuple[Counts, NDArray[np.float64]]:
    used = used_categories(units)
    if level == "nominal":
        return count_marks(units, used), np.zeros(len(used))
    if not all(isinstance(value, int | float) and math.isfinite(value) for value in used):
        raise ValueError(f"level {level!r} needs finite numbers")
    ordered = sorted(float(value) for value in used)  # type: ignore[arg-type]
    values = np.array(ordered)
    return count_marks(units, ordered), values - values.mean()  # centred: α does not change, the rounding error does


def _resampled(units: int, resamples: int) -> list[NDArray[np.float64]]:
    """Return how often each unit is drawn, in chunks of shape ``(resamples, units)``, always the same."""
    source = np.random.default_rng(_SEED)
    sizes = [min(_CHUNK, resamples - start) for start in range(0, resamples, _CHUNK)]
    return [source.multinomial(units, np.full(units, 1 / units), size=size).astype(np.float64) for size in sizes]


def _alphas(
    counts: Counts, values: NDArray[np.float64], level: Scale, weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return α for each row of unit weights, NaN where all marks are of one category."""
    marks = counts.sum(axis=1)
    totals = weights @ counts
    total = totals.sum(axis=1)
    if level == "nominal":
        apart = marks**2 - (counts**2).sum(axis=1)
        observed = weights @ (apart / (marks - 1))
        expected = total**2 - (totals**2).sum(axis=1)
    else:
        place = totals.cumsum(axis=1) - totals / 2 if level == "ordinal" else np.broadcast_to(values, totals.shape)
        # Σ_ck n_c n_k (x_c − x_k)² = 2 (n Σ n_c x_c² − (Σ n_c x_c)²), within each unit and overall.
        apart = 2 * np.maximum(marks * (place**2 @ counts.T) - (place @ counts.T) ** 2, 0.0)
        observed = (weights * apart / (marks - 1)).sum(axis=1)
        expected = 2 * (total * (totals * place**2).sum(axis=1) - (totals * place).sum(axis=1) ** 2)
    several = np.count_nonzero(totals, axis=1) > 1
    alphas = np.full(len(weights), np.nan)
    alphas[several] = 1 - observed[several] * (total[several] - 1) / expected[several]
    return alphas
