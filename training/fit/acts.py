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

_WORD_EPOCHS, _WORD_BATCH, _WORD_RATE = 30, 256, 0.03

_Array = NDArray[np.float32]
_Weights = dict[str, _Array]


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
    if act in line.known:
        return near_miss if act in line.not_acts else 1.0
    return unlooked if act in BREACHES and line.role == "agent" else 0.0


def act_logits(weights: _Weights, raw: _Array, ngrams: Sequence[Ngrams], share: float) -> NDArray[np.float64]:
    """Return the logits of many lines, ``(n, A)``, as ``ActsHead.logits`` gives them one by one."""
    x = (raw - weights["mean"]) / weights["scale"]
    deep = np.zeros((len(raw), len(ACTS)))
    for w1, b1, w2, b2 in zip(weights["w1"], weights["b1"], weights["w2"], weights["b2"], strict=True):
        deep += np.maximum(x @ w1.T + b1, 0.0) @ w2.T + b2
    wide = np.stack([weigh_ngrams(one, weights["rarity"]) @ weights["words"][one[0]] for one in ngrams])
    return np.asarray((1.0 - share) * deep / len(weights["w1"]) + share * (wide + weights["bias"]))


def _fit(
    raw: _Array, ngrams: Sequence[Ngrams], truth: _Array, weights: _Array, fit: ActsFit, seed: int
) -> dict[str, _Array]:
    mean, scale = raw.mean(axis=0), raw.std(axis=0) + 1e-4
    x, y, w = (torch.from_numpy(each) for each in ((raw - mean) / scale, truth, weights))
    members = [_fit_member(x, y, w, fit, seed + at) for at in range(fit.members)]
    return {
        "mean": mean,
        "scale": scale,
        "w1": np.stack([first.weight.detach().numpy() for first, _ in members]),
        "b1": np.stack([first.bias.detach().numpy() for first, _ in members]),
        "w2": np.stack([second.weight.detach().numpy() for _, second in members]),
        "b2": np.stack([second.bias.detach().numpy() for _, second in members]),
        **_fit_words(ngrams, y, w, seed),
    }


def _loss(logits: Tensor, truth: Tensor, weights: Tensor) -> Tensor:
    losses = nn.functional.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    return (losses * weights).sum() / weights.sum()


def _fit_member(x: Tensor, y: Tensor, w: Tensor, fit: ActsFit, seed: int) -> tuple[nn.Linear, nn.Linear]:
    torch.manual_seed(seed)
    first, second = nn.Linear(x.shape[1], fit.hidden), nn.Linear(fit.hidden, len(ACTS))
    net = nn.Sequential(nn.Dropout(fit.dropout / 2), first, nn.ReLU(), nn.Dropout(fit.dropout), second)
    optimiser = torch.optim.AdamW(net.parameters(), lr=fit.learning_rate, weight_decay=fit.weight_decay)
    steps = fit.epochs * -(-len(x) // fit.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, fit.learning_rate, total_steps=steps)
    net.train()
    for _ in range(fit.epochs):
        for rows in torch.randperm(len(x)).split(fit.batch):  # type: ignore[no-untyped-call]
            loss = _loss(net(x[rows]), y[rows], w[rows])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
    return first, second


def _fit_words(ngrams: Sequence[Ngrams], y: Tensor, w: Tensor, seed: int) -> _Weights:
    found = np.zeros(BUCKETS)
    for places, _ in ngrams:
        found[places] += 1.0
    rarity = (np.log((1.0 + len(ngrams)) / (1.0 + found)) + 1.0).astype(np.float16).astype(np.float32)
    torch.manual_seed(seed)
    words, bias = nn.Parameter(torch.zeros(BUCKETS, len(ACTS))), nn.Parameter(torch.zeros(len(ACTS)))
    optimiser = torch.optim.AdamW([words, bias], lr=_WORD_RATE, weight_decay=0.0)
    steps = _WORD_EPOCHS * -(-len(ngrams) // _WORD_BATCH)
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 1.0 / steps, total_iters=steps)
    for _ in range(_WORD_EPOCHS):
        for rows in torch.randperm(len(ngrams)).split(_WORD_BATCH):  # type: ignore[no-untyped-call]
            loss = _loss(_bag([ngrams[row] for row in rows.tolist()], rarity, words) + bias, y[rows], w[rows])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
    return {"rarity": rarity, "words": words.detach().numpy(), "bias": bias.detach().numpy()}


def _bag(ngrams: Sequence[Ngrams], rarity: _Array, words: Tensor) -> Tensor:
    starts = np.cumsum([0, *(len(places) for places, _ in ngrams)])[:-1]
    return nn.functional.embedding_bag(
        torch.from_numpy(np.concatenate([places for places, _ in ngrams])).long(),
        words,
        torch.from_numpy(starts),
        mode="sum",
        per_sample_weights=torch.from_numpy(np.concatenate([weigh_ngrams(one, rarity) for one in ngrams])),
    )


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
