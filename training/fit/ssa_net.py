"""The conversation network of the SSA benchmark: words → turns → conversation.

The idea of the satisfaction scorer's network (turn vectors and roles, a bidirectional GRU over the turns, a joint loss
on the turns), with turn vectors from a convolution over learnt word vectors in place of the sentence encoder's.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from training.fit.ssa_batches import FEATURES, UNKNOWN, Batch

_BUCKETS = (3, 6, 12, 24, 48)  # turns are padded to the next of these
_CLASSES = 3


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a network: word vectors, convolution channels (3 words wide), GRU units per direction."""

    words: int
    dimension: int
    channels: int
    hidden: int


class SsaNet(nn.Module):
    """Satisfaction of a conversation and sentiment of each of its turns."""

    def __init__(self, shape: Shape, dropout: float = 0.0, word_dropout: float = 0.0) -> None:
        """Build a network; ``word_dropout`` is the share of words hidden while training."""
        super().__init__()
        self.embedding = nn.Embedding(shape.words, shape.dimension, padding_idx=0)
        self.convolution = nn.Linear(3 * shape.dimension, shape.channels)
        self.turn = nn.Linear(shape.channels + FEATURES, 2 * shape.hidden)
        self.gru = nn.GRU(2 * shape.hidden, shape.hidden, batch_first=True, bidirectional=True)
        self.sentiment = nn.Linear(4 * shape.hidden, _CLASSES)
        self.attention = nn.Linear(4 * shape.hidden, 2)
        pooled = 4 * 4 * shape.hidden + 6 * _CLASSES + 2
        self.head = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(pooled, 64), nn.ReLU(), nn.Dropout(dropout), nn.Linear(64, _CLASSES)
        )
        self.dropout = nn.Dropout(dropout)
        self.word_dropout = word_dropout

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return logits: satisfaction ``(B, 3)`` and sentiment of every turn ``(n, 3)``."""
        turns = torch.cat([self.dropout(self._read_turns(batch)), batch.features], dim=1)
        turns = self.dropout(self.turn(turns).relu())
        longest = int(batch.turns.max())
        grid = turns.new_zeros(len(batch.turns) * longest, turns.shape[1]).index_copy(0, batch.place, turns)
        grid = grid.view(len(batch.turns), longest, -1)
        packed = nn.utils.rnn.pack_padded_sequence(grid, batch.turns, batch_first=True, enforce_sorted=False)
        states, _ = nn.utils.rnn.pad_packed_sequence(self.gru(packed)[0], batch_first=True, total_length=longest)
        joined = self.dropout(torch.cat([states, grid], dim=2))
        sentiment = self.sentiment(joined)
        customer = torch.zeros(len(batch.turns) * longest, dtype=torch.bool).index_copy(0, batch.place, batch.customer)
        inside = torch.arange(longest)[None] < batch.turns[:, None]
        features = self._pool(joined, sentiment, customer.view_as(inside), inside)
        return self.head(features), sentiment.flatten(0, 1)[batch.place]

    def _read_turns(self, batch: Batch) -> Tensor:
        """Return the largest response of each filter within each turn, ``(n, channels)``."""
        parts, order, shorter = [], [], 0
        for size in _BUCKETS:
            chosen = ((batch.lengths > shorter) & (batch.lengths <= size)).nonzero()[:, 0]
            shorter = size
            if not len(chosen):
                continue
            words = batch.words[chosen, :size]
            padding = words == 0
            if self.training and self.word_dropout:
                words = words.masked_fill((torch.rand(words.shape) < self.word_dropout) & ~padding, UNKNOWN)
            vectors = self.embedding(nn.functional.pad(words, (1, 1)))
            triples = torch.cat([vectors[:, :-2], vectors[:, 1:-1], vectors[:, 2:]], dim=2)
            parts.append(self.convolution(triples).amax(dim=1).relu())
            order.append(chosen)
        return torch.cat(parts)[torch.cat(order).argsort()]

    def _pool(self, joined: Tensor, sentiment: Tensor, customer: Tensor, inside: Tensor) -> Tensor:
        """Return attention over all and over the customer's turns, their peak, the last one and sentiment shares."""
        customer = customer | (inside & ~customer.any(dim=1, keepdim=True))
        scores = self.attention(joined)
        over_all = scores[..., 0].masked_fill(~inside, -1e4).softmax(dim=1)
        over_customer = scores[..., 1].masked_fill(~customer, -1e4).softmax(dim=1)
        peak = joined.masked_fill(~customer[..., None], -1e4).amax(dim=1)
        from_end = customer.flip(1).cumsum(dim=1).flip(1) * customer
        last = (from_end == 1).float()
        last3 = ((from_end >= 1) & (from_end <= 3)).float()
        last3 = last3 / last3.sum(dim=1, keepdim=True)
        share = customer / customer.sum(dim=1, keepdim=True)
        probabilities = sentiment.softmax(dim=2)
        weights = torch.stack([over_all, over_customer, last], dim=1) @ joined
        agent = (inside & ~customer).float()
        agent = agent / agent.sum(dim=1, keepdim=True).clamp(min=1)
        sentiments = torch.stack([share, last, last3, agent], dim=1) @ probabilities
        counts = (customer.float()[:, None] @ probabilities)[:, 0].log1p() / 2
        most = probabilities.masked_fill(~customer[..., None], 0.0).amax(dim=1)
        sizes = torch.stack([inside.sum(dim=1), customer.sum(dim=1)], dim=1).log() / 4
        return torch.cat([weights.flatten(1), peak, sentiments.flatten(1), counts, most, sizes], dim=1)
