"""Measures the head of acts on lines that no part of it has seen, beside two baselines.

The baselines: keywords only (the cues of a playbook that stand for the act), and the encoder only (cosine to the
nearest line with the act less cosine to the nearest without, cut where F1 is best on the lines of the other folds).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.domain.acts import ACTS
from models.domain.playbook import Playbook
from models.scorers.compliance.cues import CueFinder
from models.text.pii import mask
from training.data.acts import ActLine, fold_by_group
from training.data.vectors import VectorStore
from training.evaluate.measures import wilson_interval
from training.evaluate.rounding import rounded

# Which cues of ``ecommerce-zh`` stand for which act.
KEYWORDS: Mapping[str, tuple[str, ...]] = {
    "greet": ("greet",),
    "clarify": ("clarify",),
    "empathy": ("sorry",),
    "solve": ("solve",),
    "eta": ("eta",),
    "close": ("bye", "bye_soft"),
    "rude": ("bad_insult", "bad_impatient", "bad_sarcasm", "bad_rude_en"),
    "off_platform": ("bad_off_contact", "bad_off_pay", "bad_off_en"),
    "overpromise": ("bad_promise", "bad_promise_en"),
    "pii": ("bad_ask_secret", "bad_ask_secret_en", "bad_disclose"),
    "blame_shift": ("bad_not_ours", "bad_helpless", "bad_send_away", "bad_your_fault", "bad_blame_en"),
    "review_bribe": ("bad_bribe", "bad_bribe_direct"),
    "ask": ("c_ask", "c_problem"),
    "upset": ("c_upset",),
    "settle": ("c_settled",),
}
_LEAST = 0.5

_Claims = NDArray[np.bool_]


def measure_acts(
    lines: Sequence[ActLine], unseen: NDArray[np.float64], vectors: VectorStore, folds: int, playbook: Playbook
) -> dict[str, Any]:
    """Return precision, recall and F1 of each act at probability 0.5, over the lines whose author looked for it.

    Args:
        lines: The labelled ones.
        unseen: Probabilities by heads that have not seen the line's group, ``(n, A)``, from ``training.fit.acts``.
        vectors: The encoder's.
        folds: As in fitting.
        playbook: Whose patterns are the keywords; an act without any is never claimed by them.
    """
    truth = np.array([[act in line.acts for act in ACTS] for line in lines])
    known = np.array([[act in line.known for act in ACTS] for line in lines])
    finder = CueFinder(playbook)
    seen = [finder.find(mask(line.text), None).seen for line in lines]
    near = _by_cosine(lines, truth, known, vectors, folds)
    acts: dict[str, Any] = {}
    for at, act in enumerate(ACTS):
        rows, cues = known[:, at], KEYWORDS.get(act, ())
        claims = {"cosine": near[:, at], "keywords": np.array([any(cue in one for cue in cues) for one in seen])}
        acts[act] = {
            **_measure(truth[rows, at], unseen[rows, at] >= _LEAST),
            "baselines": {name: _measure(truth[rows, at], each[rows]) for name, each in claims.items()},
        }
    figures = {
        "lines": len(lines),
        "macro_f1": _mean(acts.values()),
        "baselines": {
            name: {"macro_f1": _mean(one["baselines"][name] for one in acts.values())}
            for name in ("cosine", "keywords")
        },
        "acts": acts,
    }
    return rounded(figures)


def _mean(measured: Iterable[Mapping[str, Any]]) -> float:
    return float(np.mean([one["f1"] for one in measured]))


def _measure(truth: _Claims, claimed: _Claims) -> dict[str, Any]:
    hits, claims, real = int((truth & claimed).sum()), int(claimed.sum()), int(truth.sum())
    return {
        "n": len(truth),
        "precision": hits / claims if claims else None,
        "precision_interval": wilson_interval(hits, claims),
        "recall": hits / real if real else None,
        "recall_interval": wilson_interval(hits, real),
        "f1": 2 * hits / (claims + real) if claims + real else 0.0,
    }


def _by_cosine(lines: Sequence[ActLine], truth: _Claims, known: _Claims, vectors: VectorStore, folds: int) -> _Claims:
    found = vectors.matrix([line.text for line in lines])
    found = found / np.linalg.norm(found, axis=1, keepdims=True)
    likeness = found @ found.T
    np.fill_diagonal(likeness, -1.0)  # a line is no exemplar of itself
    fold = np.array(fold_by_group(lines, folds))
    claimed = np.zeros(truth.shape, dtype=bool)
    for at in range(truth.shape[1]):
        for left in range(folds):
            train, test = known[:, at] & (fold != left), known[:, at] & (fold == left)
            with_act, without = train & truth[:, at], train & ~truth[:, at]
            if not (with_act.any() and without.any()):
                continue
            margin = likeness[:, with_act].max(axis=1) - likeness[:, without].max(axis=1)
            claimed[test, at] = margin[test] >= best_cut(margin[train], truth[train, at])
    return claimed


def best_cut(margin: NDArray[np.float32], truth: _Claims) -> float:
    """Return the least margin to claim an act at, with the best F1."""
    order = np.argsort(-margin, kind="stable")
    hits = np.cumsum(truth[order])
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + truth.sum())
    return float(margin[order][int(f1.argmax())])
