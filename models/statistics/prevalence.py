"""The true rate behind what an imperfect classifier says."""

from __future__ import annotations

import math
from typing import NamedTuple

from models.statistics.estimates import LEVEL, NO_UNITS, Estimate, Reason, normal_quantile, undefined

NOT_IDENTIFIABLE = Reason(
    "not-identifiable",
    "机器的判定不比随机好（灵敏度＋特异度≤1），无法由它推算真实比例",
    "the machine's verdicts are no better than chance (sensitivity + specificity ≤ 1): the true rate cannot be found "
    "from them",
)
OUT_OF_RANGE = Reason(
    "out-of-range",
    "校正结果超出0–100%，已取边界值；灵敏度或特异度可能不适用于这批会话",
    "the corrected rate fell outside 0…1 and was cut; the sensitivity or specificity may not hold for these units",
)


class NotIdentifiableError(ValueError):
    """The true rate cannot be found: the classifier is no better than chance. ``reason`` says so in both languages."""

    def __init__(self) -> None:
        """Carry the reason."""
        super().__init__(NOT_IDENTIFIABLE.en)
        self.reason = NOT_IDENTIFIABLE


class Share(NamedTuple):
    """``hits`` of ``tries``, 0 ≤ hits ≤ tries; fractions where units carry weights."""

    hits: float
    tries: float


def rogan_gladen(apparent: Share, sensitivity: Share, specificity: Share, *, coverage: float = LEVEL) -> Estimate:
    """Return the true rate p = (a + Sp − 1) / (Se + Sp − 1), cut to 0…1, with an interval.

    Rogan & Gladen 1978, "Estimating prevalence from the results of a screening test", American Journal of Epidemiology
    107:71–76. The interval is that of Lang & Reiczigel 2014, "Confidence limits for prevalence of disease adjusted for
    estimated sensitivity and specificity", Preventive Veterinary Medicine 113:13–22, equations 6–7 and 15–17 (with the
    misprinted (1 + P)² of equation 4 read as (1 − P)²): the three shares shrunk as by Agresti & Coull (z²/2 successes
    of z² trials added to the apparent rate, 1 of 2 to Se and Sp), the delta-method variance of those, and a shift. It
    holds for three *independent* samples: the apparent rate must not come from the units that gave Se and Sp.

    Args:
        apparent: Units the classifier called positive, of all it saw.
        sensitivity: Truly positive units that it called positive, of all truly positive.
        specificity: Truly negative units that it called negative, of all truly negative.
        coverage: Of the interval.

    Returns:
        The rate; undefined (``no-units``) where a sample is empty, cut with the note ``out-of-range`` where the formula
        leaves 0…1.

    Raises:
        NotIdentifiableError: If Se + Sp ≤ 1.
        ValueError: If a share has more hits than tries, or negative ones.
    """
    shares = (apparent, sensitivity, specificity)
    if any(not 0 <= share.hits <= share.tries for share in shares):
        raise ValueError("hits must lie within 0…tries")
    units = round(apparent.tries)
    if any(share.tries == 0 for share in shares):
        return undefined(NO_UNITS, units, coverage)
    seen, found, spared = (share.hits / share.tries for share in shares)
    if found + spared <= 1:
        raise NotIdentifiableError
    rate = (seen + spared - 1) / (found + spared - 1)
    z = normal_quantile(coverage)
    seen, seen_variance = _shrunk(apparent, z * z)
    found, found_variance = _shrunk(sensitivity, 2)
    spared, spared_variance = _shrunk(specificity, 2)
    youden = found + spared - 1
    middle = (seen + spared - 1) / youden
    variance = (seen_variance + middle**2 * found_variance + (1 - middle) ** 2 * spared_variance) / youden**2
    shift = 2 * z * z * (middle * found_variance - (1 - middle) * spared_variance)
    half = z * math.sqrt(variance)
    low, high = _cut(middle + shift - half), _cut(middle + shift + half)
    value = _cut(rate)
    note = OUT_OF_RANGE if abs(value - rate) > 1e-12 else None
    return Estimate(value, min(low, value), max(high, value), units, coverage, note)


def _shrunk(share: Share, added: float) -> tuple[float, float]:
    tries = share.tries + added
    middle = (share.hits + added / 2) / tries
    return middle, middle * (1 - middle) / tries


def _cut(value: float) -> float:
    return min(max(value, 0.0), 1.0)
