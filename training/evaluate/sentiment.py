"""Measures of the sentiment scorer on labelled lines, and of its direction on labelled conversations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from models.domain.context import Context
from models.domain.conversation import Conversation, Turn
from models.domain.scores import SentimentScore, TurnSentiment
from models.scorers.sentiment import SentimentScorer
from models.scorers.sentiment.head import CLASSES
from training.data.labels import LabelledConversation
from training.data.replay import replay
from training.data.sentiment import MOST_INTENSE, Line
from training.data.vectors import VectorStore
from training.evaluate.agreement import accuracy, calibration_error, macro_f1, spearman
from training.evaluate.deletion import shift_deletions
from training.evaluate.measures import draw_resamples, interval, label_intervals, mean_interval
from training.evaluate.rounding import rounded
from training.fit.direction import labelled_direction


def evaluate_sentiment(lines: Sequence[Line], scorer: SentimentScorer, vectors: VectorStore) -> dict[str, Any]:
    """Return ``accuracy`` and ``macro_f1`` over the lines, ``ece`` of P(negative), their 95 % intervals, ``intensity``.

    A line is scored after the turns before it, where the file has them. On a positive/negative set the likelier of the
    two counts, and the probability is that of negative against positive.
    """
    vectors.warm(text for line in lines for text in (line.text, *(said for _, said in line.context)))
    read = [_score_line(line, scorer, vectors) for line in lines]
    true = [line.label for line in lines]
    polar = set(true) <= {"negative", "positive"}
    allowed = ("negative", "positive") if polar else CLASSES
    predicted, p_negative = [], []
    for probs in (turn.probs for turn in read):
        predicted.append(max(allowed, key=lambda name: probs[name]))
        p_negative.append(probs["negative"] / (sum(probs[name] for name in allowed) or 1.0))
    negative = np.array([label == "negative" for label in true])
    calibration = (np.array(p_negative), negative)
    intensity, intensity_intervals = _intensity(lines, read)
    return rounded(
        {
            "lines": len(lines),
            "classes": len(allowed),
            "accuracy": accuracy(predicted, true),
            "macro_f1": macro_f1(predicted, true),
            "ece": calibration_error(*calibration),
            **intensity,
            "by_label": {
                label: {"n": true.count(label), "recall": _recall(predicted, true, label)}
                for label in sorted(set(true))
            },
            "intervals": {
                **label_intervals(predicted, true),
                "ece": interval(calibration_error, calibration, draw_resamples(len(lines))),
                **intensity_intervals,
            },
        }
    )


def _intensity(lines: Sequence[Line], read: Sequence[TurnSentiment]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the measures of intensity on the lines that have one, with intervals; none where none has or was read.

    ``intensity_of_mean_mae`` is the error of always saying the lines' own mean, ``intensity_of_score_mae`` that of
    taking the score without its sign: what a model must beat.
    """
    told = [
        (turn.intensity, line.intensity / MOST_INTENSE, abs(turn.score))
        for line, turn in zip(lines, read, strict=True)
        if line.intensity is not None and turn.intensity is not None
    ]
    if not told:
        return {}, {}
    said, true, score = (np.array(column) for column in zip(*told, strict=True))
    draws, errors = draw_resamples(len(told)), np.abs(said - true)
    measures = {
        "intensity_lines": len(told),
        "intensity_mae": float(errors.mean()),
        "intensity_spearman": spearman(said, true),
        "intensity_of_mean_mae": float(np.abs(true.mean() - true).mean()),
        "intensity_of_score_mae": float(np.abs(score - true).mean()),
    }
    return measures, {
        "intensity_mae": mean_interval(errors, draws),
        "intensity_spearman": interval(spearman, (said, true), draws),
    }


def _recall(predicted: Sequence[str], true: Sequence[str], label: str) -> float:
    return sum(a == b == label for a, b in zip(predicted, true, strict=True)) / true.count(label)


def _score_line(line: Line, scorer: SentimentScorer, vectors: VectorStore) -> TurnSentiment:
    said: list[tuple[Any, str]] = [*line.context, ("customer", line.text)]
    turns = tuple(Turn(at, role, text) for at, (role, text) in enumerate(said))
    signal = replay(Conversation(id="line", turns=turns), {scorer.name: scorer.observe}, vectors).signals[scorer.name][
        -1
    ]
    assert isinstance(signal, TurnSentiment), "lines are never blank"
    return signal


def evaluate_direction(
    chats: Sequence[LabelledConversation], scorer: SentimentScorer, vectors: VectorStore
) -> dict[str, Any]:
    """Return how well ``direction`` and its probabilities fit the labels of whole conversations.

    The direction that the labels say is defined in :func:`training.fit.direction.labelled_direction`; conversations
    with fewer than two customer turns, or with some unlabelled, are passed over.

    Returns:
        ``direction_accuracy``, ``direction_macro_f1`` and ``direction_ece`` (of the probability of what it is called),
        with intervals, and the deletion test of the turns that carried the shift; only the number of conversations
        where there is none.
    """
    vectors.warm(turn.text for chat in chats for turn in chat.conversation.turns)
    predicted: list[str] = []
    true: list[str] = []
    sure: list[float] = []
    contexts: list[Context] = []
    for chat in chats:
        labels = {label.turn: label.label for label in chat.sentiment}
        context = replay(chat.conversation, {scorer.name: scorer.observe}, vectors)
        score: SentimentScore = scorer.score(context)
        if len(score.turns) < 2 or score.direction is None or not all(turn.turn in labels for turn in score.turns):
            continue
        contexts.append(context)
        predicted.append(score.direction)
        true.append(labelled_direction([labels[turn.turn] for turn in score.turns]))
        sure.append((score.direction_probs or {})[score.direction])
    if not true:
        return {"conversations": 0}
    right = np.array([a == b for a, b in zip(predicted, true, strict=True)])
    intervals = label_intervals(predicted, true)
    return rounded(
        {
            "conversations": len(true),
            "direction_accuracy": accuracy(predicted, true),
            "direction_macro_f1": macro_f1(predicted, true),
            "direction_ece": calibration_error(sure, right),
            "true": {name: true.count(name) for name in sorted(set(true))},
            "explanation_deletion": shift_deletions(contexts, scorer),
            "intervals": {
                "direction_accuracy": intervals["accuracy"],
                "direction_macro_f1": intervals["macro_f1"],
                "direction_ece": interval(calibration_error, (sure, right), draw_resamples(len(true))),
            },
        }
    )
