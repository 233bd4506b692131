"""Measures by slice: whether a promise that holds on average also holds in each language, length, queue and channel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAST = 100  # rows from which a slice's figures say something


def slice_figures(
    slices: Sequence[Mapping[str, str]], measure: Callable[[NDArray[np.int64]], Mapping[str, Any]]
) -> dict[str, dict[str, dict[str, Any]]]:
    """Return by dimension and slice the number of rows ``n`` and, where that is at least 100, the measures.

    Args:
        slices: Of each row its slice by dimension, e.g. ``{"language": "zh"}``; the same dimensions in each.
        measure: Takes row numbers.
    """
    figures: dict[str, dict[str, dict[str, Any]]] = {}
    for dimension in slices[0] if slices else ():
        members: dict[str, list[int]] = {}
        for row, given in enumerate(slices):
            members.setdefault(given[dimension], []).append(row)
        figures[dimension] = {
            name: {"n": len(rows), **(measure(np.array(rows)) if len(rows) >= LEAST else {})}
            for name, rows in sorted(members.items())
        }
    return figures
