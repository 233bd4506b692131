"""Fits the SSA ensemble."""

from __future__ import annotations

import sys
import time
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from torch import Tensor, nn

from training.data.splits import draw
from training.data.ssa import frequent_words, read_chats, without_copies
from training.fit.ssa_batches import FIRST_WORD, Corpus
from training.fit.ssa_config import SsaConfig
from training.fit.ssa_linear import LinearModel, fit_linear
from training.fit.ssa_logs import Logs
from training.fit.ssa_model import Members, SsaModel
from training.fit.ssa_net import Shape, SsaNet
from training.fit.ssa_rule import apply_crosswise, choose_bias, macro_f1
from training.fit.ssa_stack import Stack, fit_stack, gather
from training.fit.ssa_words import word_vectors

_NEIGHBOURS = 12  # batches that are sorted by length together


class _Unseen(NamedTuple):
    """What members say of a fold they have not seen, and what is true.

    Attributes:
        net: Log probabilities of satisfaction by the fold's networks, ``(conversations, 3)``.
        linear: The same by the linear model.
        rows: What the stack reads, ``(conversations, D)``.
        satisfaction: Classes 0…2.
        fold: The fold's number, once per conversation.
        turns: Log probabilities of sentiment, ``(customer turns, 3)``.
        sentiment: Classes 0…2.
        turn_fold: The fold's number, once per customer turn.
    """

    net: Logs
    linear: Logs
    rows: NDArray[np.float32]
    satisfaction: NDArray[np.int64]
    fold: NDArray[np.int64]
    turns: Logs
    sentiment: NDArray[np.int64]
    turn_fold: NDArray[np.int64]


def fit_ssa(config: SsaConfig) -> SsaModel:
    """Fit the ensemble on ``config.train`` and write it into ``config.out``.

    The stack and the decision rule are fitted on what members say of folds they have not seen. The networks that
    said so are kept, the linear models are fitted anew on everything. Copies of one conversation are in one fold.
    """
    # One thread: results then do not depend on the machine's number of cores.
    torch.set_num_threads(1)
    with threadpool_limits(1):
        return _fit(config)


def _fit(config: SsaConfig) -> SsaModel:
    chats = without_copies(read_chats(config.train), read_chats(config.test))
    folds = [int(draw(chat.content, config.seed) * config.folds) for chat in chats]
    vocabulary = frequent_words(chats, config.least)
    shape = Shape(len(vocabulary) + FIRST_WORD, config.dimension, config.channels, config.hidden)
    nets: list[SsaNet] = []
    parts: list[_Unseen] = []
    for fold in range(config.folds):
        seen = Corpus([chat for chat, own in zip(chats, folds, strict=True) if own != fold], vocabulary)
        rest = Corpus([chat for chat, own in zip(chats, folds, strict=True) if own == fold], vocabulary)
        seeds = range(config.seed + fold * config.repeats, config.seed + (fold + 1) * config.repeats)
        members = Members(tuple(fit_member(seen, shape, config, seed) for seed in seeds), *_fit_linear(seen, config))
        nets.extend(members.nets)
        parts.append(_judge_unseen(members, rest, fold))
        print(f"{time.strftime('%H:%M:%S')} fold {fold + 1} of {config.folds}", file=sys.stderr, flush=True)
    unseen = _Unseen(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    stacked = _stack_crosswise(unseen, config)
    model = SsaModel(
        Members(tuple(nets), *_fit_linear(Corpus(chats, vocabulary), config)),
        _fit_stack(unseen, np.ones(len(unseen.fold), dtype=bool), config),
        tuple(vocabulary),
        shape,
        choose_bias(stacked, unseen.satisfaction),
        choose_bias(unseen.turns, unseen.sentiment),
        _measure_unseen(unseen, stacked),
    )
    model.save(config.out, config.name)
    return model


def _fit_linear(corpus: Corpus, config: SsaConfig) -> tuple[LinearModel, LinearModel]:
    return (
        fit_linear(corpus, "conversation", config.linear_strength, config.linear_terms),
        fit_linear(corpus, "turn", config.turn_strength, config.turn_terms),
    )


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


def _judge_unseen(members: Members, corpus: Corpus, fold: int) -> _Unseen:
    evidence = members.judge(corpus)
    customer = corpus.customer.numpy()
    return _Unseen(
        evidence.net,
        evidence.linear,
        gather(corpus, *evidence),
        corpus.satisfaction.numpy(),
        np.full(len(corpus), fold),
        evidence.turns[customer],
        corpus.sentiment.numpy()[customer],
        np.full(customer.sum(), fold),
    )


def _fit_stack(unseen: _Unseen, chosen: NDArray[np.bool_], config: SsaConfig) -> Stack:
    rows, classes = unseen.rows[chosen], unseen.satisfaction[chosen]
    return fit_stack(rows, classes, config.stack_strength, config.trees, config.seed)


def _stack_crosswise(unseen: _Unseen, config: SsaConfig) -> Logs:
    """Return what stacks that were fitted on the other folds say of each fold, ``(conversations, 3)``."""
    logs = np.zeros_like(unseen.net)
    for fold in np.unique(unseen.fold):
        inside = unseen.fold == fold
        logs[inside] = _fit_stack(unseen, ~inside, config).predict(unseen.rows[inside])
    return logs


def _measure_unseen(unseen: _Unseen, stacked: Logs) -> dict[str, Any]:
    """Return macro-F1 of members and stack on folds they have not seen; rules were set on the other folds, too."""
    satisfaction = {
        "networks": unseen.net,
        "linear": unseen.linear,
        "stack": stacked,
        "stack_with_rule": apply_crosswise(stacked, unseen.satisfaction, unseen.fold),
    }
    sentiment = {
        "members": unseen.turns,
        "with_rule": apply_crosswise(unseen.turns, unseen.sentiment, unseen.turn_fold),
    }
    return {
        "conversations": len(unseen.satisfaction),
        "unseen_satisfaction_macro_f1": {
            name: round(macro_f1(logs, unseen.satisfaction), 4) for name, logs in satisfaction.items()
        },
        "unseen_customer_sentiment_macro_f1": {
            name: round(macro_f1(logs, unseen.sentiment), 4) for name, logs in sentiment.items()
        },
    }
