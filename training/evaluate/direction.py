"""Measures of the direction of sentiment on whole conversations, beside two baselines.

The baselines: ``majority``, the direction most conversations have; ``threshold``, the bare shift against one threshold,
the same upwards and downwards, that would have been right most often.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from models.domain.context import Context
from models.domain.scores import SentimentScore
from models.scorers.sentiment import SentimentScorer
from training.data.labels import LabelledConversation
from training.data.replay import replay
from training.data.splits import draw
from training.data.vectors import VectorStore
from training.evaluate.agreement import accuracy, calibration_error, macro_f1
from training.evaluate.deletion import shift_deletions
from training.evaluate.measures import draw_resamples, interval, label_intervals
from training.evaluate.rounding import rounded
from training.fit.direction import labelled_direction

_FOLDS = 5
_LEAST_TAUGHT = 10  # conversations under which baselines fitted on them say nothing
_SEED = 20261122


@dataclass(frozen=True, slots=True)
class Moved:
    """A conversation's score, with the direction its labels say."""

    context: Context
    score: SentimentScore
    true: str

    @property
    def shift(self) -> float:
        """How far the level moved, −2…2."""
        return self.score.shift or 0.0


def evaluate_direction(
    chats: Sequence[LabelledConversation],
    scorer: SentimentScorer,
    vectors: VectorStore,
    taught: Sequence[LabelledConversation] | None = None,
    *,
    baselines: bool = True,
) -> dict[str, Any]:
    """Return how well ``direction`` and its probabilities fit the labels of whole conversations.

    The direction that the labels say is defined in :func:`training.fit.direction.labelled_direction`; conversations
    with fewer than two customer turns, or with some unlabelled, are passed over.

    Args:
        chats: Labelled conversations.
        scorer: The sentiment component.
        vectors: Encoded texts.
        taught: What baselines are fitted on; ``None``: on ``chats``, crosswise in five parts.
        baselines: Whether to fit any.

    Returns:
        ``direction_accuracy``, ``direction_macro_f1`` and ``direction_ece`` (of the probability of what it is called),
        with intervals, and the deletion test of the turns that carried the shift; the three are ``None`` where no
        conversation can be judged.
    """
    moved = _moved(chats, scorer, vectors)
    if not moved:
        return {"conversations": 0, "direction_accuracy": None, "direction_macro_f1": None, "direction_ece": None}
    predicted, true = [str(item.score.direction) for item in moved], [item.true for item in moved]
    sure = [(item.score.direction_probs or {}).get(item.score.direction or "flat", 1.0) for item in moved]
    right = np.array([a == b for a, b in zip(predicted, true, strict=True)])
    intervals = label_intervals(predicted, true)
    report: dict[str, Any] = {
        "conversations": len(true),
        "direction_accuracy": accuracy(predicted, true),
        "direction_macro_f1": macro_f1(predicted, true),
        "direction_ece": calibration_error(sure, right),
        "true": {name: true.count(name) for name in sorted(set(true))},
        "explanation_deletion": shift_deletions([item.context for item in moved], scorer),
        "intervals": {
            "direction_accuracy": intervals["accuracy"],
            "direction_macro_f1": intervals["macro_f1"],
            "direction_ece": interval(calibration_error, (sure, right), draw_resamples(len(true))),
        },
    }
    if baselines:
        said = _crossed(moved) if taught is None else predict_directions(_moved(taught, scorer, vectors), moved)
        report["baselines"] = {
            name: {"direction_accuracy": accuracy(rows, true), "direction_macro_f1": macro_f1(rows, true)}
            for name, rows in said.items()
        }
    return rounded(report)


def _moved(chats: Sequence[LabelledConversation], scorer: SentimentScorer, vectors: VectorStore) -> list[Moved]:
    vectors.warm(turn.text for chat in chats for turn in chat.conversation.turns)
    moved = []
    for chat in chats:
        labels = {label.turn: label.label for label in chat.sentiment}
        context = replay(chat.conversation, {scorer.name: scorer.observe}, vectors)
        score: SentimentScore = scorer.score(context)
        if len(score.turns) < 2 or score.direction is None or not all(turn.turn in labels for turn in score.turns):
            continue
        moved.append(Moved(context, score, labelled_direction([labels[turn.turn] for turn in score.turns])))
    return moved


def predict_directions(train: Sequence[Moved], test: Sequence[Moved]) -> dict[str, list[str]]:
    """Return by baseline what it calls each of ``test``; nothing where there are too few to fit it on."""
    if len(train) < _LEAST_TAUGHT:
        return {}
    most = Counter(item.true for item in train).most_common(1)[0][0]
    threshold = _best_threshold(train)
    return {
        "majority": [most] * len(test),
        "threshold": [_call(item.shift, threshold) for item in test],
    }


def _call(shift: float, threshold: float) -> str:
    return "improved" if shift > threshold else "worsened" if shift < -threshold else "flat"


def _best_threshold(train: Sequence[Moved]) -> float:
    """Return the threshold that is right most often: the middle between two sizes of shift, of equals the smallest."""
    sizes = sorted({0.0, *(abs(item.shift) for item in train)})
    cuts = [*((low + high) / 2 for low, high in pairwise(sizes)), sizes[-1]]
    return max(cuts, key=lambda cut: (sum(_call(item.shift, cut) == item.true for item in train), -cut))


def _crossed(moved: Sequence[Moved]) -> Mapping[str, list[str]]:
    if len(moved) < 2 * _LEAST_TAUGHT:
        return {}
    order = sorted(range(len(moved)), key=lambda at: (draw(moved[at].context.head.id, _SEED), at))
    fold_of = {at: place % _FOLDS for place, at in enumerate(order)}
    found: dict[str, list[str]] = {}
    for fold in range(_FOLDS):
        left_out = [at for at in range(len(moved)) if fold_of[at] == fold]
        train = [moved[at] for at in range(len(moved)) if fold_of[at] != fold]
        said = predict_directions(train, [moved[at] for at in left_out])
        for name, rows in said.items():
            for at, called in zip(left_out, rows, strict=True):
                found.setdefault(name, [""] * len(moved))[at] = called
    return found
