"""The deletion test of explanations: does a score move more without the named turns than without others?

For each conversation the named turns are left out together, and so are as many other turns of the same sides, drawn
five times. Named turns for which the conversation has no counterpart left are not counted, so that both sets always
have the same size and sides (the strongest are matched first).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.domain.context import Context
from models.domain.scores import SentimentScore, TurnContribution
from models.scorers.csat import CsatOutcome, CsatScorer
from models.scorers.csat.explain import explain_csat, without_turns
from models.scorers.csat.rounds import side_of
from models.scorers.sentiment import SentimentScorer
from models.scorers.sentiment.trajectory import opening_index
from training.evaluate.measures import draw_resamples, interval

_DRAWS = 5
_LEAST_CONVERSATIONS = 30
_NOTHING = 1e-6
_SEED = 20261122


@dataclass(frozen=True, slots=True)
class Deletion:
    """How far a score moved without the named turns, and on average without as many others; both ≥ 0."""

    named: float
    others: float


def csat_deletions(
    contexts: Sequence[Context], outcomes: Sequence[CsatOutcome], scorer: CsatScorer
) -> dict[str, dict[str, Any]]:
    """Return the test of the explanations of ``csat`` and ``resolution``; see :func:`summarise_deletions`.

    Args:
        contexts: Conversations with their signals.
        outcomes: What the scorer says of each.
        scorer: Explains and scores again.
    """
    source = np.random.default_rng(_SEED)
    found: dict[str, list[Deletion | None]] = {"csat": [], "resolution": []}
    for context, outcome in zip(contexts, outcomes, strict=True):
        explained = explain_csat(context, outcome, scorer.score_many)
        spoken = [place for place, vector in enumerate(context.signals["encoder"]) if vector is not None]
        named = explained.csat.carried_by
        found["csat"].append(delete_turns(context, named, spoken, lambda part: scorer.score(part).csat.mean, source))
        named = explained.resolution.carried_by
        found["resolution"].append(
            delete_turns(context, named, spoken, lambda part: scorer.score(part).resolution.p_resolved, source)
        )
    return {name: summarise_deletions([one for one in moves if one is not None]) for name, moves in found.items()}


def shift_deletions(contexts: Sequence[Context], scorer: SentimentScorer) -> dict[str, Any]:
    """Return the test of the explanation of the sentiment's shift, among the customer turns after the opening."""
    source = np.random.default_rng(_SEED)
    found: list[Deletion | None] = []
    for context in contexts:
        score: SentimentScore = scorer.score(context)
        place_of = {turn.index: place for place, turn in enumerate(context.turns)}
        moving = [place_of[level.turn] for level in score.levels[opening_index(len(score.levels)) + 1 :]]
        found.append(delete_turns(context, score.carried_by, moving, lambda part: scorer.score(part).shift, source))
    return summarise_deletions([one for one in found if one is not None])


def delete_turns(
    context: Context,
    carried_by: Sequence[TurnContribution],
    eligible: Iterable[int],
    score: Callable[[Context], float | None],
    source: np.random.Generator,
) -> Deletion | None:
    """Return the moves for one conversation; ``None`` where no named turn has a counterpart.

    Args:
        context: The conversation with its signals.
        carried_by: The named turns.
        eligible: Places of the turns that could have been named.
        score: What the explanation is of.
        source: Draws the others.
    """
    place_of = {turn.index: place for place, turn in enumerate(context.turns)}
    named = [place_of[one.turn] for one in carried_by]
    others: dict[str | None, list[int]] = {}
    for place in eligible:
        if place not in named:
            others.setdefault(side_of(context.turns[place].role), []).append(place)
    wanted: Counter[str | None] = Counter()
    matched = []
    for place in named:
        side = side_of(context.turns[place].role)
        if wanted[side] < len(others.get(side, ())):
            wanted[side] += 1
            matched.append(place)
    whole = score(context)
    if not matched or whole is None:
        return None
    drawn = [
        [place for side, count in wanted.items() for place in source.choice(others[side], count, replace=False)]
        for _ in range(_DRAWS)
    ]
    return Deletion(
        abs((score(without_turns(context, matched)) or 0.0) - whole),
        float(np.mean([abs((score(without_turns(context, places)) or 0.0) - whole) for places in drawn])),
    )


def summarise_deletions(deletions: Sequence[Deletion]) -> dict[str, Any]:
    """Return the ratio of the moves: of their means (``ratio``), and its median over conversations (higher is better).

    With 95 % bootstrap intervals; only the number of conversations where it is below 30.
    """
    if len(deletions) < _LEAST_CONVERSATIONS:
        return {"conversations": len(deletions)}
    named = np.array([one.named for one in deletions])
    others = np.array([one.others for one in deletions])
    ratios = named / np.maximum(others, _NOTHING)
    draws = draw_resamples(len(deletions))
    return {
        "conversations": len(deletions),
        "ratio": float(named.mean() / others.mean()),
        "ratio_interval": interval(lambda a, b: float(a.mean() / b.mean()), (named, others), draws),
        "median_ratio": float(np.median(ratios)),
        "median_ratio_interval": interval(lambda a: float(np.median(a)), (ratios,), draws),
        "moved_by_named": float(named.mean()),
        "moved_by_others": float(others.mean()),
        "named_moved_more": float((named > others).mean()),
    }
