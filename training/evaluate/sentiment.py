"""Measures of the sentiment scorer on labelled lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.domain.conversation import Conversation, Turn
from models.domain.scores import TurnSentiment
from models.scorers.sentiment import SentimentScorer
from models.scorers.sentiment.head import CLASSES
from training.data.replay import replay
from training.data.sentiment import Line
from training.data.vectors import VectorStore
from training.evaluate.agreement import accuracy, macro_f1
from training.evaluate.rounding import rounded


def evaluate_sentiment(lines: Sequence[Line], scorer: SentimentScorer, vectors: VectorStore) -> dict[str, Any]:
    """Return ``accuracy`` and ``macro_f1`` over the lines.

    On a positive/negative set the likelier of the two counts.
    """
    vectors.warm(line.text for line in lines)
    true = [line.label for line in lines]
    polar = set(true) <= {"negative", "positive"}
    allowed = ("negative", "positive") if polar else CLASSES
    predicted = []
    for line in lines:
        probs = _score_line(line.text, scorer, vectors).probs
        predicted.append(max(allowed, key=lambda name: probs[name]))
    return rounded(
        {
            "lines": len(lines),
            "classes": len(allowed),
            "accuracy": accuracy(predicted, true),
            "macro_f1": macro_f1(predicted, true),
        }
    )


def _score_line(text: str, scorer: SentimentScorer, vectors: VectorStore) -> TurnSentiment:
    conversation = Conversation(id="line", turns=(Turn(0, "customer", text),))
    signal = replay(conversation, {scorer.name: scorer.observe}, vectors).signals[scorer.name][0]
    assert isinstance(signal, TurnSentiment), "lines are never blank"
    return signal
