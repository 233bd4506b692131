"""Joins what the members say of a conversation: logistic regression and boosted trees, averaged.

Wolpert, "Stacked generalization", 1992: fitted on what members say of conversations they have not seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from training.fit.ssa_batches import Corpus
from training.fit.ssa_logs import Logs, average, log_softmax
from training.fit.ssa_trajectory import describe_trajectories
from training.fit.ssa_trees import Trees, fit_trees

_STEPS = 1000
_LEAST_SPREAD = 0.05  # a column that hardly varies must not get a weight that explodes where it does


def gather(corpus: Corpus, net: Logs, linear: Logs, turns: Logs) -> NDArray[np.float32]:
    """Return the rows the stack reads, ``(conversations, D)``.

    Args:
        corpus: Conversations.
        net: The networks' log probabilities of satisfaction, ``(conversations, 3)``.
        linear: The linear member's.
        turns: Log probabilities of each turn's sentiment, ``(turns, 3)``.
    """
    return np.concatenate([linear, net, describe_trajectories(corpus, np.exp(turns))], axis=1).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Stack:
    """Logistic regression, ``weights`` ``(3, D)`` and ``intercept`` ``(3,)``, and trees over the same rows."""

    weights: NDArray[np.float32]
    intercept: NDArray[np.float32]
    trees: Trees

    def predict(self, x: NDArray[np.float32]) -> Logs:
        """Return log probabilities of satisfaction, ``(n, 3)``, of rows ``(n, D)``; classes weigh the same."""
        return average(log_softmax(x @ self.weights.T + self.intercept), log_softmax(self.trees.scores(x)))


def fit_stack(x: NDArray[np.float32], y: NDArray[np.int64], strength: float, rounds: int, seed: int) -> Stack:
    """Fit on rows ``(n, D)`` with classes ``(n,)`` 0…2.

    Args:
        x: What :func:`gather` returns.
        y: Classes.
        strength: Inverse of the regression's L2 penalty.
        rounds: Trees per class.
        seed: Of the trees.
    """
    center, spread = x.mean(axis=0), np.maximum(x.std(axis=0), _LEAST_SPREAD)
    model = LogisticRegression(C=strength, class_weight="balanced", max_iter=_STEPS, tol=1e-3)
    model.fit((x - center) / spread, y)
    weights = model.coef_ / spread
    intercept = model.intercept_ - weights @ center
    return Stack(weights.astype(np.float32), intercept.astype(np.float32), fit_trees(x, y, rounds, seed))
