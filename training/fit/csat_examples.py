"""Conversations to learn satisfaction from, as the scorer reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.domain.conversation import Conversation
from models.scorers.csat.network import LEVELS, QUALITIES
from models.scorers.csat.rounds import Message, group_rounds, read_message
from training.data.rated import Rated
from training.data.replay import Observe, replay
from training.data.stc3 import Dialogue
from training.data.vectors import VectorStore

_SATISFACTION = QUALITIES.index("S")
_SURVEY_SPREAD = 0.3  # of a single rating, what goes to its neighbours: nobody rates the same chat alike twice


@dataclass(frozen=True, slots=True)
class RatedExample:
    """A conversation to learn from.

    Attributes:
        rounds: As the scorer would read it.
        group: Examples of one group (translations) are left out together.
        quality: Shares of raters, ``(3, 5)``; a row of zeros where nobody was asked.
        nuggets: One a round, over ``NUGGETS`` of its side; ``None`` where nobody was asked.
        weight: In the loss, where an STC-3 dialogue has 1.
        resolved: Share of those asked for whom the matter was resolved; ``None`` where nobody was asked.
    """

    rounds: list[list[Message]]
    group: str
    quality: NDArray[np.float64]
    nuggets: Sequence[NDArray[np.float64]] | None
    weight: float = 1.0
    resolved: float | None = None

    @property
    def customer(self) -> list[bool]:
        """One a round, true for the customer's."""
        return [messages[0].side == "customer" for messages in self.rounds]


def read_messages(conversation: Conversation, sentiment: Observe, vectors: VectorStore) -> list[Message]:
    """Return what the scorer's ``observe`` would keep of each turn; system turns are left out.

    Args:
        conversation: Any.
        sentiment: The fitted sentiment scorer's ``observe``.
        vectors: Encoded texts.
    """
    context = replay(conversation, {"sentiment": sentiment, "csat": read_message}, vectors)
    return [message for message in context.signals["csat"] if message is not None]


def dialogue_examples(dialogues: Sequence[Dialogue], sentiment: Observe, vectors: VectorStore) -> list[RatedExample]:
    """Return STC-3 dialogues as examples; each turn is a round of its own, as the sides alternate."""
    return [
        RatedExample(
            [[message] for message in read_messages(dialogue.conversation, sentiment, vectors)],
            dialogue.conversation.id,
            np.array([dialogue.distribution(quality) for quality in QUALITIES]),
            dialogue.nuggets,
            resolved=dialogue.resolved,
        )
        for dialogue in dialogues
    ]


def rated_examples(rated: Sequence[Rated], sentiment: Observe, vectors: VectorStore) -> list[RatedExample]:
    """Return rated conversations as examples; those of which nothing is known or without a message are left out."""
    examples = []
    for row in rated:
        rounds = group_rounds(read_messages(row.conversation, sentiment, vectors))
        if rounds and row.weight > 0 and (row.ratings or row.resolved is not None):
            quality = np.zeros((len(QUALITIES), LEVELS))
            if row.ratings:
                quality[_SATISFACTION] = row.distribution(_SURVEY_SPREAD if len(row.ratings) == 1 else 0.0)
            resolved = None if row.resolved is None else float(row.resolved)
            examples.append(RatedExample(rounds, row.conversation.id, quality, None, row.weight, resolved))
    return examples
