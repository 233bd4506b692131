"""Groups texts of like length into batches, so that little is padded."""

from __future__ import annotations

from collections.abc import Sequence


def token_budget_batches(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Sort by length and cut into batches of at most ``budget`` tokens, padding counted.

    Args:
        lengths: The number of tokens of each text.
        budget: The most a batch may hold: its number of texts times the length of its longest.

    Returns:
        Batches of indices into ``lengths``, the longest texts first, each index once. A text longer than the budget
        makes a batch of its own.
    """
    batches: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda at: (-lengths[at], at)):
        longest = lengths[batches[-1][0]] if batches else 0
        if batches and longest * (len(batches[-1]) + 1) <= budget:
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches
