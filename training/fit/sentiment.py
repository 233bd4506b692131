"""Fits the sentiment head: an ensemble of one-hidden-layer networks on the vector and the marks of tone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save
from torch import Tensor, nn

from models.scorers.sentiment.features import tone_features
from models.scorers.sentiment.head import CLASSES, WEIGHTS_NAME
from training.config import Corpus, SentimentFit
from training.data.sentiment import Line
from training.data.vectors import VectorStore

_NEUTRAL = CLASSES.index("neutral")


def line_inputs(lines: Sequence[Line], vectors: VectorStore) -> NDArray[np.float32]:
    """Return the head's raw inputs, shape ``(len(lines), d + 8)``."""
    tone = np.stack([tone_features(line.text) for line in lines])
    return np.concatenate([vectors.matrix([line.text for line in lines]), tone], axis=1)


def sentiment_loss(logits: Tensor, labels: Tensor, weights: Tensor, polar: Tensor) -> Tensor:
    """Return the weighted cross-entropy.

    Lines of polar corpora count by P(label | not neutral): their annotators could not answer "neutral", so they say
    nothing of it; without this, plain questions that such a corpus files under negative would teach just that.

    Args:
        logits: ``(n, 3)``.
        labels: Class indices ``(n,)``.
        weights: ``(n,)``.
        polar: Booleans ``(n,)``.
    """
    blocked = logits.masked_fill(polar[:, None] & (torch.arange(logits.shape[1]) == _NEUTRAL)[None], -1e4)
    losses = nn.functional.cross_entropy(blocked, labels, reduction="none")
    return (losses * weights).sum() / weights.sum()


def fit_sentiment(
    lines: Sequence[Line], corpora: Mapping[str, Corpus], vectors: VectorStore, fit: SentimentFit, seed: int, out: Path
) -> None:
    """Fit the head on ``lines`` and write its weights (16-bit) into the directory ``out``."""
    raw = line_inputs(lines, vectors)
    mean, scale = raw.mean(axis=0), raw.std(axis=0) + 1e-4
    x = torch.from_numpy((raw - mean) / scale)
    labels = torch.tensor([CLASSES.index(line.label) for line in lines])
    weights = torch.tensor([corpora[line.corpus].weight for line in lines])
    polar = torch.tensor([corpora[line.corpus].polar for line in lines])
    members = [_fit_member(x, labels, weights, polar, fit, seed + at) for at in range(fit.members)]
    tensors = {
        "mean": mean,
        "scale": scale,
        "w1": np.stack([first.weight.detach().numpy() for first, _ in members]),
        "b1": np.stack([first.bias.detach().numpy() for first, _ in members]),
        "w2": np.stack([second.weight.detach().numpy() for _, second in members]),
        "b2": np.stack([second.bias.detach().numpy() for _, second in members]),
    }
    out.mkdir(parents=True, exist_ok=True)
    stored = {name: np.ascontiguousarray(tensor, dtype=np.float16) for name, tensor in tensors.items()}
    (out / WEIGHTS_NAME).write_bytes(save(stored))


def _fit_member(
    x: Tensor, labels: Tensor, weights: Tensor, polar: Tensor, fit: SentimentFit, seed: int
) -> tuple[nn.Linear, nn.Linear]:
    torch.manual_seed(seed)
    first, second = nn.Linear(x.shape[1], fit.hidden), nn.Linear(fit.hidden, len(CLASSES))
    net = nn.Sequential(nn.Dropout(fit.dropout / 2), first, nn.ReLU(), nn.Dropout(fit.dropout), second)
    optimiser = torch.optim.AdamW(net.parameters(), lr=fit.learning_rate, weight_decay=fit.weight_decay)
    steps = fit.epochs * -(-len(x) // fit.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, fit.learning_rate, total_steps=steps)
    net.train()
    for _ in range(fit.epochs):
        for rows in torch.randperm(len(x)).split(fit.batch):  # type: ignore[no-untyped-call]
            loss = sentiment_loss(net(x[rows]), labels[rows], weights[rows], polar[rows])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
    return first, second
