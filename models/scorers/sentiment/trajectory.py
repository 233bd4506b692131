"""How the customer's sentiment moved: pure arithmetic over the scored turns.

Smoothed level, with s the turn's score and n its P(neutral)::

    level[0] = s[0]
    level[t] = level[t-1] + gain[t] · (s[t] − level[t-1]),   gain[t] = neutral_gain · n[t] + emotional_gain · (1 − n[t])

so that a plain "嗯" or a question moves the level less than an outburst or a thank-you does.
The opening is the first turn, or the first two where there are at least four (many chats open with a bare "在吗"):
``start`` is the level at its last turn, ``end`` the last level, ``shift = end − start``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from models.domain.scores import Direction, SentimentScore, TurningPoint, TurnSentiment

_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class TrajectoryRule:
    """Thresholds and gains, from the artifact's configuration.

    Attributes:
        neutral_gain: How far a surely neutral turn pulls the level towards its score, 0…1.
        emotional_gain: The same for a surely emotional turn, 0…1.
        flat_band: A shift of less than this, either way, is ``flat``; 0…2.
        turning_step: A step of the level of at least this is a turning point; 0…2.
    """

    neutral_gain: float
    emotional_gain: float
    flat_band: float
    turning_step: float

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> TrajectoryRule:
        """Return the rule that ``config`` (the artifact's ``trajectory`` table) holds."""
        return cls(**{name: float(config[name]) for name in cls.__slots__})


def smooth(turns: Sequence[TurnSentiment], rule: TrajectoryRule) -> list[float]:
    """Return the smoothed level after each turn, each −1…1; the formula is in the module's docstring."""
    levels: list[float] = []
    for turn in turns:
        neutral = turn.probs["neutral"]
        gain = rule.neutral_gain * neutral + rule.emotional_gain * (1.0 - neutral)
        before = levels[-1] if levels else turn.score
        levels.append(before + gain * (turn.score - before))
    return levels


def opening_index(count: int) -> int:
    """Return the index of the opening's last turn among ``count`` scored turns."""
    return 1 if count >= 4 else 0


def decide_direction(shift: float, rule: TrajectoryRule) -> Direction:
    """Return what a shift is called."""
    if shift >= rule.flat_band:
        return "improved"
    return "worsened" if shift <= -rule.flat_band else "flat"


def summarise(turns: Sequence[TurnSentiment], agent_turns: Sequence[int], rule: TrajectoryRule) -> SentimentScore:
    """Return the trajectory's summary.

    Args:
        turns: The scored customer turns in order.
        agent_turns: Indices of the human agents' turns, ascending.
        rule: Gains and thresholds.

    Returns:
        ``volatility`` is the mean absolute step of the level, halved: 0 (still) … 1 (from −1 to 1 at each turn).
        Turning points come after the opening only.
    """
    if not turns:
        return SentimentScore((), None, None, None, None, None, ())
    levels = smooth(turns, rule)
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
    return SentimentScore(
        turns=tuple(turns),
        start=start,
        end=end,
        shift=shift,
        direction=decide_direction(shift, rule),
        volatility=round(volatility, _DECIMALS),
        turning_points=points,
    )
