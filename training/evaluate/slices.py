"""Measures by slice: whether a promise that holds on average also holds in each language, length, queue and channel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.domain.conversation import Conversation
from models.text.language import detect_language
from training.evaluate.agreement import calibration_error
from training.evaluate.measures import draw_resamples, interval, mean_interval

LEAST = 100  # rows from which a slice's figures say something


def slices_of(conversation: Conversation) -> Mapping[str, str]:
    """Return the slice of a conversation by dimension."""
    count = len(conversation.turns)
    return {
        "language": conversation.language or detect_language(turn.text for turn in conversation.turns),
        "turns": "1-2" if count <= 2 else "3-4" if count <= 4 else "5-7" if count <= 7 else "8+",
        "queue": conversation.queue,
        "channel": conversation.channel,
    }


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


def promises(
    covered: NDArray[np.float64],
    predicted: NDArray[np.float64],
    observed: NDArray[np.float64],
    rows: NDArray[np.int64],
) -> dict[str, Any]:
    """Return ``interval_coverage`` and ``ece`` of some rows, with 95 % bootstrap ``intervals``.

    Args:
        covered: By row the share of its ratings inside the interval.
        predicted: P(dissatisfied).
        observed: The share of raters who were.
        rows: Which rows.
    """
    draws = draw_resamples(len(rows))
    return {
        "interval_coverage": float(covered[rows].mean()),
        "ece": calibration_error(predicted[rows], observed[rows]),
        "intervals": {
            "interval_coverage": mean_interval(covered[rows], draws),
            "ece": interval(calibration_error, (predicted[rows], observed[rows]), draws),
        },
    }
