"""The turns that carried satisfaction and resolution: those without which the scores would differ most.

Leave one out: the conversation is scored again without each turn; the turn's effect is the score with it less the score
without it. It asks nothing of the network but to score, so it holds for any. A long conversation is searched in two
steps, so that n turns cost a few times √n scorings and not n: first runs of about √n consecutive turns are left out,
then the single turns of the runs that mattered most.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from models.domain.context import Context
from models.domain.scores import TurnContribution
from models.scorers.csat.decide import CsatOutcome

MOST_TURNS = 3
_SEARCHED_RUNS = 3  # for each of the two scores
_ALL_TURNS = 24  # up to so many, each is left out by itself: searching in two steps would save nothing
_MOST_READ = 400  # turns: no single one carries a longer conversation, and time grows with n^1.5
_DECIMALS = 6
_LEAST_EFFECT = 0.0005  # smaller ones vanish in the four decimals that are shown

Score = Callable[[Sequence[Context]], Sequence[CsatOutcome]]


def without_turns(context: Context, places: Iterable[int]) -> Context:
    """Return the context without the turns at ``places``, as if they had not been said.

    What was observed in later turns stays as it was; scores of the whole do not hold any more and are dropped.
    """
    left_out = set(places)
    kept = [place for place in range(len(context.turns)) if place not in left_out]
    return replace(
        context,
        turns=tuple(context.turns[place] for place in kept),
        texts=tuple(context.texts[place] for place in kept),
        signals={name: tuple(values[place] for place in kept) for name, values in context.signals.items()},
        scores={},
    )


def explain_csat(context: Context, outcome: CsatOutcome, score: Score) -> CsatOutcome:
    """Return ``outcome`` with the turns that carried it; none is named in a conversation of more than 400 turns.

    Args:
        context: The conversation so far with its signals.
        outcome: What ``score`` says of it.
        score: Scores any number of contexts.
    """
    places = _candidates(context)
    if not 2 <= len(places) <= _MOST_READ:
        return outcome
    if len(places) > _ALL_TURNS:
        places = _narrowed(context, places, outcome, score)
    effects = _effects(context, [[place] for place in places], outcome, score)
    turns = [context.turns[place].index for place in places]
    return CsatOutcome(
        replace(outcome.csat, carried_by=strongest(turns, effects[:, 0])),
        replace(outcome.resolution, carried_by=strongest(turns, effects[:, 1])),
    )


def strongest(turns: Sequence[int], effects: Iterable[float]) -> tuple[TurnContribution, ...]:
    """Return the turns of largest effect either way, at most ``MOST_TURNS``; the earlier first where two are equal."""
    found = [
        TurnContribution(turn, round(float(effect), _DECIMALS))
        for turn, effect in zip(turns, effects, strict=True)
        if abs(effect) >= _LEAST_EFFECT
    ]
    return tuple(sorted(found, key=lambda one: (-abs(one.effect), one.turn))[:MOST_TURNS])


def _candidates(context: Context) -> list[int]:
    """Return the places of turns that were read: neither system notices nor pictures."""
    vectors = context.signals["encoder"]
    return [at for at, turn in enumerate(context.turns) if turn.role != "system" and vectors[at] is not None]


def _narrowed(context: Context, places: list[int], outcome: CsatOutcome, score: Score) -> list[int]:
    size = math.ceil(math.sqrt(len(places)))
    runs = [places[start : start + size] for start in range(0, len(places), size)]
    effects = np.abs(_effects(context, runs, outcome, score))
    chosen: set[int] = set()
    for column in effects.T:
        chosen.update(np.argsort(-column, kind="stable")[:_SEARCHED_RUNS].tolist())
    return [place for at in sorted(chosen) for place in runs[at]]


def _effects(
    context: Context, runs: Sequence[Sequence[int]], outcome: CsatOutcome, score: Score
) -> NDArray[np.float64]:
    """Return the effects of leaving out each run on CSAT mean and P(resolved), shape ``(len(runs), 2)``."""
    others = score([without_turns(context, run) for run in runs])
    figures = [[one.csat.mean, one.resolution.p_resolved] for one in (outcome, *others)]
    return np.asarray(np.array(figures[0]) - np.array(figures[1:]))
