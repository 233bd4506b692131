"""Fits the satisfaction networks on annotated dialogues."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save
from torch import Tensor, nn

from models.domain.conversation import Conversation
from models.scorers.csat.network import QUALITIES, WEIGHTS_NAME
from models.scorers.csat.rounds import Message, read_message, round_features
from training.config import CsatFit
from training.data.replay import Observe, replay
from training.data.stc3 import Dialogue
from training.data.vectors import VectorStore
from training.fit.csat_net import CsatNet


def read_messages(conversation: Conversation, sentiment: Observe, vectors: VectorStore) -> list[Message]:
    """Return what the scorer's ``observe`` would keep of each turn; system turns are left out.

    Args:
        conversation: Any.
        sentiment: The fitted sentiment scorer's ``observe``.
        vectors: Encoded texts.
    """
    context = replay(conversation, {"sentiment": sentiment, "csat": read_message}, vectors)
    return [message for message in context.signals["csat"] if message is not None]


class Examples:
    """Dialogues as padded tensors; each turn of STC-3 is a round of its own, as the sides alternate."""

    def __init__(self, dialogues: Sequence[Dialogue], sentiment: Observe, vectors: VectorStore) -> None:
        """Lay out inputs ``x (n, T, d)``, ``lengths (n,)`` and the soft targets."""
        rows = []
        for dialogue in dialogues:
            messages = read_messages(dialogue.conversation, sentiment, vectors)
            rows.append(round_features([[message] for message in messages], vectors.dimension))
        self.lengths = torch.tensor([len(row) for row in rows])
        longest = int(self.lengths.max())
        self.x = torch.zeros(len(rows), longest, rows[0].shape[1])
        self.customer = torch.zeros(len(rows), longest, 4)
        self.service = torch.zeros(len(rows), longest, 3)
        for at, (row, dialogue) in enumerate(zip(rows, dialogues, strict=True)):
            self.x[at, : len(row)] = torch.from_numpy(row)
            for place, shares in enumerate(dialogue.nuggets):
                target = self.customer if len(shares) == 4 else self.service
                target[at, place] = torch.from_numpy(shares)
        quality = np.array([[dialogue.distribution(q) for q in QUALITIES] for dialogue in dialogues])
        self.quality = torch.from_numpy(quality).float()

    def moments(self) -> tuple[Tensor, Tensor]:
        """Return mean and standard deviation over all rounds."""
        flat = self.x[torch.arange(self.x.shape[1])[None] < self.lengths[:, None]]
        return flat.mean(dim=0), flat.std(dim=0) + 1e-4


def _soft_cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    return -(target * nn.functional.log_softmax(logits, dim=-1)).sum(dim=-1)


def csat_loss(outputs: tuple[Tensor, Tensor, Tensor], targets: tuple[Tensor, Tensor, Tensor], fit: CsatFit) -> Tensor:
    """Return cross-entropy on the annotators' distributions, plus the earth mover's term, plus nuggets.

    The earth mover's term is the mean absolute difference of the cumulative distributions (the NMD of Sakai 2018).
    A target row of zeros (padding, the other side's round, a round cut off) counts nothing.
    """
    quality, customer, service = outputs
    cumulative = (quality.softmax(dim=-1).cumsum(dim=-1) - targets[0].cumsum(dim=-1)).abs().mean()
    rounds = targets[1].sum() + targets[2].sum()
    nuggets = _soft_cross_entropy(customer, targets[1]).sum() + _soft_cross_entropy(service, targets[2]).sum()
    levels = _soft_cross_entropy(quality, targets[0]).mean() + fit.earth_mover * cumulative
    return levels + fit.nugget * nuggets / rounds


def fit_member(examples: Examples, fit: CsatFit, seed: int) -> CsatNet:
    """Fit one network.

    In each batch a share ``fit.prefix`` of the dialogues is cut at a random round and keeps the rating given to the
    whole: so the network also learns to say, early, how a conversation will be rated.
    """
    torch.manual_seed(seed)
    net = CsatNet(*examples.moments(), fit.hidden, fit.dropout)
    optimiser = torch.optim.AdamW(net.parameters(), lr=fit.learning_rate, weight_decay=fit.weight_decay)
    count = len(examples.lengths)
    steps = fit.epochs * -(-count // fit.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, fit.learning_rate, total_steps=steps)
    net.train()
    for _ in range(fit.epochs):
        for rows in torch.randperm(count).split(fit.batch):  # type: ignore[no-untyped-call]
            lengths = examples.lengths[rows]
            cut = torch.rand(len(rows)) < fit.prefix
            shorter = (torch.rand(len(rows)) * lengths).long().clamp(min=1)
            lengths = torch.where(cut, shorter, lengths)
            kept = (torch.arange(examples.x.shape[1])[None] < lengths[:, None])[..., None]
            targets = (examples.quality[rows], examples.customer[rows] * kept, examples.service[rows] * kept)
            loss = csat_loss(net(examples.x[rows], lengths), targets, fit)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            schedule.step()
    return net.eval()


def fit_csat(
    dialogues: Sequence[Dialogue], sentiment: Observe, vectors: VectorStore, fit: CsatFit, seed: int, out: Path
) -> None:
    """Fit the ensemble on ``dialogues`` and write its weights (16-bit) into the directory ``out``."""
    examples = Examples(dialogues, sentiment, vectors)
    tensors: dict[str, NDArray[np.float16]] = {}
    for at in range(fit.members):
        state = fit_member(examples, fit, seed + at).state_dict()
        tensors.update({f"{at}/{name}": np.ascontiguousarray(t.numpy(), dtype=np.float16) for name, t in state.items()})
    out.mkdir(parents=True, exist_ok=True)
    (out / WEIGHTS_NAME).write_bytes(save(tensors))
