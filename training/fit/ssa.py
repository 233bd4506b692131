"""Fits the SSA ensemble."""

from __future__ import annotations

import sys
import time
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter
from torch import Tensor, nn

from training.data.splits import draw
from training.data.ssa import SsaChat, frequent_words, read_chats, without_copies
from training.fit.ssa_batches import FIRST_WORD, Corpus
from training.fit.ssa_config import SsaConfig
from training.fit.ssa_linear import LinearModel, fit_linear
from training.fit.ssa_model import Logs, SsaModel, mix, predict
from training.fit.ssa_net import Shape, SsaNet
from training.fit.ssa_words import word_vectors

_NEIGHBOURS = 12  # batches that are sorted by length together
_STEPS = np.linspace(-1.5, 1.5, 31)

Bias = tuple[float, float, float]


class _Unseen(NamedTuple):
    """What a network and a linear model say of a fold they have not seen, and what is true.

    Log probabilities ``net``, ``linear`` ``(conversations, 3)`` and ``turns`` ``(customer turns, 3)``; classes 0…2
    ``satisfaction`` and ``sentiment``.
    """

    net: Logs
    linear: Logs
    satisfaction: NDArray[np.int64]
    turns: Logs
    sentiment: NDArray[np.int64]


def fit_ssa(config: SsaConfig) -> SsaModel:
    """Fit the ensemble on ``config.train`` and write it into ``config.out``, after each member anew.

    Every member leaves out a fold of its own; the decision rule is set on what they say of these folds together.
    Copies of one conversation are in one fold.
    """
    # One thread: results then do not depend on the machine's number of cores.
    torch.set_num_threads(1)
    chats = without_copies(read_chats(config.train), read_chats(config.test))
    folds = [int(draw(chat.content, config.seed) * config.folds) for chat in chats]
    vocabulary = frequent_words(chats, config.least)
    shape = Shape(len(vocabulary) + FIRST_WORD, config.dimension, config.channels, config.hidden)
    linear = _fit_linear(chats, config)
    nets: list[SsaNet] = []
    unseen: list[_Unseen] = []
    for member in range(config.members):
        seen = [chat for chat, fold in zip(chats, folds, strict=True) if fold != member]
        rest = [chat for chat, fold in zip(chats, folds, strict=True) if fold == member]
        nets.append(fit_member(Corpus(seen, vocabulary), shape, config, config.seed + member))
        unseen.append(_judge_unseen(nets[-1], _fit_linear(seen, config), rest, vocabulary))
        columns = _Unseen(*(np.concatenate(column) for column in zip(*unseen, strict=True)))
        rule = _set_rule(columns, config.linear_share)
        figures = {"conversations": len(chats), **_measure_unseen(columns, config.linear_share, rule)}
        model = SsaModel(tuple(nets), linear, config.linear_share, tuple(vocabulary), shape, *rule, figures)
        model.save(config.out, config.name)
        print(f"{time.strftime('%H:%M:%S')} member {member + 1}: {figures}", file=sys.stderr, flush=True)
    return model


def _fit_linear(chats: list[SsaChat], config: SsaConfig) -> LinearModel:
    return fit_linear(chats, config.linear_strength, config.balance > 0, config.linear_terms)


def fit_member(corpus: Corpus, shape: Shape, config: SsaConfig, seed: int) -> SsaNet:
    """Fit one network on all of ``corpus``."""
    torch.manual_seed(seed)
    net = SsaNet(shape, config.dropout, config.word_dropout)
    with torch.no_grad():
        net.embedding.weight.copy_(word_vectors(corpus, shape.words, shape.dimension, seed))
    others = [weight for name, weight in net.named_parameters() if not name.startswith("embedding")]
    groups: list[dict[str, Any]] = [{"params": [net.embedding.weight], "weight_decay": 0.0}, {"params": others}]
    optimiser = torch.optim.AdamW(groups, lr=config.learning_rate, weight_decay=config.weight_decay)
    batches = [_shuffled(corpus.turns, config.batch) for _ in range(config.epochs)]
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, config.learning_rate, total_steps=sum(map(len, batches)), pct_start=0.2
    )
    counts = torch.bincount(corpus.satisfaction, minlength=3).clamp(min=1)
    weights = (counts.float().mean() / counts) ** config.balance
    net.train()
    for chosen in (rows for epoch in batches for rows in epoch):
        batch = corpus.batch(chosen)
        satisfaction, sentiment = net(batch)
        loss = nn.functional.cross_entropy(
            satisfaction, batch.satisfaction, weight=weights, label_smoothing=config.smoothing
        )
        by_turn = nn.functional.cross_entropy(sentiment, batch.sentiment, reduction="none")
        by_turn = torch.where(batch.customer, by_turn, config.agent * by_turn)
        loss = loss + by_turn.sum() / batch.customer.sum().clamp(min=1)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        schedule.step()
    return net.eval()


def _shuffled(lengths: Tensor, size: int) -> list[Tensor]:
    """Return an epoch's batches; conversations of like length go together, as padding costs time."""
    batches: list[Tensor] = []
    for group in torch.randperm(len(lengths)).split(size * _NEIGHBOURS):  # type: ignore[no-untyped-call]
        batches.extend(group[lengths[group].argsort()].split(size))
    return [batches[at] for at in torch.randperm(len(batches)).tolist()]


def _judge_unseen(net: SsaNet, linear: LinearModel, chats: list[SsaChat], vocabulary: list[int]) -> _Unseen:
    corpus = Corpus(chats, vocabulary)
    satisfaction, sentiment = predict(net, corpus)
    customer = corpus.customer.numpy()
    return _Unseen(
        satisfaction,
        linear.predict(chats),
        corpus.satisfaction.numpy(),
        sentiment[customer],
        corpus.sentiment.numpy()[customer],
    )


def _set_rule(unseen: _Unseen, share: float) -> tuple[Bias, Bias]:
    satisfaction = mix(unseen.net, unseen.linear, share)
    return choose_bias(satisfaction, unseen.satisfaction), choose_bias(unseen.turns, unseen.sentiment)


def _measure_unseen(unseen: _Unseen, share: float, rule: tuple[Bias, Bias]) -> dict[str, Any]:
    """Return macro-F1 of one network, of the linear model and of both on folds they have not seen."""
    both = mix(unseen.net, unseen.linear, share)
    return {
        "unseen_conversations": len(unseen.satisfaction),
        "unseen_satisfaction_macro_f1": {
            "one_network": _measure(unseen.net, unseen.satisfaction),
            "linear": _measure(unseen.linear, unseen.satisfaction),
            "both": _measure(both, unseen.satisfaction),
            "both_with_rule": _measure(both + np.array(rule[0]), unseen.satisfaction),
        },
        "unseen_customer_sentiment_macro_f1": {
            "one_network": _measure(unseen.turns, unseen.sentiment),
            "with_rule": _measure(unseen.turns + np.array(rule[1]), unseen.sentiment),
        },
    }


def _measure(logs: NDArray[np.floating[Any]], true: NDArray[np.int64]) -> float:
    return round(_macro_f1(logs, true), 4)


def choose_bias(logs: NDArray[np.floating[Any]], true: NDArray[np.int64]) -> Bias:
    """Return what to add to log probabilities ``(n, 3)`` for the best macro-F1 on classes ``true`` ``(n,)``.

    The grid's values are averaged with their neighbours' first, so that a wide maximum wins over a lucky one.
    """
    grid = np.array([[_macro_f1(logs + np.array([low, 0.0, high]), true) for high in _STEPS] for low in _STEPS])
    low, high = np.unravel_index(uniform_filter(grid, size=7, mode="nearest").argmax(), grid.shape)
    return round(float(_STEPS[low]), 3), 0.0, round(float(_STEPS[high]), 3)


def _macro_f1(logs: NDArray[np.floating[Any]], true: NDArray[np.int64]) -> float:
    table = np.bincount(3 * true + logs.argmax(axis=1), minlength=9).reshape(3, 3)
    return float((2 * table.diagonal() / np.maximum(table.sum(axis=0) + table.sum(axis=1), 1)).mean())
