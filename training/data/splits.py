"""Splits by a draw from a group's name and the seed alone, whatever the order of the rows.

The groups with the lowest draws are held out, as many as are asked for. A group that is added and drawn low moves the
last ones of each set on to the next, at last to those that are learnt from; one that is drawn high moves none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping


def draw(group: str, seed: int) -> float:
    """Return a number in [0, 1) that depends on ``group`` and ``seed`` only."""
    digest = hashlib.sha256(f"{seed}:{group}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def hold_out(groups: Iterable[str], sizes: Iterable[int], seed: int) -> list[set[str]]:
    """Return disjoint sets of groups, one per size, and last the set of all others.

    All rows of a group (a dialogue and its translation, a text and its copies) fall into the same set.
    """
    return hold_out_rows(dict.fromkeys(groups, 1), sizes, seed)


def hold_out_rows(rows: Mapping[str, int], sizes: Iterable[int], seed: int) -> list[set[str]]:
    """Return disjoint sets of groups that hold at least so many rows as wanted, and last the set of all others.

    Args:
        rows: By group its number of rows.
        sizes: Wanted rows per set; a set ends with the group that reaches its size, so groups stay whole.
        seed: Of the order in which groups are taken.
    """
    ordered = iter(sorted(rows, key=lambda group: (draw(group, seed), group)))
    parts: list[set[str]] = []
    for size in sizes:
        part: set[str] = set()
        count = 0
        while count < size and (group := next(ordered, None)) is not None:
            part.add(group)
            count += rows[group]
        parts.append(part)
    return [*parts, set(ordered)]
