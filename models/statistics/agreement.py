"""Agreement of raters on categories: as it is (percent), and beyond chance (Cohen's kappa, Gwet's AC1)."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

import numpy as np

from models.statistics.estimates import (
    LEVEL,
    NO_UNITS,
    ONE_CATEGORY,
    TOO_FEW_UNITS,
    Estimate,
    normal_quantile,
    student_quantile,
    undefined,
    wilson,
)
from models.statistics.marks import Counts, Marks, count_marks, units_of, used_categories


def percent_agreement(marks: Marks, *, coverage: float = LEVEL) -> Estimate:
    """Return how often two raters of a unit agree, in 0…1: the mean over units of the share of agreeing pairs.

    p_a = 1/n Σ_i Σ_k r_ik (r_ik − 1) / (r_i (r_i − 1)) over units with at least two marks (Fleiss 1971, Psychological
    Bulletin 76:378–382). With two raters the interval is Wilson's of a share. With more it is Wilson's with n = units,
    which is then too wide rather than too narrow: a figure in 0…1 with mean p varies by at most p(1 − p).

    Args:
        marks: Raters × units, ``None`` where missing.
        coverage: Of the interval.

    Raises:
        ValueError: If the rows differ in length, or a mark is NaN.
    """
    units = [unit for unit in units_of(marks) if len(unit) > 1]
    if not units:
        return undefined(NO_UNITS, 0, coverage)
    agreeing = float(_pair_agreement(count_marks(units, used_categories(units))).sum())
    return wilson(min(agreeing, len(units)), len(units), coverage)


def cohen_kappa(marks: Marks, *, coverage: float = LEVEL) -> Estimate:
    """Return Cohen's kappa of two raters, κ = (p_a − p_e) / (1 − p_e) with p_e = Σ_k p_k+ p_+k.

    Cohen 1960, Educational and Psychological Measurement 20:37–46. Normal interval with the large-sample variance of
    Fleiss, Cohen & Everitt 1969, Psychological Bulletin 72:323–327. Kappa falls towards 0 where one category is rare,
    however well raters agree (Feinstein & Cicchetti 1990): prefer ``gwet_ac1`` there.

    Args:
        marks: Two rows, ``None`` where missing; units that one rater did not mark do not count.
        coverage: Of the interval.

    Raises:
        ValueError: If there are not two rows of one length, or a mark is NaN.
    """
    if len(marks) != 2:
        raise ValueError(f"kappa compares two raters, not {len(marks)}")
    pairs = [unit for unit in units_of(marks) if len(unit) == 2]
    if not pairs:
        return undefined(NO_UNITS, 0, coverage)
    categories = used_categories(pairs)
    if len(categories) == 1:
        return undefined(ONE_CATEGORY, len(pairs), coverage)
    place = {category: index for index, category in enumerate(categories)}
    table = np.zeros((len(place), len(place)))
    for first, second in pairs:
        table[place[first], place[second]] += 1 / len(pairs)
    rows, columns, diagonal = table.sum(axis=1), table.sum(axis=0), np.diagonal(table)
    by_chance = float(rows @ columns)
    kappa = (float(diagonal.sum()) - by_chance) / (1 - by_chance)
    on = float((diagonal * (1 - (rows + columns) * (1 - kappa)) ** 2).sum())
    shares = (columns[:, None] + rows[None, :]) ** 2
    off = (1 - kappa) ** 2 * float((table * shares).sum() - (diagonal * np.diagonal(shares)).sum())
    variance = (on + off - (kappa - by_chance * (1 - kappa)) ** 2) / (len(pairs) * (1 - by_chance) ** 2)
    error = math.sqrt(max(variance, 0.0))
    return _around(kappa, normal_quantile(coverage) * error, len(pairs), coverage)


def gwet_ac1(marks: Marks, categories: Sequence[Hashable] | None = None, *, coverage: float = LEVEL) -> Estimate:
    """Return Gwet's AC1 = (p_a − p_e) / (1 − p_e), for any number of raters with gaps; steady where a category is rare.

    p_a as in ``percent_agreement``; p_e = Σ_k π_k (1 − π_k) / (q − 1) with π_k the mean over units of the share of
    marks that are k. Gwet 2008, "Computing inter-rater reliability and its variance in the presence of high agreement",
    British Journal of Mathematical and Statistical Psychology 61:29–48; with gaps as in Gwet 2014, Handbook of
    Inter-Rater Reliability, 4th ed., chapter 5. The interval takes Gwet's variance over units and, as his software
    does, Student's t with n − 1 degrees of freedom; it says how far other *units* would change the figure, not other
    raters. Where raters never differ the variance is 0 and the interval is [1, 1]: look at the one of
    ``percent_agreement``.

    Args:
        marks: Raters × units, ``None`` where missing.
        categories: All that raters could choose from, at least two; ``None`` for those that occur.
        coverage: Of the interval.

    Returns:
        AC1 in [−1, 1]; ``units`` counts those with at least two marks. Undefined where there are none (``no-units``) or
        only one category is known (``one-category``).

    Raises:
        ValueError: If the rows differ in length, or a mark is NaN or none of ``categories``.
    """
    units = [unit for unit in units_of(marks) if unit]
    compared = sum(len(unit) > 1 for unit in units)
    known = used_categories(units) if categories is None else list(dict.fromkeys(categories))
    counts = count_marks(units, known)
    if not compared:
        return undefined(NO_UNITS, 0, coverage)
    if len(known) < 2:
        return undefined(ONE_CATEGORY, compared, coverage)
    raters = counts.sum(axis=1)
    several = raters > 1
    agreeing = _pair_agreement(counts)
    shares = (counts / raters[:, None]).mean(axis=0)
    by_chance = float((shares * (1 - shares)).sum()) / (len(known) - 1)
    ac1 = (float(agreeing.sum()) / compared - by_chance) / (1 - by_chance)
    size = len(units)
    if size < 2:
        return Estimate(ac1, None, None, compared, coverage, TOO_FEW_UNITS)
    # Each unit's part in AC1, and in the chance agreement that its marks change (linearization, Gwet 2008).
    part = size / compared * np.where(several, agreeing - by_chance, 0.0) / (1 - by_chance)
    chance = counts @ (1 - shares) / raters / (len(known) - 1)
    part -= 2 * (1 - ac1) * (chance - by_chance) / (1 - by_chance)
    error = math.sqrt(float(((part - ac1) ** 2).sum()) / (size * (size - 1)))
    return _around(ac1, student_quantile(coverage, size - 1) * error, compared, coverage)


def _pair_agreement(counts: Counts) -> Counts:
    """Return the share of agreeing pairs of marks per unit, 0 where there is no pair."""
    raters = counts.sum(axis=1)
    share: Counts = (counts * (counts - 1)).sum(axis=1) / np.maximum(raters * (raters - 1), 1)
    return share


def _around(value: float, half: float, units: int, coverage: float) -> Estimate:
    value = min(max(value, -1.0), 1.0)
    return Estimate(value, max(value - half, -1.0), min(value + half, 1.0), units, coverage)
