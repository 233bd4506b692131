"""How far the machine's verdicts are those of people, and the true fail rate behind them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from models.statistics.agreement import gwet_ac1
from models.statistics.estimates import LEVEL, Estimate, undefined, wilson
from models.statistics.prediction_powered import NO_UNLABELLED, prediction_powered_rate
from models.statistics.prevalence import NotIdentifiableError, Share, rogan_gladen

FAIL = "fail"
ABSTAIN = "abstain"


@dataclass(frozen=True, slots=True)
class Pair:
    """Machine and human verdict on one criterion of one unit of the random sample.

    Attributes:
        criterion: Which.
        machine: What the machine said, ``abstain`` included.
        human: What the person decided.
        probability: How likely the unit was to be drawn, in (0, 1].
    """

    criterion: str
    machine: str
    human: str
    probability: float = 1.0


@dataclass(frozen=True, slots=True)
class MachineAgreement:
    """Human–machine agreement on one criterion, and the rate of ``fail``.

    The agreement figures are over the units on which the machine gave a verdict; the fail rates over all units, the
    abstained too. Shares are weighted by 1/probability.

    Attributes:
        criterion: Which.
        units: Pairs on which the machine gave a verdict.
        abstained: Pairs on which it abstained.
        agreement: Share of equal verdicts.
        ac1: Gwet's AC1 of the two, unweighted.
        sensitivity: Of the units that people failed, the share that the machine failed.
        specificity: Of the units that people did not fail, the share that the machine did not fail.
        precision: Of the units that the machine failed, the share that people failed.
        apparent_fail_rate: Share of ``fail`` among the machine's verdicts on the unlabelled units.
        sampled_fail_rate: The fail rate from people's verdicts on the sample alone.
        rogan_gladen: The fail rate from the apparent one, corrected by the machine's errors on the sample.
        prediction_powered: The fail rate by prediction-powered inference; prefer it: it is narrower and asks less.
    """

    criterion: str
    units: int
    abstained: int
    agreement: Estimate
    ac1: Estimate
    sensitivity: Estimate
    specificity: Estimate
    precision: Estimate
    apparent_fail_rate: Estimate
    sampled_fail_rate: Estimate
    rogan_gladen: Estimate
    prediction_powered: Estimate


def machine_agreement(
    pairs: Iterable[Pair],
    unlabelled: Mapping[str, Sequence[str]] | None = None,
    *,
    coverage: float = LEVEL,
) -> dict[str, MachineAgreement]:
    """Return human–machine agreement per criterion, by criterion id.

    Args:
        pairs: The random sample only: units picked for their low confidence or by appeal would bias every figure.
        unlabelled: By criterion, the machine's verdicts on the units *outside* the sample, so that the apparent rate is
            independent of it; on all units where probabilities differ, since what such a sample leaves is not the
            population.
        coverage: Of all intervals. Weighted shares have Wilson's interval for Kish's effective number of units,
            (Σw)² / Σw² (Kish 1965, Survey Sampling, section 8.2).

    Raises:
        ValueError: If a probability is outside (0, 1].
    """
    by_criterion: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        if not 0 < pair.probability <= 1:
            raise ValueError(f"an inclusion probability must lie within (0, 1], not {pair.probability}")
        by_criterion[pair.criterion].append(pair)
    others = unlabelled or {}
    return {
        criterion: _agreement(criterion, by_criterion[criterion], others.get(criterion, ()), coverage)
        for criterion in sorted(by_criterion)
    }


def _agreement(criterion: str, pairs: Sequence[Pair], others: Sequence[str], coverage: float) -> MachineAgreement:
    judged = [pair for pair in pairs if pair.machine != ABSTAIN]
    powered = prediction_powered_rate(
        [(pair.machine == FAIL, pair.human == FAIL) for pair in pairs],
        [verdict == FAIL for verdict in others],
        [pair.probability for pair in pairs],
        coverage=coverage,
    )
    apparent = Share(sum(verdict == FAIL for verdict in others), len(others))
    verdicts = ["pass", FAIL, *sorted({verdict for pair in judged for verdict in (pair.machine, pair.human)})]

    def share(selected: Sequence[Pair], hits: Sequence[Pair]) -> Estimate:
        return wilson(*_weighted(selected, hits), coverage, units=len(selected))

    failed, spared = _split(judged)
    called = [pair for pair in judged if pair.machine == FAIL]
    return MachineAgreement(
        criterion=criterion,
        units=len(judged),
        abstained=len(pairs) - len(judged),
        agreement=share(judged, [pair for pair in judged if pair.machine == pair.human]),
        ac1=gwet_ac1([[pair.machine for pair in judged], [pair.human for pair in judged]], verdicts, coverage=coverage),
        sensitivity=share(failed, [pair for pair in failed if pair.machine == FAIL]),
        specificity=share(spared, [pair for pair in spared if pair.machine != FAIL]),
        precision=share(called, [pair for pair in called if pair.human == FAIL]),
        apparent_fail_rate=wilson(*apparent, coverage),
        sampled_fail_rate=share(pairs, [pair for pair in pairs if pair.human == FAIL]),
        rogan_gladen=_corrected(apparent, pairs, coverage),
        prediction_powered=powered.powered,
    )


def _corrected(apparent: Share, pairs: Sequence[Pair], coverage: float) -> Estimate:
    """Correct the apparent rate; abstaining counts as not failing, in the sample as in the apparent rate."""
    if not apparent.tries:
        return undefined(NO_UNLABELLED, 0, coverage)
    failed, spared = _split(pairs)
    sensitivity = _weighted(failed, [pair for pair in failed if pair.machine == FAIL])
    specificity = _weighted(spared, [pair for pair in spared if pair.machine != FAIL])
    try:
        return rogan_gladen(apparent, sensitivity, specificity, coverage=coverage)
    except NotIdentifiableError as error:
        return undefined(error.reason, round(apparent.tries), coverage)


def _split(pairs: Sequence[Pair]) -> tuple[list[Pair], list[Pair]]:
    return [pair for pair in pairs if pair.human == FAIL], [pair for pair in pairs if pair.human != FAIL]


def _weighted(selected: Sequence[Pair], hits: Sequence[Pair]) -> Share:
    """Return the weighted share of ``hits`` as hits and tries of Kish's effective number of units."""
    if len({pair.probability for pair in selected}) < 2:
        return Share(len(hits), len(selected))  # exact, where weights are equal
    total = sum(1 / pair.probability for pair in selected)
    effective = total**2 / sum(1 / pair.probability**2 for pair in selected)
    hit = sum(1 / pair.probability for pair in hits) / total
    return Share(min(hit * effective, effective), effective)
