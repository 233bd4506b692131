"""Fits the sentiment scorer's temperature and the noise levels of its trajectory on held-out lines.

What a shift is called is then fitted on whole conversations, by ``training.fit.direction``.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from models.domain.scores import TurnSentiment
from models.scorers.sentiment.before import service_before
from models.scorers.sentiment.head import CLASSES, SentimentHead
from models.scorers.sentiment.trajectory import TrajectoryRule, opening_index, smooth
from models.text.pii import mask
from training.config import SentimentFit
from training.data.sentiment import Line
from training.data.vectors import VectorStore
from training.fit.calibrate import fit_temperature

_CHATS = 4000
_TURNS = (2, 8)
_CALM_SHARE = 0.95  # of chats of plain lines only that must come out flat
_STEADY_SHARE = 0.99  # of their steps that must not be turning points
_LEAST_BAND, _LEAST_STEP = 0.15, 0.3


def fit_sentiment_rule(
    lines: Sequence[Line], calm: Sequence[Line], vectors: VectorStore, directory: Path, fit: SentimentFit, seed: int
) -> dict[str, Any]:
    """Return the component's configuration: ``temperature`` and ``trajectory``, with a band instead of a direction.

    ``flat_band`` and ``turning_step`` are noise levels: chats are drawn at random from ``calm`` lines, where nothing
    moves, and the thresholds are set so that 95 % of these are flat and 99 % of their steps no turning point
    (but never below 0.15 and 0.3, smaller than which no reader would call it a change).

    Args:
        lines: Calibration lines of all three classes.
        calm: Held-out neutral lines of service chats.
        vectors: Encoded texts.
        directory: The fitted head.
        fit: The fitting's settings, with the gains.
        seed: Of the drawing.
    """
    head = SentimentHead.load(directory, fit.lexical_share, 1.0)
    probs = np.array([_probabilities(head, line, vectors) for line in lines])
    targets = np.eye(len(CLASSES))[[CLASSES.index(line.label) for line in lines]]
    temperature = fit_temperature(probs, targets)
    calm_head = SentimentHead.load(directory, fit.lexical_share, temperature)
    noise = [_probabilities(calm_head, line, vectors) for line in calm]
    gains = {"neutral_gain": fit.neutral_gain, "emotional_gain": fit.emotional_gain}
    still = TrajectoryRule.from_config({**gains, "turning_step": _LEAST_STEP, "flat_band": _LEAST_BAND})
    band, step = _noise(noise, still, seed)
    return {
        "temperature": temperature,
        "lexical_share": fit.lexical_share,
        "trajectory": {
            **gains,
            "flat_band": max(round(band, 3), _LEAST_BAND),
            "turning_step": max(round(step, 3), _LEAST_STEP),
        },
    }


def _probabilities(head: SentimentHead, line: Line, vectors: VectorStore) -> tuple[float, float, float]:
    said = [(role, vectors.vector(text)) for role, text in line.context]
    reading = head.read(vectors.matrix([line.text])[0], mask(line.text), service_before(said))
    return reading.negative, reading.neutral, reading.positive


def _noise(calm: Sequence[tuple[float, float, float]], rule: TrajectoryRule, seed: int) -> tuple[float, float]:
    """Return the quantiles of |shift| and |step| in chats drawn from neutral lines' probabilities."""
    source = random.Random(seed)
    shifts: list[float] = []
    steps: list[float] = []
    for _ in range(_CHATS):
        drawn = source.choices(calm, k=source.randint(*_TURNS))
        turns = [
            TurnSentiment(at, "customer", probs[2] - probs[0], dict(zip(CLASSES, probs, strict=True)))
            for at, probs in enumerate(drawn)
        ]
        levels = [level for level, _ in smooth(turns, rule)]
        shifts.append(abs(levels[-1] - levels[opening_index(len(levels))]))
        steps.extend(abs(after - before) for before, after in pairwise(levels))
    return float(np.quantile(shifts, _CALM_SHARE)), float(np.quantile(steps, _STEADY_SHARE))
