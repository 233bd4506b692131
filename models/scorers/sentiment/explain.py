"""The turns that carried the shift of the customer's sentiment, in closed form.

The smoothed level is a weighted mean of the scores s, so with g the gains::

    level[T] = Σ w[t] · s[t],   w[t] = g[t] · Π_{u>t} (1 − g[u])   for t > 0,   w[0] = Π_{u>0} (1 − g[u])

After the opening's last turn o, ``shift = level[T] − level[o] = Σ_{t>o} w[t] · (s[t] − level[o])``: each term is the
part of the shift that turn t carried.
"""

from __future__ import annotations

from collections.abc import Sequence

from models.domain.scores import TurnContribution, TurnSentiment

MOST_TURNS = 3
_DECIMALS = 6
_LEAST_EFFECT = 0.005  # of −2…2: smaller ones vanish in the two decimals that people are shown


def level_weights(gains: Sequence[float]) -> list[float]:
    """Return the weight of each turn's score in the level after the last turn; they sum to 1.

    Args:
        gains: How far each turn pulls the level, 0…1; that of the first turn counts as 1.
    """
    weights: list[float] = []
    remaining = 1.0
    for place in range(len(gains) - 1, -1, -1):
        gain = gains[place] if place else 1.0
        weights.append(remaining * gain)
        remaining *= 1.0 - gain
    return weights[::-1]


def explain_shift(
    turns: Sequence[TurnSentiment], gains: Sequence[float], opening: int, start: float
) -> tuple[TurnContribution, ...]:
    """Return the turns that carried the shift, strongest first, the earlier first where two are equal; at most three.

    Args:
        turns: The scored turns.
        gains: Of each turn, as in :func:`level_weights`.
        opening: Index of the opening's last turn.
        start: Level there.
    """
    weights = level_weights(gains)
    effects = [
        TurnContribution(turn.turn, round(weight * (turn.score - start), _DECIMALS))
        for turn, weight in list(zip(turns, weights, strict=True))[opening + 1 :]
    ]
    strong = [one for one in effects if abs(one.effect) >= _LEAST_EFFECT]
    return tuple(sorted(strong, key=lambda one: (-abs(one.effect), one.turn))[:MOST_TURNS])
