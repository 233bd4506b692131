"""The linear members for SSA: TF-IDF of words and pairs of words in several fields, logistic regression."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array, hstack
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize

from training.fit.ssa_batches import PADDING, Corpus
from training.fit.ssa_fields import Field, conversation_fields, turn_fields
from training.fit.ssa_logs import log_softmax

_BASE = 1 << 20  # more than there are words
_STEPS = 300


class _Kind(NamedTuple):
    """What is read, and in how many rows of a field a term has to be."""

    fields: Callable[[Corpus], list[Field]]
    least: int


_KINDS = {"conversation": _Kind(conversation_fields, 3), "turn": _Kind(turn_fields, 5)}


@dataclass(frozen=True, slots=True)
class LinearModel:
    """Logistic regression over TF-IDF; reads conversations or turns.

    Attributes:
        kind: ``conversation`` or ``turn``.
        terms: ``(F, 3)`` integers in ascending order: field, word, next word or ``PADDING`` for a single word.
        idf: ``(F,)``.
        weights: ``(3, F)``, one row per class; of turns ``(3, F + FEATURES)``.
        intercept: ``(3,)``.
    """

    kind: str
    terms: NDArray[np.int32]
    idf: NDArray[np.float32]
    weights: NDArray[np.float32]
    intercept: NDArray[np.float32]

    def predict(self, corpus: Corpus) -> NDArray[np.float32]:
        """Return log probabilities of the classes, ``(conversations, 3)`` or ``(turns, 3)``."""
        x = _vectors(corpus, self.kind, self.terms, self.idf)
        return log_softmax(np.asarray(x @ self.weights.T) + self.intercept)


def fit_linear(corpus: Corpus, kind: str, strength: float, most: int) -> LinearModel:
    """Fit on ``corpus``: on satisfaction with each level weighed the same, or on the sentiment of turns.

    Args:
        corpus: With all three classes.
        kind: ``conversation`` or ``turn``.
        strength: Inverse of the L2 penalty.
        most: Terms that are kept: after a first fit, those of the largest weights.
    """
    terms, idf = _find_terms(corpus, kind)
    of_turns = kind == "turn"
    y = (corpus.sentiment if of_turns else corpus.satisfaction).numpy()
    model = LogisticRegression(C=strength, class_weight=None if of_turns else "balanced", max_iter=_STEPS, tol=1e-3)
    weights = model.fit(_vectors(corpus, kind, terms, idf), y).coef_
    if len(terms) > most:
        largest = np.argsort(-np.abs(weights[:, : len(terms)]).max(axis=0), kind="stable")
        kept = np.sort(largest[:most])
        terms, idf = terms[kept], idf[kept]
        weights = model.fit(_vectors(corpus, kind, terms, idf), y).coef_
    return LinearModel(kind, terms, idf, weights.astype(np.float32), model.intercept_.astype(np.float32))


def _find_terms(corpus: Corpus, kind: str) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    _, keys = _occurrences(corpus)
    found, counts = np.unique(keys, return_counts=True)
    fields, least = _KINDS[kind]
    found = found[counts >= least]
    by_turn = _count(corpus, found)
    terms, idf = [], []
    for number, field in enumerate(fields(corpus)):
        spread = np.asarray(((field.adds @ by_turn) > 0).sum(axis=0)).ravel()
        kept = (spread >= least) & (field.pairs | (found % _BASE == PADDING))
        terms.append(np.stack([np.full(kept.sum(), number), found[kept] // _BASE, found[kept] % _BASE], axis=1))
        idf.append(1 + np.log((1 + field.adds.shape[0]) / (1 + spread[kept])))
    return np.concatenate(terms).astype(np.int32), np.concatenate(idf).astype(np.float32)


def _occurrences(corpus: Corpus) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the turn and the key, ``word * _BASE + next``, of each word and each pair of neighbours in a turn."""
    words = corpus.words.numpy().astype(np.int64)
    turns, places = (words != PADDING).nonzero()
    singles = words[turns, places] * _BASE
    following = np.pad(words, ((0, 0), (0, 1)), constant_values=PADDING)[turns, places + 1]
    paired = following != PADDING
    return np.concatenate([turns, turns[paired]]), np.concatenate([singles, (singles + following)[paired]])


def _count(corpus: Corpus, keys: NDArray[np.int64]) -> csr_matrix:
    """Return how often each of the ascending ``keys`` occurs in each turn, ``(turns, keys)``."""
    turns, occurring = _occurrences(corpus)
    at = np.searchsorted(keys, occurring).clip(max=len(keys) - 1)
    known = keys[at] == occurring
    ones = np.ones(known.sum(), np.float32)
    return csr_matrix((ones, (turns[known], at[known])), shape=(len(corpus.words), len(keys)))


def _vectors(corpus: Corpus, kind: str, terms: NDArray[np.int32], idf: NDArray[np.float32]) -> Any:
    """Return sparse ``(rows, F)``: (1 + log count) × idf, each field's part of its length; for turns and FEATURES."""
    wide = terms.astype(np.int64)
    keys, column = np.unique(wide[:, 1] * _BASE + wide[:, 2], return_inverse=True)
    by_turn = _count(corpus, keys)
    blocks: list[Any] = []
    for number, field in enumerate(_KINDS[kind].fields(corpus)):
        mine = terms[:, 0] == number
        if not mine.any():
            continue
        block = csr_matrix((field.adds @ by_turn)[:, column[mine]])
        block.data = 1 + np.log(block.data)
        blocks.append(normalize(block @ diags_array(idf[mine])) * np.float32(field.length))
    if kind == "turn":
        blocks.append(csr_matrix(corpus.features.numpy()))
    return hstack(blocks).tocsr()
