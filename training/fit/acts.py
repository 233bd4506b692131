"""Fits the head of acts: networks on vectors, a linear model of words, and a calibration on left-out folds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save
from torch import Tensor, nn

from models.domain.acts import ACTS, BREACHES
from models.scorers.acts.before import other_side_before
from models.scorers.acts.head import BUCKETS, WEIGHTS_NAME, head_inputs, head_ngrams
from models.text.ngrams import Ngrams, weigh_ngrams
from models.text.pii import mask
from training.config import ActsFit
from training.data.acts import ActLine, fold_by_group
from training.data.vectors import VectorStore
from training.fit.heads import Weights, WordFit, fit_networks, fit_words

_WORDS = WordFit(epochs=30, batch=256, rate=0.03)

_Array = NDArray[np.float32]


def fit_acts(lines: Sequence[ActLine], vectors: VectorStore, fit: ActsFit, seed: int, out: Path) -> NDArray[np.float64]:
    """Fit the head on ``lines`` and write its weights (16-bit) into the directory ``out``.

    Returns:
        Calibrated probabilities of every line and act by heads that have not seen the line's group, ``(n, A)``.
    """
    raw, ngrams = act_inputs(lines, vectors), [head_ngrams(mask(line.text)) for line in lines]
    truth, weights = act_targets(lines, fit.near_miss, fit.unlooked)
    unseen = np.zeros(truth.shape)
    folds = np.array(fold_by_group(lines, fit.folds))
    for fold in range(fit.folds):
        rows, left = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        found = _fit(raw[rows], [ngrams[row] for row in rows], truth[rows], weights[rows], fit, seed)
        unseen[left] = act_logits(found, raw[left], [ngrams[row] for row in left], fit.lexical_share)
    slope, shift = _calibrate(unseen, truth, weights)
    tensors = {**_fit(raw, ngrams, truth, weights, fit, seed), "slope": slope, "shift": shift}
    out.mkdir(parents=True, exist_ok=True)
    stored = {name: np.ascontiguousarray(tensor, dtype=np.float16) for name, tensor in tensors.items()}
    (out / WEIGHTS_NAME).write_bytes(save(stored))
    return np.asarray(1.0 / (1.0 + np.exp(-(slope * unseen + shift))))


def act_inputs(lines: Sequence[ActLine], vectors: VectorStore) -> _Array:
    """Return the networks' raw inputs, a row per line."""
    vectors.warm(text for line in lines for text in (line.text, *(said for _, said in line.context)))
    return np.stack([_line_input(line, vectors) for line in lines])


def _line_input(line: ActLine, vectors: VectorStore) -> _Array:
    vector = vectors.vector(line.text)
    assert vector is not None, "lines are never blank"
    said = [(role, vectors.vector(text)) for role, text in line.context]
    return head_inputs(mask(line.text), line.role, vector, other_side_before(line.role, said))


def act_targets(lines: Sequence[ActLine], near_miss: float, unlooked: float) -> tuple[_Array, _Array]:
    """Return what holds (0 or 1) and how much it counts, both ``(n, A)``.

    What a line only resembles counts ``near_miss``, because that is the hard part. What nobody looked for counts 0,
    but a breach counts ``unlooked``, as absent: breaches are rare in lines that were not written to hold them.
    """
    truth = np.array([[act in line.acts for act in ACTS] for line in lines], dtype=np.float32)
    weights = np.array([[_weight(line, act, near_miss, unlooked) for act in ACTS] for line in lines], dtype=np.float32)
    return truth, weights


def _weight(line: ActLine, act: str, near_miss: float, unlooked: float) -> float:
    if act in line.known or act in line.told:
        return line.told.get(act, 1.0) * (near_miss if act in line.not_acts else 1.0)
    return unlooked if act in BREACHES and line.role == "agent" else 0.0


def act_logits(weights: Weights, raw: _Array, ngrams: Sequence[Ngrams], share: float) -> NDArray[np.float64]:
    """Return the logits of many lines, ``(n, A)``, as ``ActsHead.logits`` gives them one by one."""
    x = (raw - weights["mean"]) / weights["scale"]
    deep = np.zeros((len(raw), len(ACTS)))
    for w1, b1, w2, b2 in zip(weights["w1"], weights["b1"], weights["w2"], weights["b2"], strict=True):
        deep += np.maximum(x @ w1.T + b1, 0.0) @ w2.T + b2
    wide = np.stack([weigh_ngrams(one, weights["rarity"]) @ weights["words"][one[0]] for one in ngrams])
    return np.asarray((1.0 - share) * deep / len(weights["w1"]) + share * (wide + weights["bias"]))


def _fit(raw: _Array, ngrams: Sequence[Ngrams], truth: _Array, weights: _Array, fit: ActsFit, seed: int) -> Weights:
    y, w = torch.from_numpy(truth), torch.from_numpy(weights)

    def loss(logits: Tensor, rows: Tensor) -> Tensor:
        return _loss(logits, y[rows], w[rows])

    networks = fit_networks(raw, len(ACTS), loss, fit, seed)
    return {**networks, **fit_words(ngrams, BUCKETS, len(ACTS), loss, _WORDS, seed)}


def _loss(logits: Tensor, truth: Tensor, weights: Tensor) -> Tensor:
    losses = nn.functional.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    return (losses * weights).sum() / weights.sum()


def _calibrate(logits: NDArray[np.float64], truth: _Array, weights: _Array) -> tuple[_Array, _Array]:
    """Return by act the slope and shift that make the logits' probabilities honest (Platt, 1999)."""
    found = [
        _platt(logits[rows, act], truth[rows, act].astype(np.float64))
        for act in range(len(ACTS))
        for rows in [weights[:, act] > 0]
    ]
    slope, shift = np.array(found, dtype=np.float32).T
    return slope, shift


def _platt(z: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return slope and shift by Newton's method with halved steps, drawn a little towards 1 and 0 so that they exist."""
    rows, rest = np.stack([z, np.ones_like(z)]), np.array([1.0, 0.0])

    def loss(at: NDArray[np.float64]) -> float:
        logits = at @ rows
        return float((np.logaddexp(0.0, logits) - y * logits).sum() + ((at - rest) ** 2).sum() / 2)

    at = rest
    for _ in range(50):
        p = 1.0 / (1.0 + np.exp(-np.clip(at @ rows, -500.0, 500.0)))
        slope = rows @ (p - y) + at - rest
        step = np.linalg.solve((rows * (p * (1.0 - p))) @ rows.T + np.eye(2), slope)
        size = 1.0
        while size > 1e-6 and loss(at - size * step) > loss(at):
            size /= 2
        at = at - size * step
        if np.abs(step).max() < 1e-9:
            break
    return at
