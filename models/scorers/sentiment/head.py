"""The classifier of one customer turn, in numpy, so that scoring needs no torch.

Two members: networks of one hidden layer that read the turn's vector, its marks of tone and the vector of what the
service said before; and a linear model of its words, which sees what a vector blurs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from models.scorers.sentiment.features import tone_features
from models.text.ngrams import count_ngrams, weigh_ngrams

CLASSES = ("negative", "neutral", "positive")
BUCKETS = 2**15  # of hashed words
WEIGHTS_NAME = "head.safetensors"

_Array = NDArray[np.float32]


def head_inputs(text: str, vector: _Array, before: _Array | None) -> _Array:
    """Return the networks' raw input, shape ``(2 d + 9,)``: vector, tone, whether and what the service said before.

    Args:
        text: Of the turn.
        vector: Of the turn, shape ``(d,)``.
        before: Of the service's turn that this one answers, or ``None``.
    """
    said = np.zeros_like(vector) if before is None else before
    return np.concatenate([vector, tone_features(text), [np.float32(before is not None)], said]).astype(np.float32)


class Reading(NamedTuple):
    """What the head reads in one text.

    Attributes:
        negative: Probability; the three sum to 1.
        neutral: Probability.
        positive: Probability.
        intensity: How strong the feeling is, 0 (none) … 1; ``None`` from a head that was not taught it.
    """

    negative: float
    neutral: float
    positive: float
    intensity: float | None


@dataclass(frozen=True, slots=True)
class SentimentHead:
    """Weights of both members.

    The networks' logits are ``W2 · relu(W1 · (x − mean) / scale + b1) + b2``, averaged over ``members`` networks; the
    linear model's are ``bias + Σ tfidf · words``. The
    intensity is a linear model of the networks' hidden layers h, ``Σ intensity · h + intensity_bias``, cut to 0…1.

    Attributes:
        mean: Of the inputs in training, shape ``(2 d + 9,)`` for vectors of width ``d``.
        scale: Their standard deviation, same shape.
        w1: Shape ``(members, hidden, 2 d + 9)``; ``b1`` ``(members, hidden)``; ``w2`` ``(members, 3, hidden)``;
            ``b2`` ``(members, 3)``.
        rarity: Inverse document frequency by bucket, ``(BUCKETS,)``.
        words: Weights by bucket, ``(BUCKETS, 3)``.
        bias: ``(3,)``.
        share: Of the linear model in the logits, 0…1.
        temperature: Divides the logits; fitted on held-out lines.
        intensity: ``(members, hidden)``; ``None`` in older artifacts and where no line told any.
        intensity_bias: ``(1,)``, or ``None``.
    """

    mean: _Array
    scale: _Array
    w1: _Array
    b1: _Array
    w2: _Array
    b2: _Array
    rarity: _Array
    words: _Array
    bias: _Array
    share: float
    temperature: float
    intensity: _Array | None = None
    intensity_bias: _Array | None = None

    @classmethod
    def load(cls, directory: Path, share: float, temperature: float) -> SentimentHead:
        """Read the weights from ``directory``; stored as 16-bit floats, used as 32-bit."""
        stored = load_file(directory / WEIGHTS_NAME)
        weights = {name: tensor.astype(np.float32) for name, tensor in stored.items()}
        return cls(**weights, share=share, temperature=temperature)

    def read(self, vector: _Array, text: str, before: _Array | None = None) -> Reading:
        """Return what is read in one text; arguments as in :func:`head_inputs`."""
        x = (head_inputs(text, vector, before) - self.mean) / self.scale
        total = np.zeros(len(CLASSES), dtype=np.float64)
        hidden = [np.maximum(w1 @ x + b1, 0.0) for w1, b1 in zip(self.w1, self.b1, strict=True)]
        for h, w2, b2 in zip(hidden, self.w2, self.b2, strict=True):
            total += w2 @ h + b2
        ngrams = count_ngrams(text, BUCKETS)
        lexical = self.bias + weigh_ngrams(ngrams, self.rarity) @ self.words[ngrams[0]]
        z = ((1.0 - self.share) * total / len(self.w1) + self.share * lexical) / self.temperature
        p = np.exp(z - z.max())
        p /= p.sum()
        return Reading(float(p[0]), float(p[1]), float(p[2]), self._strength(hidden))

    def _strength(self, hidden: Sequence[_Array]) -> float | None:
        if self.intensity is None or self.intensity_bias is None:
            return None
        strength = float(self.intensity_bias[0]) + float(np.sum(self.intensity * np.stack(hidden), dtype=np.float64))
        return min(max(strength, 0.0), 1.0)
