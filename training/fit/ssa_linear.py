"""A linear ensemble member for SSA: TF-IDF of words and pairs of words, by who spoke and where, logistic regression."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from training.data.ssa import ROLES, SsaChat, SsaTurn

_NO_WORD = -1  # second of a pair that is a single word
_FIELDS = 4
_LEAST = 3  # conversations a term is in
_END = 2  # turns

Term = tuple[int, int, int]  # field, word, next word or _NO_WORD


def _fields(chat: SsaChat) -> list[list[SsaTurn]]:
    customer = [turn for turn in chat.turns if turn.role == ROLES[0]]
    agent = [turn for turn in chat.turns if turn.role != ROLES[0]]
    return [customer, agent, customer[-_END:], list(chat.turns[-_END:])]


def count_terms(chat: SsaChat) -> Counter[Term]:
    """Return how often each word and each pair of neighbours within a turn occurs in each field.

    Fields: 0 the customer's turns, 1 the agent's, 2 the customer's last two, 3 the last two of either.
    """
    counts: Counter[Term] = Counter()
    for field, turns in enumerate(_fields(chat)):
        for turn in turns:
            counts.update((field, word, _NO_WORD) for word in turn.words)
            counts.update((field, *pair) for pair in pairwise(turn.words))
    return counts


@dataclass(frozen=True, slots=True)
class LinearModel:
    """Logistic regression over TF-IDF.

    Attributes:
        terms: ``(F, 3)`` integers, each a :data:`Term`.
        idf: ``(F,)``.
        weights: ``(3, F)``, one row per level.
        intercept: ``(3,)``.
    """

    terms: NDArray[np.int32]
    idf: NDArray[np.float32]
    weights: NDArray[np.float32]
    intercept: NDArray[np.float32]

    def predict(self, chats: Sequence[SsaChat]) -> NDArray[np.float32]:
        """Return log probabilities of satisfaction, ``(n, 3)``."""
        x = _vectors([count_terms(chat) for chat in chats], self.terms, self.idf)
        scores: NDArray[np.float32] = np.asarray(x @ self.weights.T) + self.intercept
        scores -= scores.max(axis=1, keepdims=True)
        logs: NDArray[np.float32] = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        return logs


def fit_linear(chats: Sequence[SsaChat], strength: float, balanced: bool, most: int) -> LinearModel:
    """Fit on ``chats``.

    Args:
        chats: Of all three levels.
        strength: Inverse of the L2 penalty.
        balanced: True to weigh each level the same.
        most: Terms that are kept: after a first fit, those of the largest weights.
    """
    counted = [count_terms(chat) for chat in chats]
    spread = Counter(term for counts in counted for term in counts)
    frequent = sorted(term for term, count in spread.items() if count >= _LEAST)
    terms = np.array(frequent, dtype=np.int32).reshape(-1, 3)
    known_in = np.array([spread[term] for term in frequent])
    idf = (1 + np.log((1 + len(chats)) / (1 + known_in))).astype(np.float32)
    y = [chat.satisfaction - 1 for chat in chats]
    model = LogisticRegression(C=strength, class_weight="balanced" if balanced else None, max_iter=300)
    weights = model.fit(_vectors(counted, terms, idf), y).coef_
    if len(terms) > most:
        kept = np.sort(np.argsort(-np.abs(weights).max(axis=0), kind="stable")[:most])
        terms, idf = terms[kept], idf[kept]
        weights = model.fit(_vectors(counted, terms, idf), y).coef_
    return LinearModel(terms, idf, weights.astype(np.float32), model.intercept_.astype(np.float32))


def _vectors(counted: Sequence[Counter[Term]], terms: NDArray[np.int32], idf: NDArray[np.float32]) -> Any:
    """Return sparse ``(n, F)``: (1 + log count) × idf, each field's part of length 1."""
    column = {tuple(term): at for at, term in enumerate(terms.tolist())}
    values, columns, ends = [], [], [0]
    for counts in counted:
        found = sorted((column[term], 1 + np.log(n)) for term, n in counts.items() if term in column)
        at = np.array([place for place, _ in found], dtype=np.int64)
        weighed = np.array([weight for _, weight in found], dtype=np.float32) * idf[at]
        length = np.sqrt(np.bincount(terms[at, 0], weights=weighed**2, minlength=_FIELDS))
        values.append(weighed / length[terms[at, 0]])
        columns.append(at)
        ends.append(ends[-1] + len(at))
    shape = (len(counted), len(terms))
    return csr_matrix((np.concatenate(values), np.concatenate(columns), np.array(ends)), shape=shape)
