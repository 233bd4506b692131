"""How the customer's sentiment moved: pure arithmetic over the scored turns.

Smoothed level, with s the turn's score and n its P(neutral)::

    level[0] = s[0]
    level[t] = level[t-1] + gain[t] · (s[t] − level[t-1]),   gain[t] = neutral_gain · n[t] + emotional_gain · (1 − n[t])

so that a plain "嗯" or a question moves the level less than an outburst or a thank-you does.
The opening is the first turn, or the first two where there are at least four (many chats open with a bare "在吗"):
``start`` is the level at its last turn, ``end`` the last level, ``shift = end − start``.

A turn's feeling is −1, 0 or 1 with the probabilities of its classes, so its score has the variance P(positive) +
P(negative) − s²; with the turns taken as independent and the gains as given, that of level and shift follows::

    error²[t] = (1 − gain[t])² · error²[t-1] + gain[t]² · variance[t]

What a shift is called is decided by an ordered logistic model of shift d and its standard error e, fitted on labelled
conversations (``training.fit.direction``), with σ the logistic function::

    scale = √(noise² + (spread · e)²)
    P(worsened) = σ((worsened_below − d) / scale),   P(improved) = σ((d − improved_above) / scale)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from models.domain.scores import Direction, SentimentLevel, SentimentScore, TurningPoint, TurnSentiment
from models.scorers.sentiment.explain import explain_shift

DIRECTIONS: tuple[Direction, ...] = ("worsened", "flat", "improved")
_DECIMALS = 6
_MOST_ODDS = 500.0  # e to more than this is beyond a float


@dataclass(frozen=True, slots=True)
class DirectionRule:
    """The model behind ``direction``; its formula is in the module's docstring.

    Attributes:
        worsened_below: Shift below which "worsened" is likelier than not, −2…2.
        improved_above: The same for "improved"; greater than ``worsened_below``.
        noise: Scale of the doubt that remains where every turn is sure, > 0.
        spread: How much of the shift's standard error adds to it, ≥ 0.
        least: A move is named where its probability is at least this; else the direction is ``flat``. 0…1.
    """

    worsened_below: float
    improved_above: float
    noise: float
    spread: float
    least: float = 0.5

    def probabilities(self, shift: float, error: float) -> tuple[float, float, float]:
        """Return P(worsened), P(flat), P(improved) of a shift with its standard error; they sum to 1."""
        scale = math.hypot(self.noise, self.spread * error)
        worsened = _logistic((self.worsened_below - shift) / scale)
        improved = _logistic((shift - self.improved_above) / scale)
        return worsened, max(1.0 - worsened - improved, 0.0), improved


def _logistic(odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(min(odds, _MOST_ODDS), -_MOST_ODDS)))


@dataclass(frozen=True, slots=True)
class TrajectoryRule:
    """Thresholds and gains, from the artifact's configuration.

    Attributes:
        neutral_gain: How far a surely neutral turn pulls the level towards its score, 0…1.
        emotional_gain: The same for a surely emotional turn, 0…1.
        turning_step: A step of the level of at least this is a turning point; 0…2.
        direction: What a shift is called.
    """

    neutral_gain: float
    emotional_gain: float
    turning_step: float
    direction: DirectionRule

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> TrajectoryRule:
        """Return the rule that ``config`` (the artifact's ``trajectory`` table) holds.

        Without a ``direction`` it has a ``flat_band``: a shift of less than that, either way, is flat.
        """
        if "direction" in config:
            direction = DirectionRule(**{name: float(value) for name, value in config["direction"].items()})
        else:
            band = float(config["flat_band"])
            direction = DirectionRule(-band, band, noise=band / 8.0, spread=0.0)
        return cls(
            float(config["neutral_gain"]), float(config["emotional_gain"]), float(config["turning_step"]), direction
        )


def turn_gain(turn: TurnSentiment, rule: TrajectoryRule) -> float:
    """Return how far the turn pulls the level towards its score, 0…1."""
    neutral = turn.probs["neutral"]
    return rule.neutral_gain * neutral + rule.emotional_gain * (1.0 - neutral)


def turn_variance(turn: TurnSentiment) -> float:
    """Return the variance of the turn's feeling as −1, 0 or 1, 0…1."""
    return max(turn.probs["positive"] + turn.probs["negative"] - turn.score**2, 0.0)


def smooth(turns: Sequence[TurnSentiment], rule: TrajectoryRule) -> list[tuple[float, float]]:
    """Return the smoothed level (−1…1) and its variance after each turn; formulas in the module's docstring."""
    levels: list[tuple[float, float]] = []
    for turn in turns:
        score, variance = turn.score, turn_variance(turn)
        if levels:
            gain = turn_gain(turn, rule)
            before, doubt = levels[-1]
            score = before + gain * (score - before)
            variance = (1.0 - gain) ** 2 * doubt + gain**2 * variance
        levels.append((score, variance))
    return levels


def opening_index(count: int) -> int:
    """Return the index of the opening's last turn among ``count`` scored turns."""
    return 1 if count >= 4 else 0


def shift_error(turns: Sequence[TurnSentiment], rule: TrajectoryRule, opening: int) -> float:
    """Return the standard error of the shift after the opening, 0…2.

    It is not that of two independent levels: what of the opening's level is still in the last one cancels.
    """
    remaining, moved = 1.0, 0.0
    for turn in reversed(turns[opening + 1 :]):
        gain = turn_gain(turn, rule)
        moved += (remaining * gain) ** 2 * turn_variance(turn)
        remaining *= 1.0 - gain
    opened = smooth(turns[: opening + 1], rule)[-1][1]
    return math.sqrt(moved + (1.0 - remaining) ** 2 * opened)


def decide_direction(probs: Mapping[str, float], rule: DirectionRule) -> Direction:
    """Return the likelier move where it is likely enough, else ``flat``."""
    move: Direction = "improved" if probs["improved"] >= probs["worsened"] else "worsened"
    return move if probs[move] >= max(rule.least, probs["flat"]) else "flat"


def summarise(turns: Sequence[TurnSentiment], agent_turns: Sequence[int], rule: TrajectoryRule) -> SentimentScore:
    """Return the trajectory's summary.

    Args:
        turns: The scored customer turns in order.
        agent_turns: Indices of the human agents' turns, ascending.
        rule: Gains and thresholds.

    Returns:
        ``volatility`` is the mean absolute step of the level, halved: 0 (still) … 1 (from −1 to 1 at each turn).
        Turning points come after the opening only. A single turn is surely flat.
    """
    if not turns:
        return SentimentScore((), None, None, None, None, None, ())
    smoothed = smooth(turns, rule)
    levels = [level for level, _ in smoothed]
    opening = opening_index(len(levels))
    steps = [after - before for before, after in pairwise(levels)]
    start, end = round(levels[opening], _DECIMALS), round(levels[-1], _DECIMALS)
    shift = round(end - start, _DECIMALS)
    points = tuple(
        TurningPoint(
            turn=turns[place].turn,
            change=round(steps[place - 1], _DECIMALS),
            agent_turn=max((index for index in agent_turns if index < turns[place].turn), default=None),
        )
        for place in range(opening + 1, len(levels))
        if abs(steps[place - 1]) >= rule.turning_step
    )
    volatility = sum(map(abs, steps)) / len(steps) / 2.0 if steps else 0.0
    likely = rule.direction.probabilities(shift, shift_error(turns, rule, opening)) if steps else (0.0, 1.0, 0.0)
    probs: dict[str, float] = {name: round(p, _DECIMALS) for name, p in zip(DIRECTIONS, likely, strict=True)}
    return SentimentScore(
        turns=tuple(turns),
        start=start,
        end=end,
        shift=shift,
        direction=decide_direction(probs, rule.direction),
        volatility=round(volatility, _DECIMALS),
        turning_points=points,
        direction_probs=probs,
        levels=tuple(
            SentimentLevel(turn.turn, round(level, _DECIMALS), round(math.sqrt(variance), _DECIMALS))
            for turn, (level, variance) in zip(turns, smoothed, strict=True)
        ),
        carried_by=explain_shift(turns, [turn_gain(turn, rule) for turn in turns], opening, levels[opening]),
    )
