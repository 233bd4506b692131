"""From the network's beliefs to the scores: calibration, interval, labels and the abstain rule. Pure arithmetic."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.domain.scores import CsatLabel, CsatScore, ResolutionLabel, ResolutionScore
from models.scorers.csat.network import NUGGETS, Prediction

_DECIMALS = 6
_CONFIRMED = NUGGETS["customer"].index("CNUG*")
_STATED = NUGGETS["service"].index("HNUG*")
_FLOOR = 1e-6


@dataclass(frozen=True, slots=True)
class CsatOutcome:
    """The component's score: satisfaction and resolution come from one joint model."""

    csat: CsatScore
    resolution: ResolutionScore


@dataclass(frozen=True, slots=True)
class CsatRule:
    """Calibration and thresholds, from the artifact's configuration.

    Attributes:
        temperature: Sharpens (<1) or flattens (>1) the satisfaction distribution.
        coverage: Nominal share of single ratings inside the interval, 0…1.
        lexical_share: Of the linear member in quality, 0…1.
        tails: The interval runs from this quantile of the distribution to the mirrored one, for conversations of
            1, 2 … 7 or more rounds (7 numbers); conformal, so that it covers ``coverage`` of the ratings of
            dialogues that took no part in fitting what judged them, whatever their length.
        dissatisfied: P(1 or 2) from which the label is ``dissatisfied``.
        satisfied: P(4 or 5) from which it is ``satisfied``, if not dissatisfied.
        max_entropy: Entropy of the distribution as a share of log 5 above which the scorer abstains.
        prior: The distribution where nothing can be read: the training mean, 1…5.
        resolved_weights: Bias and weights of the resolution regression; inputs in :func:`resolution_inputs`.
        resolved_yes: P(resolved) from which the label is ``yes``.
        resolved_no: P(resolved) up to which it is ``no``; ``unclear`` between.
        resolved_prior: P(resolved) where nothing can be read.
    """

    temperature: float
    coverage: float
    lexical_share: float
    tails: tuple[float, ...]
    dissatisfied: float
    satisfied: float
    max_entropy: float
    prior: tuple[float, ...]
    resolved_weights: tuple[float, ...]
    resolved_yes: float
    resolved_no: float
    resolved_prior: float

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> CsatRule:
        """Return the rule that the component's ``config`` holds."""
        values: dict[str, Any] = {name: config[name] for name in cls.__slots__}
        for name in ("tails", "prior", "resolved_weights"):
            values[name] = tuple(values[name])
        return cls(**values)


def temper(distribution: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Return ``distribution ** (1 / temperature)``, normalised over the last axis."""
    powered = np.power(np.clip(distribution, 1e-9, 1.0), 1.0 / temperature)
    return np.asarray(powered / powered.sum(axis=-1, keepdims=True))


def quantile(distribution: Sequence[float], level: float) -> float:
    """Return the quantile of ratings 1…5 at ``level`` (0…1), each rating's mass spread evenly over ±0.5, cut to 1…5."""
    below = 0.0
    for rating, mass in enumerate(distribution, start=1):
        if below + mass >= level and mass > 0.0:
            return min(max(rating - 0.5 + (level - below) / mass, 1.0), 5.0)
        below += mass
    return 5.0


def mid_rank(distribution: Sequence[float], rating: int) -> float:
    """Return P(below ``rating``) + P(``rating``) / 2: the level whose quantile is ``rating``."""
    return math.fsum(distribution[: rating - 1]) + distribution[rating - 1] / 2.0


def entropy_share(distribution: Sequence[float]) -> float:
    """Return the entropy as a share of the greatest possible: 0 one certain rating … 1 all alike."""
    return -math.fsum(p * math.log(p) for p in distribution if p > 0.0) / math.log(len(distribution))


def resolution_inputs(prediction: Prediction, customer: Sequence[bool]) -> tuple[float, ...]:
    """Return what the resolution regression reads.

    Log odds that the customer confirmed a solution in some round (largest P(CNUG*)), log odds that the service stated
    one (largest P(HNUG*)), P(task accomplished: A ≥ 1) − ½, and, from networks that were taught it, the log odds that
    the matter was resolved.

    Args:
        prediction: The network's.
        customer: One a round, true for the customer's.
    """
    pairs = list(zip(prediction.nuggets, customer, strict=True))
    confirmed = max((float(nugget[_CONFIRMED]) for nugget, mine in pairs if mine), default=0.0)
    stated = max((float(nugget[_STATED]) for nugget, mine in pairs if not mine), default=0.0)
    inputs = (_log_odds(confirmed), _log_odds(stated), float(prediction.quality["A"][3:].sum()) - 0.5)
    return inputs if prediction.resolved is None else (*inputs, _log_odds(prediction.resolved))


def _log_odds(p: float) -> float:
    p = min(max(p, _FLOOR), 1.0 - _FLOOR)
    return math.log(p / (1.0 - p))


def decide_csat(distribution: NDArray[np.float64], rule: CsatRule, rounds: int, *, readable: bool) -> CsatScore:
    """Return the score for an uncalibrated distribution over 1…5.

    Args:
        distribution: Shape ``(5,)``.
        rule: The decision rule.
        rounds: How many the conversation has.
        readable: False where no customer text is.
    """
    tail = rule.tails[min(max(rounds, 1), len(rule.tails)) - 1]
    tempered = temper(distribution, rule.temperature)
    levels = [float(p) for p in tempered]
    dissatisfied, satisfied = math.fsum(levels[:2]), math.fsum(levels[3:])
    label: CsatLabel = "neutral"
    if dissatisfied >= rule.dissatisfied:
        label = "dissatisfied"
    elif satisfied >= rule.satisfied:
        label = "satisfied"
    return CsatScore(
        distribution=tuple(round(p, _DECIMALS) for p in levels),
        mean=round(math.fsum(rating * p for rating, p in enumerate(levels, start=1)), _DECIMALS),
        p_dissatisfied=round(dissatisfied, _DECIMALS),
        interval=(
            round(quantile(levels, tail), _DECIMALS),
            round(quantile(levels, 1.0 - tail), _DECIMALS),
        ),
        coverage=rule.coverage,
        label=label,
        abstain=not readable or entropy_share(levels) > rule.max_entropy,
    )


def decide_resolution(inputs: Sequence[float], rule: CsatRule) -> ResolutionScore:
    """Return P(resolved) and its label from the regression's inputs."""
    bias, *weights = rule.resolved_weights
    z = bias + math.fsum(w * x for w, x in zip(weights, inputs, strict=True))
    return label_resolution(1.0 / (1.0 + math.exp(-z)), rule)


def label_resolution(p: float, rule: CsatRule) -> ResolutionScore:
    """Return ``p`` with its label."""
    label: ResolutionLabel = "unclear"
    if p >= rule.resolved_yes:
        label = "yes"
    elif p <= rule.resolved_no:
        label = "no"
    return ResolutionScore(round(p, _DECIMALS), label)
