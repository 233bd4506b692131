"""What the heads of single messages share in fitting: networks of one hidden layer, and a linear model of words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.text.ngrams import Ngrams, weigh_ngrams

Loss = Callable[[Tensor, Tensor], Tensor]
"""From logits ``(n, outputs)`` and the numbers of their rows ``(n,)`` to one number."""

Weights = dict[str, NDArray[np.float32]]


class NetworkFit(Protocol):
    """Settings of the networks, as the configuration names them."""

    @property
    def members(self) -> int: ...  # noqa: D102
    @property
    def hidden(self) -> int: ...  # noqa: D102
    @property
    def dropout(self) -> float: ...  # noqa: D102
    @property
    def epochs(self) -> int: ...  # noqa: D102
    @property
    def batch(self) -> int: ...  # noqa: D102
    @property
    def learning_rate(self) -> float: ...  # noqa: D102
    @property
    def weight_decay(self) -> float: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class WordFit:
    """Settings of the linear model: passes, rows a step, and the rate that falls to nothing."""

    epochs: int
    batch: int
    rate: float


def fit_networks(raw: NDArray[np.float32], outputs: int, loss: Loss, fit: NetworkFit, seed: int) -> Weights:
    """Fit ``fit.members`` networks that differ in their seed.

    Args:
        raw: Inputs, ``(n, d)``; their mean and standard deviation are part of the weights.
        outputs: Logits of each.
        loss: What to make small.
        fit: Settings.
        seed: Of the first.

    Returns:
        ``mean`` and ``scale`` ``(d,)``, ``w1 (members, hidden, d)``, ``b1``, ``w2 (members, outputs, hidden)``, ``b2``.
    """
    mean, scale = raw.mean(axis=0), raw.std(axis=0) + 1e-4
    x = torch.from_numpy((raw - mean) / scale)
    members = [_fit_network(x, outputs, loss, fit, seed + at) for at in range(fit.members)]
    return {
        "mean": mean,
        "scale": scale,
        "w1": np.stack([first.weight.detach().numpy() for first, _ in members]),
        "b1": np.stack([first.bias.detach().numpy() for first, _ in members]),
        "w2": np.stack([second.weight.detach().numpy() for _, second in members]),
        "b2": np.stack([second.bias.detach().numpy() for _, second in members]),
    }


def _fit_network(x: Tensor, outputs: int, loss: Loss, fit: NetworkFit, seed: int) -> tuple[nn.Linear, nn.Linear]:
    torch.manual_seed(seed)
    first, second = nn.Linear(x.shape[1], fit.hidden), nn.Linear(fit.hidden, outputs)
    net = nn.Sequential(nn.Dropout(fit.dropout / 2), first, nn.ReLU(), nn.Dropout(fit.dropout), second)
    optimiser = torch.optim.AdamW(net.parameters(), lr=fit.learning_rate, weight_decay=fit.weight_decay)
    steps = fit.epochs * -(-len(x) // fit.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, fit.learning_rate, total_steps=steps)
    net.train()
    for _ in range(fit.epochs):
        for rows in torch.randperm(len(x)).split(fit.batch):  # type: ignore[no-untyped-call]
            _step(loss(net(x[rows]), rows), optimiser, schedule)
    return first, second


def fit_words(ngrams: Sequence[Ngrams], buckets: int, outputs: int, loss: Loss, fit: WordFit, seed: int) -> Weights:
    """Fit a linear model of words on the inverse document frequencies that it finds.

    Returns:
        ``rarity (buckets,)``, ``words (buckets, outputs)`` and ``bias (outputs,)``.
    """
    found = np.zeros(buckets)
    for places, _ in ngrams:
        found[places] += 1.0
    rarity = (np.log((1.0 + len(ngrams)) / (1.0 + found)) + 1.0).astype(np.float16).astype(np.float32)
    torch.manual_seed(seed)
    words, bias = nn.Parameter(torch.zeros(buckets, outputs)), nn.Parameter(torch.zeros(outputs))
    optimiser = torch.optim.AdamW([words, bias], lr=fit.rate, weight_decay=0.0)
    steps = fit.epochs * -(-len(ngrams) // fit.batch)
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 1.0 / steps, total_iters=steps)
    for _ in range(fit.epochs):
        for rows in torch.randperm(len(ngrams)).split(fit.batch):  # type: ignore[no-untyped-call]
            logits = _bag([ngrams[row] for row in rows.tolist()], rarity, words) + bias
            _step(loss(logits, rows), optimiser, schedule)
    return {"rarity": rarity, "words": words.detach().numpy(), "bias": bias.detach().numpy()}


def _step(loss: Tensor, optimiser: torch.optim.Optimizer, schedule: torch.optim.lr_scheduler.LRScheduler) -> None:
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()
    schedule.step()


def _bag(ngrams: Sequence[Ngrams], rarity: NDArray[np.float32], words: Tensor) -> Tensor:
    starts = np.cumsum([0, *(len(places) for places, _ in ngrams)])[:-1]
    return nn.functional.embedding_bag(
        torch.from_numpy(np.concatenate([places for places, _ in ngrams])).long(),
        words,
        torch.from_numpy(starts),
        mode="sum",
        per_sample_weights=torch.from_numpy(np.concatenate([weigh_ngrams(one, rarity) for one in ngrams])),
    )
