"""Measures an artifact on everything that a run has held out."""

from __future__ import annotations

from typing import Any

from models.artifacts import Artifact
from models.scorers.csat import CsatScorer
from models.scorers.sentiment import SentimentScorer
from training.data.prepared import Prepared
from training.data.vectors import VectorStore
from training.evaluate.baselines import sentiment_baselines, stc3_baselines
from training.evaluate.sentiment import evaluate_direction, evaluate_sentiment
from training.evaluate.stc3 import evaluate_stc3
from training.evaluate.surveys import evaluate_surveys
from training.evaluate.uss import evaluate_uss

_LEAST_TAUGHT = 100  # training lines of a corpus under which a model fitted on it alone says nothing

Figures = dict[str, dict[str, Any]]


def measure(artifact: Artifact, prepared: Prepared, vectors: VectorStore, *, baselines: bool) -> dict[str, Figures]:
    """Return, by component and set of held-out rows, a report as ``evaluate`` prints it.

    Args:
        artifact: Trained on the encoder of ``vectors``.
        prepared: Whose held-out rows to use.
        vectors: Encoded texts.
        baselines: Whether to add, under ``baselines``, what simple models fitted on the same training rows reach.
    """
    csat, sentiment = CsatScorer.from_artifact(artifact), SentimentScorer.from_artifact(artifact)
    by_csat: Figures = {}
    for language, test in prepared.dialogues.test.items():
        name = f"stc3-{language}"
        by_csat[name] = evaluate_stc3(test, csat, sentiment, vectors)
        if baselines:
            train = [item for item in prepared.dialogues.train if item.conversation.language == language]
            by_csat[name]["baselines"] = stc3_baselines(train, test)
    for name, dialogues in prepared.uss.items():
        if dialogues:
            by_csat[name] = evaluate_uss(dialogues, csat, sentiment, vectors)
    for name in prepared.labelled:
        if told := prepared.rated[name].test:
            by_csat[name] = evaluate_surveys(told, csat, sentiment, vectors)
    by_sentiment: Figures = {}
    for name, split in prepared.lines.items():
        if split.test:
            by_sentiment[name] = evaluate_sentiment(split.test, sentiment, vectors)
            if baselines and len(split.train) >= _LEAST_TAUGHT:
                by_sentiment[name]["baselines"] = sentiment_baselines(split.train, split.test)
    by_direction: Figures = {}
    for name, labelled in prepared.labelled.items():
        found = evaluate_direction(labelled.test, sentiment, vectors)
        if found["conversations"]:
            by_direction[name] = found
    return {"csat": by_csat, "sentiment": by_sentiment, "direction": by_direction}
