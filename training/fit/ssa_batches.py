"""Lays SSA conversations out as arrays and cuts batches from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from training.data.ssa import ROLES, SsaChat

PADDING, UNKNOWN, FIRST_WORD = 0, 1, 2
FEATURES = 6
_LONGEST = 48  # words of a turn that are read; 99 % of the turns are shorter


@dataclass(frozen=True, slots=True)
class Batch:
    """Some conversations; ``n`` turns in all, ``T`` in the longest of the ``B`` conversations.

    Attributes:
        words: Rows of the embedding, ``(n, 48)``, padded with ``PADDING``.
        lengths: Words of each turn, at least 1, ``(n,)``.
        features: Role, position and length of each turn, ``(n, FEATURES)``.
        place: Where each turn goes in the flattened ``(B * T)`` grid, ``(n,)``.
        turns: Turns of each conversation, ``(B,)``.
        customer: True for the customer's turns, ``(n,)``.
        sentiment: Class 0…2 of each turn, ``(n,)``.
        satisfaction: Class 0…2 of each conversation, ``(B,)``.
    """

    words: Tensor
    lengths: Tensor
    features: Tensor
    place: Tensor
    turns: Tensor
    customer: Tensor
    sentiment: Tensor
    satisfaction: Tensor


class Corpus:
    """Conversations as arrays, one row per turn."""

    def __init__(self, chats: Sequence[SsaChat], vocabulary: Sequence[int]) -> None:
        """Look words up in ``vocabulary``; its ``k``-th is row ``k + FIRST_WORD`` of the embedding."""
        rows = {word: at for at, word in enumerate(vocabulary, start=FIRST_WORD)}
        turns = [turn for chat in chats for turn in chat.turns]
        self.satisfaction = torch.tensor([chat.satisfaction - 1 for chat in chats])
        self.turns = torch.tensor([len(chat.turns) for chat in chats])
        self.starts = self.turns.cumsum(0) - self.turns
        self.sentiment = torch.tensor([turn.sentiment - 1 for turn in turns])
        self.customer = torch.tensor([turn.role == ROLES[0] for turn in turns])
        words = np.zeros((len(turns), _LONGEST), dtype=np.int32)
        for at, turn in enumerate(turns):
            found = [rows.get(word, UNKNOWN) for word in turn.words[:_LONGEST]] or [UNKNOWN]
            words[at, : len(found)] = found
        self.words = torch.from_numpy(words)
        self.lengths = (self.words != PADDING).sum(dim=1)
        self.features = torch.tensor([row for chat in chats for row in _features(chat)], dtype=torch.float32)

    def __len__(self) -> int:
        """Return the number of conversations."""
        return len(self.turns)

    def batch(self, chosen: Tensor) -> Batch:
        """Return the conversations with these numbers."""
        counts = self.turns[chosen]
        inside = torch.arange(int(counts.max()))[None] < counts[:, None]
        at = (self.starts[chosen][:, None] + torch.arange(inside.shape[1])[None])[inside]
        return Batch(
            self.words[at].long(),
            self.lengths[at],
            self.features[at],
            inside.flatten().nonzero()[:, 0],
            counts,
            self.customer[at],
            self.sentiment[at],
            self.satisfaction[chosen],
        )


def _features(chat: SsaChat) -> list[list[float]]:
    count = len(chat.turns)
    rows = []
    for at, turn in enumerate(chat.turns):
        customer = turn.role == ROLES[0]
        follows = at > 0 and chat.turns[at - 1].role == turn.role
        rows.append([customer, not customer, follows, at / count, 1 / (count - at), np.log1p(len(turn.words)) / 3])
    return rows
