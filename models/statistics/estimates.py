"""A figure with its interval, and the intervals that have a closed form."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a figure or a decision is what it is.

    Attributes:
        code: Stable and machine-readable, kebab-case.
        zh: For Chinese readers.
        en: For English readers.
    """

    code: str
    zh: str
    en: str


NO_UNITS = Reason("no-units", "没有可比较的条目", "there are no units to compare")
ONE_CATEGORY = Reason(
    "one-category",
    "所有评分都落在同一类别，无法与随机一致性比较",
    "every mark is of one category, so agreement cannot be told from chance",
)
TOO_FEW_UNITS = Reason("too-few-units", "条目太少，无法给出区间", "too few units for an interval")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure estimated from a sample; never NaN.

    Attributes:
        value: The figure, or ``None`` where the data do not define it.
        low: Lower end of the interval, ``None`` where there is none.
        high: Upper end of the interval, ``None`` where there is none.
        units: How many units (conversations) it rests on.
        level: Coverage of the interval, 0…1.
        note: Why there is no value or no interval, or what to know before using it; ``None`` where nothing is.
    """

    value: float | None
    low: float | None
    high: float | None
    units: int
    level: float = LEVEL
    note: Reason | None = None


def undefined(note: Reason, units: int = 0, level: float = LEVEL) -> Estimate:
    """Return the estimate that says why there is none."""
    return Estimate(None, None, None, units, level, note)


def normal_quantile(level: float) -> float:
    """Return z such that a standard normal lies within ±z with probability ``level``.

    Raises:
        ValueError: If ``level`` is not strictly between 0 and 1.
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level}")
    return NormalDist().inv_cdf((1 + level) / 2)


def wilson(hits: float, tries: float, level: float = LEVEL, *, units: int | None = None) -> Estimate:
    """Return a share with Wilson's score interval: right for few tries and shares near 0 and 1, too.

    (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n), with p = hits/tries, n = tries. Wilson 1927, "Probable inference,
    the law of succession, and statistical inference", JASA 22:209–212; recommended by Newcombe 1998, Statistics in
    Medicine 17:857–872 (method 3).

    Args:
        hits: 0…tries; a fraction where units carry weights.
        tries: How many units, ≥ 0; their effective number where units carry weights.
        level: Coverage.
        units: Units to report where it is not ``tries``.

    Raises:
        ValueError: If ``hits`` is not within 0…tries.
    """
    if not 0 <= hits <= tries:
        raise ValueError(f"hits must lie within 0…tries, not {hits} of {tries}")
    counted = round(tries) if units is None else units
    if tries == 0:
        return undefined(NO_UNITS, counted, level)
    z = normal_quantile(level)
    share, squared = hits / tries, z * z / tries
    middle = (share + squared / 2) / (1 + squared)
    half = z / (1 + squared) * math.sqrt(share * (1 - share) / tries + squared / tries / 4)
    # At the ends the interval reaches the share itself; rounding must not leave it just outside.
    low = 0.0 if hits == 0 else max(middle - half, 0.0)
    high = 1.0 if hits == tries else min(middle + half, 1.0)
    return Estimate(share, low, high, counted, level)


@lru_cache(maxsize=256)
def student_quantile(level: float, freedom: int) -> float:
    """Return t such that Student's distribution lies within ±t with probability ``level``.

    For up to 200 degrees of freedom by bisection of the exact finite sums (Abramowitz & Stegun 1964, 26.7.3–26.7.4),
    beyond by expansion around the normal quantile (26.7.5), which is good to 8 digits there.

    Raises:
        ValueError: If ``level`` is not strictly between 0 and 1, or ``freedom`` is below 1.
    """
    if freedom < 1:
        raise ValueError(f"degrees of freedom must be at least 1, not {freedom}")
    z = normal_quantile(level)
    if freedom > 200:
        first = (z**3 + z) / 4
        second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
        third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
        return z + first / freedom + second / freedom**2 + third / freedom**3
    low, high = 0.0, math.pi / 2  # of the angle atan(t / √freedom)
    for _ in range(60):
        angle = (low + high) / 2
        low, high = (angle, high) if _student_within(angle, freedom) < level else (low, angle)
    return math.sqrt(freedom) * math.tan((low + high) / 2)


def _student_within(angle: float, freedom: int) -> float:
    cosine = math.cos(angle)
    odd = freedom % 2
    term = cosine if odd else 1.0
    total = term if freedom > 1 else 0.0
    for step in range(2 + odd, freedom, 2):
        term *= cosine * cosine * (step - 1) / step
        total += term
    return 2 / math.pi * (angle + math.sin(angle) * total) if odd else math.sin(angle) * total
