"""The joint quality and nugget network in torch; ``models.scorers.csat.network`` runs the same equations in numpy."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from models.scorers.csat.network import LEVELS, NUGGETS, QUALITIES


class Logits(NamedTuple):
    """The network's outputs.

    Attributes:
        quality: ``(n, 3, 5)``.
        customer: Nuggets of the customer's rounds, ``(n, T, 4)``.
        service: Nuggets of the service's rounds, ``(n, T, 3)``.
        resolved: ``(n,)``.
    """

    quality: Tensor
    customer: Tensor
    service: Tensor
    resolved: Tensor


class CsatNet(nn.Module):
    """Bidirectional GRU over rounds; quality and resolution from pooled states, nuggets from each state.

    Attributes:
        mean: Of the raw inputs, shape ``(d,)``; ``scale`` their standard deviation.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, mean: Tensor, scale: Tensor, hidden: int, dropout: float) -> None:
        """Build the network for raw inputs with this mean and scale."""
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("scale", scale)
        self.gru = nn.GRU(len(mean), hidden, batch_first=True, bidirectional=True)
        self.quality = nn.Linear(6 * hidden, len(QUALITIES) * LEVELS)
        self.customer = nn.Linear(2 * hidden, len(NUGGETS["customer"]))
        self.service = nn.Linear(2 * hidden, len(NUGGETS["service"]))
        self.resolution = nn.Linear(6 * hidden, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, lengths: Tensor) -> Logits:
        """Return what the network says, before the soft-max and the logistic function.

        Args:
            x: Raw inputs, padded, ``(n, T, d)``.
            lengths: Rounds of each conversation, ``(n,)``, at least 1.
        """
        x = self.dropout((x - self.mean) / self.scale)
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        output, last = self.gru(packed)
        states, _ = nn.utils.rnn.pad_packed_sequence(output, batch_first=True, total_length=x.shape[1])
        inside = (torch.arange(x.shape[1])[None] < lengths[:, None])[..., None]
        mean = (states * inside).sum(dim=1) / lengths[:, None]
        peak = states.masked_fill(~inside, -torch.inf).amax(dim=1)
        pooled = torch.cat([last[0], last[1], mean, peak], dim=1)
        pooled = self.dropout(pooled)
        quality = self.quality(pooled).view(-1, len(QUALITIES), LEVELS)
        resolved = self.resolution(pooled)[:, 0]
        states = self.dropout(states)
        return Logits(quality, self.customer(states), self.service(states), resolved)
