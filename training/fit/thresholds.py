"""Chooses a playbook's thresholds of acts on labelled conversations, and measures how sure its verdicts are.

By coordinate: each dial in turn is set where the mean F1 of ``fail`` over the checks it touches is best, neighbours
counted in so that no lucky point wins; more false accusations of a forbidden check than allowed cost more than F1 can
bring. What is reported is cross-validated: every conversation by thresholds that were chosen without its part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from training.fit.dials import Bench, Dial, Setting

ACT_STEPS = (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.99)
BACKED_STEPS = (0.001, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6)  # the least takes next to nothing back
_ROUNDS = 4
_COST = 10.0  # of a false accusation rate above the bound, in F1
_NEIGHBOURS = (0.25, 0.5, 0.25)
_PRIOR = 4.0  # verdicts that a check's overall accuracy counts for in the confidence of one kind of verdict
_LEAST_GAIN = 0.02  # in F1, for which a dial is turned at all: less is mostly luck
_FAIL = "fail"

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Tuned:
    """What tuning found.

    Attributes:
        setting: Thresholds chosen on all cases.
        unseen: By check the verdicts of thresholds chosen without the case's part.
        confidence: By check and verdict the share right among ``unseen``, smoothed; 0…1.
        ece: Expected calibration error of confidences that were set without the case's part, over all verdicts.
    """

    setting: dict[Dial, float]
    unseen: dict[str, NDArray[np.str_]]
    confidence: dict[str, dict[str, float]]
    ece: float


def tune(bench: Bench, start: Setting, free: Sequence[Dial], folds: int, bound: float) -> Tuned:
    """Choose thresholds and confidences.

    Args:
        bench: The labelled conversations.
        start: All dials as they are.
        free: Those that may be turned.
        folds: Parts to leave out in turn.
        bound: The largest share of clean conversations that a forbidden check may accuse.
    """
    part = fold_cases([case.context.head.id for case in bench.cases], folds)
    unseen = {check: np.full(len(part), "", dtype="<U16") for check in bench.judges}
    for fold in range(folds):
        found = choose(bench, start, free, np.flatnonzero(part != fold), bound)
        for check, verdicts in unseen.items():
            verdicts[part == fold] = bench.verdicts(check, found)[part == fold]
    setting = choose(bench, start, free, np.arange(len(part)), bound)
    everywhere = np.ones(len(part), dtype=bool)
    sure = {check: confidences(unseen[check], bench.truth(check), everywhere) for check in unseen}
    return Tuned(setting, unseen, sure, _calibration_error(bench, unseen, part))


def fold_cases(ids: Sequence[str], folds: int) -> NDArray[np.intp]:
    """Return each conversation's part, by a hash of its id: new conversations move no other."""
    return np.array([int(sha256(name.encode()).hexdigest()[:8], 16) % folds for name in ids], dtype=np.intp)


def choose(bench: Bench, start: Setting, free: Sequence[Dial], rows: Rows, bound: float) -> dict[Dial, float]:
    """Return the setting that is best on ``rows``, found from ``start``."""
    setting = dict(start)
    for _ in range(_ROUNDS):
        before = dict(setting)
        for dial in free:
            checks = [check for check, dials in bench.dials_of.items() if dial in dials]
            if checks:
                setting[dial] = _best(bench, setting, dial, checks, rows, bound)
        if setting == before:
            break
    return setting


def _best(bench: Bench, setting: Setting, dial: Dial, checks: Sequence[str], rows: Rows, bound: float) -> float:
    steps = ACT_STEPS if dial[1] == "act" else BACKED_STEPS
    worth = np.array([_worth(bench, {**setting, dial: step}, checks, rows, bound) for step in steps])
    smooth = np.convolve(np.pad(worth, 1, mode="edge"), _NEIGHBOURS, mode="valid")
    now = _worth(bench, setting, checks, rows, bound)
    if smooth.max() < now + _LEAST_GAIN:
        return setting[dial]
    best = np.flatnonzero(smooth >= smooth.max() - 1e-9)
    return steps[int(best[len(best) // 2])]  # the middle of a plateau


def _worth(bench: Bench, setting: Setting, checks: Sequence[str], rows: Rows, bound: float) -> float:
    total = 0.0
    for check in checks:
        said, real = bench.verdicts(check, setting)[rows], bench.truth(check)[rows]
        total += f1(said, real) or 0.0
        if bench.kinds[check] == "forbidden":
            total -= _COST * max(0.0, false_rate(said, real) - bound)
    return total


def f1(said: NDArray[np.str_], real: NDArray[np.str_]) -> float | None:
    """Return F1 of ``fail`` over what people judged; ``None`` where it occurs nowhere."""
    claimed, true = (said == _FAIL) & (real != ""), real == _FAIL
    total = int(claimed.sum() + true.sum())
    return 2 * int((claimed & true).sum()) / total if total else None


def false_rate(said: NDArray[np.str_], real: NDArray[np.str_]) -> float:
    """Return the share of conversations without a failure for which one is claimed."""
    clean = (real != _FAIL) & (real != "")
    return float((said[clean] == _FAIL).mean()) if clean.any() else 0.0


def confidences(said: NDArray[np.str_], real: NDArray[np.str_], rows: NDArray[np.bool_]) -> dict[str, float]:
    """Return by verdict the share of it that is right, drawn towards the check's accuracy where there are few.

    A beta distribution with the accuracy over all verdicts as its mean is the prior, worth four verdicts.
    """
    judged = rows & (real != "")
    right = said == real
    mean = (right[judged].sum() + 1.0) / (judged.sum() + 2.0)
    found = {}
    for verdict in ("pass", "fail", "na", "no_evidence"):
        given = judged & (said == verdict)
        found[verdict] = float((right[given].sum() + _PRIOR * mean) / (given.sum() + _PRIOR))
    return found


def _calibration_error(bench: Bench, unseen: Mapping[str, NDArray[np.str_]], part: NDArray[np.intp]) -> float:
    """Return the mean distance of confidence and share right over ten bins of confidence, weighted by their size."""
    sure, right = [], []
    for check, said in unseen.items():
        real = bench.truth(check)
        for fold in range(int(part.max()) + 1):
            found = confidences(said, real, part != fold)
            for at in np.flatnonzero((part == fold) & (real != "")):
                if said[at] in found:
                    sure.append(found[str(said[at])])
                    right.append(float(said[at] == real[at]))
    p, y = np.array(sure), np.array(right)
    if not len(p):
        return 0.0
    bins = np.minimum((p * 10).astype(int), 9)
    return float(sum(abs(p[bins == b].mean() - y[bins == b].mean()) * (bins == b).mean() for b in np.unique(bins)))
