"""Splits that are a function of a group's name and the seed alone: adding rows moves no other row."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def draw(group: str, seed: int) -> float:
    """Return a number in [0, 1) that depends on ``group`` and ``seed`` only."""
    digest = hashlib.sha256(f"{seed}:{group}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def hold_out(groups: Iterable[str], sizes: Iterable[int], seed: int) -> list[set[str]]:
    """Return disjoint sets of groups, one per size, and last the set of all others.

    All rows of a group (a dialogue and its translation, a text and its copies) fall into the same set.
    """
    ordered = sorted(set(groups), key=lambda group: (draw(group, seed), group))
    parts, start = [], 0
    for size in sizes:
        parts.append(set(ordered[start : start + size]))
        start += size
    return [*parts, set(ordered[start:])]
