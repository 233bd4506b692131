"""Measures of the sentiment scorer on labelled lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from models.domain.conversation import Conversation, Turn
from models.domain.scores import TurnSentiment
from models.scorers.sentiment import SentimentScorer
from models.scorers.sentiment.head import CLASSES
from training.data.replay import replay
from training.data.sentiment import MOST_INTENSE, Line
from training.data.vectors import VectorStore
from training.evaluate.agreement import accuracy, calibration_error, macro_f1, spearman
from training.evaluate.measures import draw_resamples, interval, label_intervals, mean_interval
from training.evaluate.rounding import rounded


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
