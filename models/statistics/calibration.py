"""What a calibration session says: agreement per criterion, who stands apart, what the raters agree on."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from models.statistics.agreement import gwet_ac1, percent_agreement
from models.statistics.alpha import RESAMPLES, krippendorff_alpha
from models.statistics.estimates import LEVEL, Estimate, wilson


@dataclass(frozen=True, slots=True)
class Mark:
    """One rater's verdict on one criterion of one unit (a conversation, or a score of it)."""

    unit: str
    rater: str
    criterion: str
    verdict: str


@dataclass(frozen=True, slots=True)
class RaterAgreement:
    """How a rater agrees with the others.

    Attributes:
        rater: Who.
        agreement: How often the rater's verdict is the majority of the *other* raters' (units where they tie do not
            count), with Wilson's interval.
        others: The same figure of the other raters among themselves, pooled.
        outlier: Whether the rater agrees less than the others do, beyond the luck of the units: Newcombe's interval of
            the difference (1998, Statistics in Medicine 17:873–890, method 10) lies above 0. Then ``others.value`` also
            lies above the rater's whole interval.
    """

    rater: str
    agreement: Estimate
    others: Estimate
    outlier: bool


@dataclass(frozen=True, slots=True)
class CriterionAgreement:
    """How raters agree on one criterion.

    Attributes:
        criterion: Which.
        units: Units that at least two raters marked.
        percent: ``percent_agreement``.
        ac1: ``gwet_ac1``.
        alpha: ``krippendorff_alpha``, nominal.
        raters: Each rater against the others, by name.
        consensus: Per unit with at least two marks, the verdict of more than half of them, or ``None``; by unit.
    """

    criterion: str
    units: int
    percent: Estimate
    ac1: Estimate
    alpha: Estimate
    raters: tuple[RaterAgreement, ...]
    consensus: Mapping[str, str | None]

    @property
    def outliers(self) -> tuple[str, ...]:
        """The raters who stand apart."""
        return tuple(rater.rater for rater in self.raters if rater.outlier)


def agreement_by_criterion(
    marks: Iterable[Mark],
    *,
    categories: Sequence[str] = ("pass", "fail"),
    coverage: float = LEVEL,
    resamples: int = RESAMPLES,
) -> dict[str, CriterionAgreement]:
    """Return the agreement on each criterion, by criterion id.

    Args:
        marks: In any order; not every rater needs to mark every unit.
        categories: Verdicts that AC1 counts as possible even where nobody gave them; others count once given.
        coverage: Of all intervals.
        resamples: Of alpha's bootstrap.

    Raises:
        ValueError: If a rater marked one criterion of one unit twice.
    """
    by_criterion: dict[str, dict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    for mark in marks:
        given = by_criterion[mark.criterion][mark.unit]
        if mark.rater in given:
            raise ValueError(f"{mark.rater} marked {mark.criterion} of {mark.unit} twice")
        given[mark.rater] = mark.verdict
    return {
        criterion: _agreement(criterion, by_criterion[criterion], categories, coverage, resamples)
        for criterion in sorted(by_criterion)
    }


def majority_verdict(verdicts: Sequence[str]) -> str | None:
    """Return the verdict of more than half, or ``None`` where there is none."""
    if not verdicts:
        return None
    verdict, votes = Counter(verdicts).most_common(1)[0]
    return verdict if 2 * votes > len(verdicts) else None


def _agreement(
    criterion: str,
    by_unit: Mapping[str, Mapping[str, str]],
    categories: Sequence[str],
    coverage: float,
    resamples: int,
) -> CriterionAgreement:
    units = sorted(by_unit)
    raters = sorted({rater for given in by_unit.values() for rater in given})
    rows: list[list[Hashable | None]] = [[by_unit[unit].get(rater) for unit in units] for rater in raters]
    used = sorted({verdict for given in by_unit.values() for verdict in given.values()})
    compared = [unit for unit in units if len(by_unit[unit]) > 1]
    return CriterionAgreement(
        criterion=criterion,
        units=len(compared),
        percent=percent_agreement(rows, coverage=coverage),
        ac1=gwet_ac1(rows, [*categories, *used], coverage=coverage),
        alpha=krippendorff_alpha(rows, "nominal", coverage=coverage, resamples=resamples),
        raters=tuple(_against_others(rater, raters, by_unit, coverage) for rater in raters),
        consensus={unit: majority_verdict(sorted(by_unit[unit].values())) for unit in compared},
    )


def _against_others(
    rater: str, raters: Sequence[str], by_unit: Mapping[str, Mapping[str, str]], coverage: float
) -> RaterAgreement:
    agreement = wilson(*_hits(rater, by_unit), coverage)
    without = {
        unit: {name: verdict for name, verdict in given.items() if name != rater} for unit, given in by_unit.items()
    }
    pooled = [_hits(other, without) for other in raters if other != rater]
    others = wilson(sum(hits for hits, _ in pooled), sum(tries for _, tries in pooled), coverage)
    return RaterAgreement(rater, agreement, others, _is_below(agreement, others))


def _is_below(first: Estimate, second: Estimate) -> bool:
    if first.value is None or first.high is None or second.value is None or second.low is None:
        return False
    return second.value - first.value > math.hypot(second.value - second.low, first.high - first.value)


def _hits(rater: str, by_unit: Mapping[str, Mapping[str, str]]) -> tuple[int, int]:
    """Return how often the rater's verdict is the majority of the others', and in how many units they have one."""
    hits = tries = 0
    for given in by_unit.values():
        if rater not in given:
            continue
        consensus = majority_verdict([verdict for name, verdict in given.items() if name != rater])
        if consensus is not None:
            tries += 1
            hits += given[rater] == consensus
    return hits, tries
