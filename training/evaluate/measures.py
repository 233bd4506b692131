"""Every measure's direction, and bootstrap intervals: how far a figure could be off by the luck of the sample.

Intervals are percentile intervals (Efron 1979) of 1,000 resamples of whole conversations (or lines) with a fixed seed,
so a report repeats to the digit. They tell sampling error only, not how the data differ from a user's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Direction = Literal["higher", "lower", "target"]

# "target": best where it equals what was promised; the coverage of a 90 % interval should be 0.9, not 1.
DIRECTION: Mapping[str, Direction] = {
    **dict.fromkeys((f"{quality}_{name}" for quality in "SAE" for name in ("NMD", "RSNOD")), "lower"),
    "nugget_JSD": "lower",
    "nugget_RNSS": "lower",
    "S_spearman": "higher",
    "unsat_auc": "higher",
    "interval_coverage": "target",
    "interval_width": "lower",
    "ece": "lower",
    "S_mae": "lower",
    "S_mae_abstained": "higher",
    "abstain_share": "lower",
    "label_accuracy": "higher",
    "label_macro_f1": "higher",
    "resolution_auc": "higher",
    "resolution_spearman": "higher",
    "resolution_ece": "lower",
    **dict.fromkeys((f"prefix{percent}" for percent in (25, 50, 75, 100)), "higher"),
    "explanation_deletion_ratio": "higher",
    "accuracy": "higher",
    "intensity_mae": "lower",
    "intensity_spearman": "higher",
    "macro_f1": "higher",
    "spearman": "higher",
    "dialogue_macro_f1": "higher",
    "dialogue_spearman": "higher",
    "precision": "higher",
    "recall": "higher",
    "f1": "higher",
    "forbidden_false_positive_rate": "lower",
    "direction_accuracy": "higher",
    "direction_macro_f1": "higher",
    "direction_ece": "lower",
    "satisfaction_macro_f1": "higher",
    "satisfaction_accuracy": "higher",
    "customer_sentiment_macro_f1": "higher",
}
RESAMPLES = 1000
LEVEL = 0.95
_SEED = 20261122

Draws = NDArray[np.int64]


def draw_resamples(items: int, resamples: int = RESAMPLES) -> Draws:
    """Return indices of ``items`` things drawn with replacement, shape ``(resamples, items)``; always the same."""
    return np.random.default_rng(_SEED).integers(0, items, size=(resamples, items))


def mean_interval(values: ArrayLike, draws: Draws) -> list[float]:
    """Return the interval of the mean of ``values``, one per thing drawn."""
    return _percentiles(np.asarray(values, dtype=np.float64)[draws].mean(axis=1))


def interval(statistic: Callable[..., float | None], columns: Sequence[ArrayLike], draws: Draws) -> list[float] | None:
    """Return the interval of ``statistic`` over ``columns``, each with one row per thing drawn.

    Resamples for which the statistic is not defined are left out; ``None`` where it never is.
    """
    arrays = [np.asarray(column) for column in columns]
    return _some(statistic(*(array[rows] for array in arrays)) for rows in draws)


def grouped_interval(
    statistic: Callable[..., float | None], columns: Sequence[ArrayLike], groups: Sequence[int]
) -> list[float] | None:
    """Return the interval of ``statistic`` where rows belong together (turns of a dialogue): whole groups are drawn.

    Args:
        statistic: Of the columns.
        columns: One row each.
        groups: The group of each row, numbered from 0.
    """
    arrays = [np.asarray(column) for column in columns]
    members = np.split(np.argsort(groups, kind="stable"), np.cumsum(np.bincount(groups))[:-1])
    draws = draw_resamples(len(members))
    return _some(
        statistic(*(array[rows] for array in arrays))
        for rows in (np.concatenate([members[group] for group in draw]) for draw in draws)
    )


def wilson_interval(hits: int, tries: int) -> list[float] | None:
    """Return Wilson's 95 % interval of a share (Wilson 1927): right for few tries and shares near 0 and 1, too."""
    if not tries:
        return None
    z = 1.959964
    share, squared = hits / tries, z * z / tries
    middle = (share + squared / 2) / (1 + squared)
    half = z / (1 + squared) * np.sqrt(share * (1 - share) / tries + squared / tries / 4)
    return [float(max(middle - half, 0.0)), float(min(middle + half, 1.0))]


def confusion(predicted: Sequence[str], true: Sequence[str], labels: Sequence[str]) -> NDArray[np.int64]:
    """Return how often each true label (rows) got each predicted one (columns)."""
    place = {label: at for at, label in enumerate(labels)}
    table = np.zeros((len(labels), len(labels)), dtype=np.int64)
    np.add.at(table, ([place[label] for label in true], [place[label] for label in predicted]), 1)
    return table


def label_intervals(predicted: Sequence[str], true: Sequence[str]) -> dict[str, list[float]]:
    """Return the intervals of ``accuracy`` and ``macro_f1`` over independent items.

    Resampling items is drawing the cells of their confusion table, which takes no time for any number of items.
    """
    labels = sorted({*true, *predicted})
    table = confusion(predicted, true, labels)
    size = int(table.sum())
    drawn = np.random.default_rng(_SEED).multinomial(size, table.ravel() / size, size=RESAMPLES)
    tables = drawn.reshape(RESAMPLES, len(labels), len(labels)).astype(np.float64)
    hits = np.diagonal(tables, axis1=1, axis2=2)
    real, said = tables.sum(axis=2), tables.sum(axis=1)
    f1 = np.divide(2 * hits, real + said, out=np.zeros_like(hits), where=real + said > 0)
    counted = real > 0
    return {
        "accuracy": _percentiles(hits.sum(axis=1) / size),
        "macro_f1": _percentiles((f1 * counted).sum(axis=1) / counted.sum(axis=1)),
    }


def macro_f1_of(predicted: NDArray[Any], true: NDArray[Any]) -> float:
    """Return what ``agreement.macro_f1`` does, on arrays: fast enough for resampling."""
    scores = []
    for label in np.unique(true):
        said, real = predicted == label, true == label
        scores.append(2 * np.count_nonzero(said & real) / (np.count_nonzero(said) + np.count_nonzero(real)))
    return float(np.mean(scores))


def _some(values: Any) -> list[float] | None:
    defined = [value for value in values if value is not None]
    return _percentiles(np.array(defined)) if defined else None


def _percentiles(values: NDArray[np.float64]) -> list[float]:
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return [float(low), float(high)]
