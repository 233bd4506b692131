"""Log probabilities of three classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Logs = NDArray[np.float32]


def log_softmax(scores: NDArray[np.floating[Any]]) -> Logs:
    """Return log probabilities ``(n, 3)`` of scores ``(n, 3)``."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    logs: Logs = (shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))).astype(np.float32)
    return logs


def average(*members: NDArray[np.floating[Any]]) -> Logs:
    """Return log probabilities ``(n, 3)``: the geometric mean of the members' probabilities, made to add up to 1."""
    return log_softmax(np.mean(members, axis=0))
