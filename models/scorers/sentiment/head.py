"""The classifier on top of the encoder: one hidden layer, in numpy, so that scoring needs no torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from models.scorers.sentiment.features import tone_features

CLASSES = ("negative", "neutral", "positive")
WEIGHTS_NAME = "head.safetensors"


@dataclass(frozen=True, slots=True)
class SentimentHead:
    """Weights of ``softmax(W2 · relu(W1 · (x − mean) / scale + b1) + b2)`` averaged over ``members`` networks.

    Attributes:
        mean: Of the inputs in training, shape ``(d + 8,)`` for vectors of width ``d``.
        scale: Their standard deviation, same shape.
        w1: Shape ``(members, hidden, d + 8)``; ``b1`` ``(members, hidden)``; ``w2`` ``(members, 3, hidden)``;
            ``b2`` ``(members, 3)``.
        temperature: Divides the mean logits; fitted on held-out lines.
    """

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    w1: NDArray[np.float32]
    b1: NDArray[np.float32]
    w2: NDArray[np.float32]
    b2: NDArray[np.float32]
    temperature: float

    @classmethod
    def load(cls, directory: Path, temperature: float) -> SentimentHead:
        """Read the weights from ``directory``; stored as 16-bit floats, used as 32-bit."""
        stored = load_file(directory / WEIGHTS_NAME)
        weights = {name: tensor.astype(np.float32) for name, tensor in stored.items()}
        return cls(**weights, temperature=temperature)

    def logits(self, vector: NDArray[np.float32], text: str) -> NDArray[np.float64]:
        """Return the three logits, before the temperature, of one text and its vector of shape ``(d,)``."""
        x = (np.concatenate([vector, tone_features(text)]) - self.mean) / self.scale
        total = np.zeros(len(CLASSES), dtype=np.float64)
        for w1, b1, w2, b2 in zip(self.w1, self.b1, self.w2, self.b2, strict=True):
            total += w2 @ np.maximum(w1 @ x + b1, 0.0) + b2
        return total / len(self.w1)

    def probabilities(self, vector: NDArray[np.float32], text: str) -> tuple[float, float, float]:
        """Return P(negative), P(neutral), P(positive) of one text; they sum to 1."""
        z = self.logits(vector, text) / self.temperature
        p = np.exp(z - z.max())
        p /= p.sum()
        return float(p[0]), float(p[1]), float(p[2])
