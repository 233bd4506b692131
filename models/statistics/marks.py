"""Marks as counts: how many raters put a unit into a category."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Counts: TypeAlias = NDArray[np.float64]
Marks: TypeAlias = Sequence[Sequence[Hashable | None]]
"""One row per rater, one column per unit; ``None`` where the rater did not mark the unit."""


def units_of(marks: Marks) -> list[list[Hashable]]:
    """Return the marks of each unit, without the missing ones.

    Raises:
        ValueError: If the rows differ in length, or a mark is NaN.
    """
    if len({len(row) for row in marks}) > 1:
        raise ValueError("every rater needs one mark (or None) per unit: the rows differ in length")
    units = [[mark for mark in column if mark is not None] for column in zip(*marks, strict=True)]
    if any(mark != mark for unit in units for mark in unit):
        raise ValueError("a mark is NaN; a missing mark is None")
    return units


def count_marks(units: Sequence[Sequence[Hashable]], categories: Sequence[Hashable]) -> Counts:
    """Return how many raters put each unit into each category, shape ``(units, categories)``.

    Raises:
        ValueError: If a mark is none of ``categories``.
    """
    place = {category: index for index, category in enumerate(categories)}
    counts = np.zeros((len(units), len(place)))
    for row, unit in enumerate(units):
        for mark in unit:
            if mark not in place:
                raise ValueError(f"{mark!r} is none of the categories")
            counts[row, place[mark]] += 1
    return counts


def used_categories(units: Sequence[Sequence[Hashable]]) -> list[Hashable]:
    """Return the categories that occur, in order of first use."""
    return list(dict.fromkeys(mark for unit in units for mark in unit))
