"""Fits the satisfaction ensemble on rated conversations, and says of each what members that never saw it would."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save
from torch import Tensor, nn

from models.scorers.csat.ensemble import blend
from models.scorers.csat.network import NUGGETS, QUALITIES, WEIGHTS_NAME, Prediction
from models.scorers.csat.rounds import round_features
from training.config import CsatFit
from training.data.splits import draw
from training.fit.csat_examples import RatedExample
from training.fit.csat_lexical import LexicalInputs, fit_lexical, predict_lexical, save_lexical
from training.fit.csat_net import CsatNet, Logits

_SHORT = 7  # rounds, as many as the STC-3 dialogues have at most


class Targets(NamedTuple):
    """What the network's outputs are compared with: shares of raters, shaped like the ``Logits``."""

    quality: Tensor
    customer: Tensor
    service: Tensor
    resolved: Tensor


class Batches:
    """Examples as padded tensors: inputs ``x (n, T, d)``, ``lengths (n,)`` and the soft targets.

    ``resolved (n,)`` is NaN where nobody was asked.
    """

    def __init__(self, examples: Sequence[RatedExample], width: int) -> None:
        """Lay out the examples; ``width`` is that of a vector."""
        rows = [round_features(example.rounds, width) for example in examples]
        self.lengths = torch.tensor([len(row) for row in rows])
        longest = int(self.lengths.max())
        self.x = torch.zeros(len(rows), longest, rows[0].shape[1])
        self.customer = torch.zeros(len(rows), longest, len(NUGGETS["customer"]))
        self.service = torch.zeros(len(rows), longest, len(NUGGETS["service"]))
        for at, (row, example) in enumerate(zip(rows, examples, strict=True)):
            self.x[at, : len(row)] = torch.from_numpy(row)
            for place, shares in enumerate(example.nuggets or ()):
                target = self.customer if len(shares) == len(NUGGETS["customer"]) else self.service
                target[at, place] = torch.from_numpy(shares)
        self.quality = torch.tensor(np.array([example.quality for example in examples]), dtype=torch.float32)
        self.weight = torch.tensor([example.weight for example in examples])
        self.resolved = torch.tensor([torch.nan if one.resolved is None else one.resolved for one in examples])

    def moments(self) -> tuple[Tensor, Tensor]:
        """Return mean and standard deviation over all rounds, each with the weight of its conversation."""
        inside = torch.arange(self.x.shape[1])[None] < self.lengths[:, None]
        flat, weight = self.x[inside], self.weight[:, None].expand_as(inside)[inside][:, None]
        mean = (flat * weight).sum(dim=0) / weight.sum()
        return mean, ((flat - mean).square() * weight).sum(dim=0).div(weight.sum()).sqrt() + 1e-4

    def targets(self, rows: Tensor, lengths: Tensor) -> Targets:
        """Return what is asked of some of the examples, cut off after so many rounds."""
        longest = int(lengths.max())
        kept = (torch.arange(longest)[None] < lengths[:, None])[..., None]
        return Targets(
            self.quality[rows],
            self.customer[rows, :longest] * kept,
            self.service[rows, :longest] * kept,
            self.resolved[rows],
        )


def _soft_cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    return -(target * nn.functional.log_softmax(logits, dim=-1)).sum(dim=-1)


def csat_loss(outputs: Logits, targets: Targets, weight: Tensor, fit: CsatFit) -> Tensor:
    """Return cross-entropy on the annotators' distributions, plus the earth mover's term, nuggets and resolution.

    The earth mover's term is the mean absolute difference of the cumulative distributions (the NMD of Sakai 2018).
    A target row of zeros (padding, the other side's round, a round cut off, a quality nobody rated) counts nothing,
    nor does a resolution that is NaN. Quality and resolution are divided by the number of conversations, not by their
    weights: long ones are in batches of their own, where light ones would else count as much as any.

    Args:
        outputs: The network's.
        targets: What people said.
        weight: Of each conversation, ``(n,)``.
        fit: Weights of the terms.
    """
    rated = targets.quality.sum(dim=-1) * weight[:, None]
    apart = (outputs.quality.softmax(dim=-1).cumsum(dim=-1) - targets.quality.cumsum(dim=-1)).abs().mean(dim=-1)
    missed = (_soft_cross_entropy(outputs.quality, targets.quality) + fit.earth_mover * apart) * rated
    levels = missed.sum() / rated.numel()
    asked = (targets.customer.sum() + targets.service.sum()).clamp(min=1.0)
    nuggets = (
        _soft_cross_entropy(outputs.customer, targets.customer).sum()
        + _soft_cross_entropy(outputs.service, targets.service).sum()
    )
    known = targets.resolved.isfinite() * weight
    unsure = nn.functional.binary_cross_entropy_with_logits(
        outputs.resolved, targets.resolved.nan_to_num(), reduction="none"
    )
    resolution = (unsure * known).mean()
    return levels + fit.nugget * nuggets / asked + fit.resolution * resolution


def fit_member(batches: Batches, rows: NDArray[np.int64], fit: CsatFit, seed: int, prefix: float) -> CsatNet:
    """Fit one network on some of the examples.

    In each batch a share ``prefix`` of the conversations is cut off at a random round and keeps the rating given to the
    whole: so the network learns to say, early, how a conversation will be rated.
    """
    torch.manual_seed(seed)
    net = CsatNet(*batches.moments(), fit.hidden, fit.dropout)
    optimiser = torch.optim.AdamW(net.parameters(), lr=fit.learning_rate, weight_decay=fit.weight_decay)
    chosen = torch.from_numpy(rows)
    steps = fit.epochs * (len(rows) // fit.batch + 2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, fit.learning_rate, total_steps=steps)
    net.train()
    for _ in range(fit.epochs):
        for part in _deal(chosen, batches.lengths, fit.batch):
            lengths = batches.lengths[part]
            shorter = (torch.rand(len(part)) * lengths).long().clamp(min=1)
            lengths = torch.where(torch.rand(len(part)) < prefix, shorter, lengths)
            said = net(batches.x[part, : int(lengths.max())], lengths)
            loss = csat_loss(said, batches.targets(part, lengths), batches.weight[part], fit)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            schedule.step()
    return net.eval()


def _deal(rows: Tensor, lengths: Tensor, size: int) -> list[Tensor]:
    """Return ``rows`` in random batches, the few long conversations by themselves: a batch is padded to its longest."""
    shuffled = rows[torch.randperm(len(rows))]
    short = shuffled[lengths[shuffled] <= _SHORT].split(size)  # type: ignore[no-untyped-call]
    long = shuffled[lengths[shuffled] > _SHORT].split(size)  # type: ignore[no-untyped-call]
    parts = [part for part in (*short, *long) if len(part)]
    return [parts[at] for at in torch.randperm(len(parts)).tolist()]


def fit_csat(examples: Sequence[RatedExample], width: int, fit: CsatFit, seed: int, out: Path) -> list[Prediction]:
    """Fit the ensemble and write its weights into the directory ``out``.

    The examples are dealt into ``fit.members`` folds by group; each network leaves out one, and so does, for it alone,
    a linear model. The networks ship together (bagging), with a linear model fitted on everything. Every second network
    learns from conversations that are cut off, too: these are better in the middle of one, the others at its end.

    Returns:
        Of each example what the members that had not seen it say: the material for calibration.
    """
    batches, lexical = Batches(examples, width), LexicalInputs.of(examples)
    folds = np.array([int(draw(example.group, seed + 1) * fit.members) for example in examples])
    unseen: dict[int, Prediction] = {}
    tensors: dict[str, NDArray[np.float16]] = {}
    for fold in range(fit.members):
        seen, left_out = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        net = fit_member(batches, seen, fit, seed + fold, fit.prefix if fold % 2 else 0.0)
        tensors.update(
            {
                f"{fold}/{name}": np.ascontiguousarray(t.numpy(), dtype=np.float16)
                for name, t in net.state_dict().items()
            }
        )
        if len(left_out):
            words = predict_lexical(fit_lexical(lexical, seen, fit.lexical_strength), lexical, left_out)
            for row, prediction, quality in zip(
                left_out, _predict(net, batches, left_out, examples), words, strict=True
            ):
                unseen[int(row)] = blend(prediction, quality, fit.lexical_share)
    out.mkdir(parents=True, exist_ok=True)
    (out / WEIGHTS_NAME).write_bytes(save(tensors))
    save_lexical(fit_lexical(lexical, np.arange(len(examples)), fit.lexical_strength), lexical, out)
    return [unseen[row] for row in range(len(examples))]


def _predict(
    net: CsatNet, batches: Batches, rows: NDArray[np.int64], examples: Sequence[RatedExample]
) -> list[Prediction]:
    with torch.no_grad():
        chosen = torch.from_numpy(rows)
        logits: Logits = net(batches.x[chosen], batches.lengths[chosen])
        quality, customer, service = (output.softmax(dim=-1).double().numpy() for output in logits[:3])
        resolved = logits.resolved.sigmoid().double().numpy()
    return [
        Prediction(
            dict(zip(QUALITIES, quality[at], strict=True)),
            [
                (customer if messages[0].side == "customer" else service)[at, place]
                for place, messages in enumerate(examples[row].rounds)
            ],
            float(resolved[at]),
        )
        for at, row in enumerate(rows)
    ]
