"""The classifier of one message's acts, in numpy: several may hold at once, each has a probability of its own.

Two members as in the sentiment head: networks of one hidden layer read vectors, a linear model reads words (wide and
deep, Cheng et al., DLRS 2016). Words are counted in one spelling, so that what is written to evade shares its bucket.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from models.domain.acts import ACTS, acts_of
from models.text.ngrams import Ngrams, count_ngrams, weigh_ngrams
from models.text.normalise import normalise

BUCKETS = 2**14  # of hashed words
MARKS = 5  # inputs beside the two vectors
WEIGHTS_NAME = "head.safetensors"

_DIGIT = re.compile(r"\d")

_Array = NDArray[np.float32]


def head_inputs(text: str, role: str, vector: _Array, before: _Array | None) -> _Array:
    """Return the networks' raw input, shape ``(2 d + MARKS,)``: the message's vector, marks, the other side's vector.

    Args:
        text: Of the message, personal data masked.
        role: ``agent`` or ``customer``.
        vector: Of the message, shape ``(d,)``.
        before: Of what the other side said before, or ``None``.
    """
    said = np.zeros_like(vector) if before is None else before
    marks = [
        float(role == "agent"),
        float(before is not None),
        math.log1p(len(text)) / 5.0,
        float("?" in text or "？" in text),
        float("!" in text or "！" in text),
    ]
    return np.concatenate([vector, marks, said]).astype(np.float32)


def head_ngrams(text: str) -> Ngrams:
    """Return the buckets of a message's words in one spelling, every figure read as 0, and how often each occurs."""
    return count_ngrams(_DIGIT.sub("0", normalise(text).text), BUCKETS)


@dataclass(frozen=True, slots=True)
class ActsHead:
    """Weights of both members, for ``A = len(ACTS)`` acts.

    The networks' logits are ``W2 · relu(W1 · (x - mean) / scale + b1) + b2``, averaged over ``members`` networks; the
    linear model's are ``bias + Σ tfidf · words``.

    Attributes:
        mean: Of the inputs in training, shape ``(2 d + MARKS,)``.
        scale: Their standard deviation, same shape.
        w1: Shape ``(members, hidden, 2 d + MARKS)``; ``b1`` ``(members, hidden)``; ``w2`` ``(members, A, hidden)``;
            ``b2`` ``(members, A)``.
        rarity: Inverse document frequency by bucket, ``(BUCKETS,)``.
        words: Weights by bucket, ``(BUCKETS, A)``.
        bias: ``(A,)``.
        share: Of the linear model in the logits, 0…1.
        slope: By act, ``(A,)``: calibrated logits are ``slope · logit + shift``; fitted on left-out folds.
        shift: By act, ``(A,)``.
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
    slope: _Array
    shift: _Array

    @classmethod
    def load(cls, directory: Path, share: float) -> ActsHead:
        """Read the weights from ``directory``; stored as 16-bit floats, used as 32-bit."""
        stored = load_file(directory / WEIGHTS_NAME)
        return cls(**{name: tensor.astype(np.float32) for name, tensor in stored.items()}, share=share)

    def logits(self, text: str, role: str, vector: _Array, before: _Array | None) -> NDArray[np.float64]:
        """Return the logits of all acts, shape ``(A,)``, not calibrated; arguments as in :func:`head_inputs`."""
        x = (head_inputs(text, role, vector, before) - self.mean) / self.scale
        total = np.zeros(len(ACTS), dtype=np.float64)
        for w1, b1, w2, b2 in zip(self.w1, self.b1, self.w2, self.b2, strict=True):
            total += w2 @ np.maximum(w1 @ x + b1, 0.0) + b2
        ngrams = head_ngrams(text)
        lexical = self.bias + weigh_ngrams(ngrams, self.rarity) @ self.words[ngrams[0]]
        return np.asarray((1.0 - self.share) * total / len(self.w1) + self.share * lexical)

    def probabilities(self, text: str, role: str, vector: _Array, before: _Array | None) -> dict[str, float]:
        """Return the probability of each act that ``role`` can perform."""
        z = self.slope * self.logits(text, role, vector, before) + self.shift
        p = 1.0 / (1.0 + np.exp(-np.clip(z, -30.0, 30.0)))
        return {act: float(p[ACTS.index(act)]) for act in acts_of(role)}
