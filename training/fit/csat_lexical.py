"""Fits the linear member of the satisfaction ensemble: ridge regression on weighted words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import Ridge

from models.scorers.csat.lexical import FIGURES, PARTS, WEIGHTS_NAME, as_shares, part_ngrams, round_figures
from models.scorers.csat.network import LEVELS, QUALITIES
from models.scorers.csat.rounds import BUCKETS
from models.text.ngrams import weigh_ngrams
from training.fit.csat_examples import RatedExample

_STEPS = 127  # of an 8-bit weight, either way


@dataclass(frozen=True, slots=True)
class LexicalInputs:
    """Examples for the regression.

    Attributes:
        rarity: Inverse document frequency by part and bucket.
        inputs: One row an example, ``(n, 6 · BUCKETS + FIGURES)``.
        quality: Targets, ``(n, 15)``, zeros where nobody was asked.
        weight: Of each quality of each example, ``(n, 3)``.
    """

    rarity: NDArray[np.float32]
    inputs: csr_matrix
    quality: NDArray[np.float64]
    weight: NDArray[np.float64]

    @classmethod
    def of(cls, examples: Sequence[RatedExample]) -> LexicalInputs:
        """Lay out the examples."""
        ngrams = [part_ngrams(example.rounds) for example in examples]
        found = np.zeros((len(PARTS), BUCKETS), dtype=np.float64)
        for parts in ngrams:
            for part, (places, _) in enumerate(parts):
                found[part, places] += 1.0
        rarity = (np.log((1.0 + len(examples)) / (1.0 + found)) + 1.0).astype(np.float16).astype(np.float32)
        blocks = []
        for part in range(len(PARTS)):
            buckets = [parts[part][0] for parts in ngrams]
            weights = [weigh_ngrams(parts[part], rarity[part]) for parts in ngrams]
            ends = np.cumsum([0, *(len(row) for row in buckets)])
            shape = (len(examples), BUCKETS)
            blocks.append(csr_matrix((np.concatenate(weights), np.concatenate(buckets), ends), shape=shape))
        blocks.append(csr_matrix(np.array([round_figures(example.rounds) for example in examples])))
        quality = np.array([example.quality for example in examples])
        asked = quality.sum(axis=-1) * np.array([example.weight for example in examples])[:, None]
        return cls(rarity, csr_matrix(hstack(blocks)), quality.reshape(len(examples), -1), asked)


def fit_lexical(inputs: LexicalInputs, rows: NDArray[np.int64], strength: float) -> NDArray[np.float64]:
    """Return weights and, last, bias, shape ``(6 · BUCKETS + FIGURES + 1, 15)``.

    Args:
        inputs: All examples.
        rows: Which to fit on.
        strength: Of the ridge penalty.
    """
    columns = []
    for quality in range(len(QUALITIES)):
        targets = inputs.quality[rows, quality * LEVELS : (quality + 1) * LEVELS]
        weight = inputs.weight[rows, quality]
        used = weight > 0
        model = Ridge(alpha=strength, solver="sparse_cg")
        model.fit(inputs.inputs[rows[used]], targets[used], weight[used])
        columns.append(np.concatenate([model.coef_.T, model.intercept_[None]]))
    return np.concatenate(columns, axis=1)


def predict_lexical(
    weights: NDArray[np.float64], inputs: LexicalInputs, rows: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return quality distributions, shape ``(len(rows), 3, 5)``."""
    outputs = inputs.inputs[rows] @ weights[:-1] + weights[-1]
    return as_shares(np.asarray(outputs).reshape(len(rows), len(QUALITIES), LEVELS))


def save_lexical(weights: NDArray[np.float64], inputs: LexicalInputs, out: Path) -> None:
    """Write the regression as the scorer reads it."""
    words = weights[: -FIGURES - 1].reshape(len(PARTS), BUCKETS, -1)
    steps = np.maximum(np.abs(words).max(axis=1), 1e-9) / _STEPS
    stored = {
        "rarity": inputs.rarity.astype(np.float16),
        "weights": np.round(words / steps[:, None]).astype(np.int8),
        "steps": steps.astype(np.float32),
        "figures": weights[-FIGURES - 1 : -1].astype(np.float32),
        "bias": weights[-1].astype(np.float32),
    }
    (out / WEIGHTS_NAME).write_bytes(save({name: np.ascontiguousarray(part) for name, part in stored.items()}))
