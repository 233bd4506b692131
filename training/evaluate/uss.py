"""Measures of predicted satisfaction on USS dialogues: after each customer turn, and for the whole dialogue.

Sun et al., "Simulating User Satisfaction for the Evaluation of Task-oriented Dialogue Systems", SIGIR 2021. The true
level of a turn is, as in the authors' code, the one most annotators gave, the lower one where two tie; it is then one
of three classes: dissatisfied (1, 2), neutral (3), satisfied (4, 5). The predicted class is the label of the shipped
scorer over the turns so far, the rated one included, by the thresholds in the artifact: nothing is fitted here.
The scorer predicts how annotators rate a whole service dialogue; USS asks how the customer feels at the moment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.scorers.csat import CsatOutcome, CsatScorer
from models.scorers.csat.explain import without_turns
from models.scorers.sentiment import SentimentScorer
from training.data.replay import Observe, replay
from training.data.uss import UssDialogue
from training.data.vectors import VectorStore
from training.evaluate.agreement import accuracy, macro_f1, spearman
from training.evaluate.measures import (
    confusion,
    draw_resamples,
    grouped_interval,
    interval,
    label_intervals,
    macro_f1_of,
)
from training.evaluate.rating_baselines import CONSTANT, RatedText, crossed_ratings, rated_text
from training.evaluate.rounding import rounded

_LABELS = ("dissatisfied", "neutral", "satisfied")
_WHOLE = ("macro_f1", "spearman")
_LATEST = 2  # turns that the baselines of a turn's rating read: the rated one and what it answers


def evaluate_uss(
    dialogues: Sequence[UssDialogue],
    scorer: CsatScorer,
    sentiment: SentimentScorer,
    vectors: VectorStore,
    *,
    baselines: bool = True,
) -> dict[str, Any]:
    """Return ``macro_f1``, ``accuracy`` and ``spearman`` over customer turns, and ``dialogue_…`` of the overall rating.

    ``spearman`` compares the predicted mean with the annotators' mean. ``mean_label_macro_f1`` takes as true class that
    of the annotators' mean instead (below 3, 3, above 3). ``confusion`` has a row per true class. The intervals of turn
    measures draw whole dialogues. ``baselines`` are fitted crosswise on the dialogues themselves, see
    :mod:`training.evaluate.rating_baselines`: they know the corpus, the scorer does not. Where no turn is rated, the
    three are ``None``.
    """
    vectors.warm(turn.text for dialogue in dialogues for turn in dialogue.conversation.turns)
    observers: dict[str, Observe] = {sentiment.name: sentiment.observe, scorer.name: scorer.observe}
    said: list[CsatOutcome] = []
    ratings: list[tuple[int, ...]] = []
    groups: list[int] = []
    whole: list[tuple[CsatOutcome, tuple[int, ...]]] = []
    for group, dialogue in enumerate(dialogues):
        context = replay(dialogue.conversation, observers, vectors)
        count = len(context.turns)
        for place, given in dialogue.turn_ratings.items():
            said.append(scorer.score(without_turns(context, range(place + 1, count))))
            ratings.append(given)
            groups.append(group)
        if dialogue.ratings:
            whole.append((scorer.score(context), dialogue.ratings))
    if not said:
        return {"dialogues": len(dialogues), "turns": 0, "macro_f1": None, "accuracy": None, "spearman": None}
    return rounded(
        {
            "dialogues": len(dialogues),
            **_turn_measures(said, ratings, _dense(groups)),
            **(_dialogue_measures(*zip(*whole, strict=True)) if whole else {}),
            **({"baselines": uss_baselines(dialogues)} if baselines else {}),
        }
    )


def uss_baselines(dialogues: Sequence[UssDialogue]) -> dict[str, Any]:
    """Return, by baseline, the measures of :func:`evaluate_uss` that it has."""
    turns = [
        _read(dialogue, given, place + 1)
        for dialogue in dialogues
        for place, given in sorted(dialogue.turn_ratings.items())
    ]
    whole = [_read(dialogue, dialogue.ratings, None) for dialogue in dialogues if dialogue.ratings]
    figures: dict[str, dict[str, Any]] = {}
    for prefix, rows, names in (("", turns, ("macro_f1", "accuracy", "spearman")), ("dialogue_", whole, _WHOLE)):
        true = [level_label(row.level) for row in rows]
        for baseline, values in crossed_ratings(rows).items():
            said = [level_label(float(round(value))) for value in values]
            found = {
                "macro_f1": macro_f1(said, true),
                "accuracy": accuracy(said, true),
                "spearman": None if baseline in CONSTANT else spearman(values, [row.rating for row in rows]),
            }
            figures.setdefault(baseline, {}).update({f"{prefix}{name}": found[name] for name in names})
    return figures


def _read(dialogue: UssDialogue, given: Sequence[int], turns: int | None) -> RatedText:
    """Return what the baselines see of the first ``turns`` turns, or of the whole."""
    said, mean = dialogue.conversation.turns[:turns], float(np.mean(given))
    latest = None if turns is None else _LATEST
    return rated_text(said, mean, majority_level(given), dialogue.conversation.id, latest)


def majority_level(ratings: Sequence[int]) -> int:
    """Return the level that most annotators gave, 1…5; of several the lowest."""
    counts = Counter(ratings)
    return min(counts, key=lambda level: (-counts[level], level))


def level_label(level: float) -> str:
    """Return the class of a level or mean: below 3, 3, above 3."""
    return "dissatisfied" if level < 3 else "satisfied" if level > 3 else "neutral"


def _turn_measures(
    said: Sequence[CsatOutcome], ratings: Sequence[Sequence[int]], groups: Sequence[int]
) -> dict[str, Any]:
    predicted: list[str] = [outcome.csat.label for outcome in said]
    true = [level_label(majority_level(given)) for given in ratings]
    by_mean = [level_label(float(np.mean(given))) for given in ratings]
    means, true_means = _means(said, ratings)
    return {
        "turns": len(said),
        "macro_f1": macro_f1(predicted, true),
        "accuracy": accuracy(predicted, true),
        "spearman": spearman(means, true_means),
        "mean_label_macro_f1": macro_f1(predicted, by_mean),
        "confusion": dict(zip(_LABELS, confusion(predicted, true, _LABELS).tolist(), strict=True)),
        "intervals": {
            "macro_f1": grouped_interval(macro_f1_of, (np.array(predicted), np.array(true)), groups),
            "spearman": grouped_interval(spearman, (means, true_means), groups),
        },
    }


def _dialogue_measures(said: Sequence[CsatOutcome], ratings: Sequence[Sequence[int]]) -> dict[str, Any]:
    predicted: list[str] = [outcome.csat.label for outcome in said]
    true = [level_label(majority_level(given)) for given in ratings]
    means = _means(said, ratings)
    return {
        "dialogue_macro_f1": macro_f1(predicted, true),
        "dialogue_spearman": spearman(*means),
        "dialogue_intervals": {
            "dialogue_macro_f1": label_intervals(predicted, true)["macro_f1"],
            "dialogue_spearman": interval(spearman, means, draw_resamples(len(said))),
        },
    }


def _means(
    said: Sequence[CsatOutcome], ratings: Sequence[Sequence[int]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return np.array([outcome.csat.mean for outcome in said]), np.array([np.mean(given) for given in ratings])


def _dense(groups: Sequence[int]) -> list[int]:
    """Number the groups without gaps, as dialogues without a rated turn leave them."""
    numbers: dict[int, int] = {}
    return [numbers.setdefault(group, len(numbers)) for group in groups]
