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
    telling = weights.any(axis=1)  # the others are only asked about
    unseen = np.zeros(truth.shape)
    folds = np.array(fold_by_group(lines, fit.folds))
    for fold in range(fit.folds):
        rows, left = np.flatnonzero((folds != fold) & telling), np.flatnonzero(folds == fold)
        found = _fit(raw[rows], [ngrams[row] for row in rows], truth[rows], weights[rows], fit, seed)
        unseen[left] = act_logits(found, raw[left], [ngrams[row] for row in left], fit.lexical_share)
    slope, shift = _calibrate(unseen, truth, weights)
    rows = np.flatnonzero(telling)
    whole = _fit(raw[rows], [ngrams[row] for row in rows], truth[rows], weights[rows], fit, seed)
    tensors = {**whole, "slope": slope, "shift": shift}
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
    z, y, w = (torch.from_numpy(np.asarray(each, dtype=np.float64)) for each in (logits, truth, weights > 0))
    slope, shift = nn.Parameter(torch.ones(len(ACTS)).double()), nn.Parameter(torch.zeros(len(ACTS)).double())
    optimiser = torch.optim.LBFGS([slope, shift], max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = _loss(slope * z + shift, y, w)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimiser.step(closure)  # type: ignore[no-untyped-call]
    return slope.detach().numpy().astype(np.float32), shift.detach().numpy().astype(np.float32)
