"""Fits the sentiment head: networks on vectors and marks of tone, and a linear model of words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save
from torch import Tensor, nn

from models.scorers.sentiment.before import service_before
from models.scorers.sentiment.head import BUCKETS, CLASSES, WEIGHTS_NAME, head_inputs
from models.text.ngrams import Ngrams, count_ngrams, weigh_ngrams
from models.text.pii import mask
from training.config import Corpus, SentimentFit
from training.data.sentiment import Line
from training.data.vectors import VectorStore

_NEUTRAL = CLASSES.index("neutral")
_WORD_EPOCHS, _WORD_BATCH, _WORD_RATE = 6, 512, 0.02


def line_inputs(lines: Sequence[Line], vectors: VectorStore) -> NDArray[np.float32]:
    """Return the networks' raw inputs, shape ``(len(lines), 2 d + 9)``."""
    vectors.warm(text for line in lines for text in (line.text, *(said for _, said in line.context)))
    return np.stack([_line_input(line, vectors) for line in lines])


def _line_input(line: Line, vectors: VectorStore) -> NDArray[np.float32]:
    vector = vectors.vector(line.text)
    assert vector is not None, "lines are never blank"
    said = [(role, vectors.vector(text)) for role, text in line.context]
    return head_inputs(mask(line.text), vector, service_before(said))


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
    return (losses * weights).sum() / weights.sum().clamp(min=1e-9)  # a batch may weigh nothing


def fit_sentiment(
    lines: Sequence[Line], corpora: Mapping[str, Corpus], vectors: VectorStore, fit: SentimentFit, seed: int, out: Path
) -> None:
    """Fit the head on ``lines`` and write its weights (16-bit) into the directory ``out``."""
    raw = line_inputs(lines, vectors)
    mean, scale = raw.mean(axis=0), raw.std(axis=0) + 1e-4
    x = torch.from_numpy((raw - mean) / scale)
    labels = torch.tensor([CLASSES.index(line.label) for line in lines])
    weights = torch.tensor([corpora[line.corpus].weight * line.weight for line in lines])
    polar = torch.tensor([corpora[line.corpus].polar for line in lines])
    members = [_fit_member(x, labels, weights, polar, fit, seed + at) for at in range(fit.members)]
    rarity, words, bias = _fit_words(lines, labels, weights, polar, seed)
    tensors = {
        "mean": mean,
        "scale": scale,
        "w1": np.stack([first.weight.detach().numpy() for first, _ in members]),
        "b1": np.stack([first.bias.detach().numpy() for first, _ in members]),
        "w2": np.stack([second.weight.detach().numpy() for _, second in members]),
        "b2": np.stack([second.bias.detach().numpy() for _, second in members]),
        "rarity": rarity,
        "words": words,
        "bias": bias,
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


def _fit_words(
    lines: Sequence[Line], labels: Tensor, weights: Tensor, polar: Tensor, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Fit the linear model; return rarity, weights by bucket, and bias."""
    ngrams = [count_ngrams(mask(line.text), BUCKETS) for line in lines]
    found = np.zeros(BUCKETS)
    for places, _ in ngrams:
        found[places] += 1.0
    rarity = (np.log((1.0 + len(lines)) / (1.0 + found)) + 1.0).astype(np.float16).astype(np.float32)
    torch.manual_seed(seed)
    words = nn.Parameter(torch.zeros(BUCKETS, len(CLASSES)))
    bias = nn.Parameter(torch.zeros(len(CLASSES)))
    optimiser = torch.optim.AdamW([words, bias], lr=_WORD_RATE, weight_decay=0.0)
    steps = _WORD_EPOCHS * -(-len(lines) // _WORD_BATCH)
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 1.0 / steps, total_iters=steps)
    for _ in range(_WORD_EPOCHS):
        for rows in torch.randperm(len(lines)).split(_WORD_BATCH):  # type: ignore[no-untyped-call]
            logits = _bag([ngrams[row] for row in rows.tolist()], rarity, words) + bias
            loss = sentiment_loss(logits, labels[rows], weights[rows], polar[rows])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
    return rarity, words.detach().numpy(), bias.detach().numpy()


def _bag(ngrams: Sequence[Ngrams], rarity: NDArray[np.float32], words: Tensor) -> Tensor:
    starts = np.cumsum([0, *(len(places) for places, _ in ngrams)])[:-1]
    return nn.functional.embedding_bag(
        torch.from_numpy(np.concatenate([places for places, _ in ngrams])).long(),
        words,
        torch.from_numpy(starts),
        mode="sum",
        per_sample_weights=torch.from_numpy(np.concatenate([weigh_ngrams(one, rarity) for one in ngrams])),
    )
