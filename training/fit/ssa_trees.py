"""Gradient-boosted trees that are kept as plain arrays.

Friedman, "Stochastic gradient boosting", 2002; grown by scikit-learn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.utils.class_weight import compute_sample_weight

_CLASSES = 3
_DEPTH = 3
_RATE = 0.05
_ROWS = 0.5  # share of the rows a tree is grown on
_COLUMNS = 0.2  # share of the columns a split chooses from
_LEAST = 20  # rows of a leaf


@dataclass(frozen=True, slots=True)
class Trees:
    """Trees, ``(t, nodes)`` each; tree ``k`` is for class ``k`` modulo 3, node 0 is its root.

    Attributes:
        column: Which column a node looks at.
        threshold: The next node is ``left`` up to this value, else ``right``.
        left: Number of a node; of a leaf its own, as for ``right``.
        right: See ``left``.
        value: What a leaf adds to the score of its class.
    """

    column: NDArray[np.int16]
    threshold: NDArray[np.float32]
    left: NDArray[np.int8]
    right: NDArray[np.int8]
    value: NDArray[np.float32]

    def scores(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the score of each class, ``(n, 3)``, for rows ``(n, D)``."""
        tree = np.arange(len(self.column))[None]
        node = np.zeros((len(x), len(self.column)), dtype=np.int64)
        for _ in range(_DEPTH):
            small = (
                np.take_along_axis(x, self.column[tree, node].astype(np.int64), axis=1) <= self.threshold[tree, node]
            )
            node = np.where(small, self.left[tree, node], self.right[tree, node]).astype(np.int64)
        by_class: NDArray[np.float32] = self.value[tree, node].reshape(len(x), -1, _CLASSES).sum(axis=1)
        return by_class


def fit_trees(x: NDArray[np.float32], y: NDArray[np.int64], rounds: int, seed: int) -> Trees:
    """Grow ``rounds`` trees per class on rows ``(n, D)`` with classes ``(n,)`` 0…2 that weigh the same."""
    model = GradientBoostingClassifier(
        init="zero",
        n_estimators=rounds,
        learning_rate=_RATE,
        max_depth=_DEPTH,
        subsample=_ROWS,
        max_features=_COLUMNS,
        min_samples_leaf=_LEAST,
        random_state=seed,
    )
    model.fit(x, y, sample_weight=compute_sample_weight("balanced", y))
    nodes = 2 ** (_DEPTH + 1) - 1
    grown = [_lay_out(estimator.tree_, nodes) for estimator in model.estimators_.ravel()]
    return Trees(*(np.stack(part) for part in zip(*grown, strict=True)))


def _lay_out(tree: Any, nodes: int) -> tuple[NDArray[Any], ...]:
    own = np.arange(tree.node_count)
    leaf = tree.children_left < 0
    parts = (
        np.where(leaf, 0, tree.feature).astype(np.int16),
        # Rounded down: a float32 that is at most the exact threshold is at most the rounded one as well.
        _round_down(tree.threshold),
        np.where(leaf, own, tree.children_left).astype(np.int8),
        np.where(leaf, own, tree.children_right).astype(np.int8),
        (_RATE * np.where(leaf, tree.value[:, 0, 0], 0.0)).astype(np.float32),
    )
    return tuple(np.pad(part, (0, nodes - tree.node_count)) for part in parts)


def _round_down(values: NDArray[np.float64]) -> NDArray[np.float32]:
    rounded = values.astype(np.float32)
    return np.where(rounded > values, np.nextafter(rounded, np.float32(-np.inf)), rounded)
