"""Conversations with ratings of satisfaction and nothing else: surveys, and corpora without nugget labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.domain.conversation import Conversation, Role, Turn
from training.data.labels import LabelledConversation
from training.data.splits import hold_out
from training.data.stc3 import Dialogue

LEVELS = 5


@dataclass(frozen=True, slots=True)
class Rated:
    """A rated conversation.

    Attributes:
        conversation: Personal data masked where it comes from a user's file.
        ratings: Of satisfaction, 1 (worst) … 5, one per rater; empty where only ``resolved`` is known.
        resolved: Whether the matter was resolved, or ``None``.
        weight: Of the whole conversation in the loss, where an STC-3 dialogue has 1.
        corpus: Where it comes from.
    """

    conversation: Conversation
    ratings: tuple[int, ...]
    resolved: bool | None
    weight: float
    corpus: str

    def distribution(self, spread: float = 0.0) -> NDArray[np.float64]:
        """Return the share of raters at each of 1…5, shape ``(5,)``.

        Args:
            spread: Of each rating this share, 0…1, goes to its two neighbours (at an end to the one there is, in
                half), since one rater's 4 is next to another's 5: makes a survey's single rating a soft target.

        Raises:
            ValueError: There is no rating.
        """
        if not self.ratings:
            raise ValueError(f"{self.conversation.id}: no rating")
        counts = np.bincount(np.array(self.ratings) - 1, minlength=LEVELS).astype(np.float64)
        soft = counts * (1 - spread)
        soft[1:] += counts[:-1] * spread / 2
        soft[:-1] += counts[1:] * spread / 2
        soft[[0, -1]] += counts[[0, -1]] * spread / 2
        return np.asarray(soft / soft.sum(), dtype=np.float64)


def as_dialogue(row: Rated, roles: Sequence[Role]) -> Dialogue:
    """Return what a decision rule is fitted on in place of an STC-3 dialogue, where there are none of these.

    Args:
        row: With rating and outcome; the rating stands for all three qualities.
        roles: Who speaks in each round, as the scorer groups them; the dialogue has one (empty) turn for each.
    """
    given = np.array(row.ratings, dtype=np.int64)
    turns = tuple(Turn(at, role, "") for at, role in enumerate(roles))
    return Dialogue(replace(row.conversation, turns=turns), dict.fromkeys("ASE", given), (), float(bool(row.resolved)))


@dataclass(frozen=True, slots=True)
class RatedSplit:
    """A corpus's rated conversations by use; no conversation is in both."""

    train: list[Rated]
    test: list[Rated]


def split_rated(rows: Sequence[Rated], held_out: int, seed: int) -> RatedSplit:
    """Hold out ``held_out`` conversations, chosen by id and seed alone."""
    test, train = hold_out((row.conversation.id for row in rows), [held_out], seed)
    return RatedSplit(
        train=[row for row in rows if row.conversation.id in train],
        test=[row for row in rows if row.conversation.id in test],
    )


def surveys(labelled: Iterable[LabelledConversation], corpus: str, weight: float) -> list[Rated]:
    """Return the users' conversations of which the customer's rating or the outcome is known."""
    return [
        Rated(
            row.conversation,
            () if row.satisfaction is None else (row.satisfaction,),
            row.resolved,
            weight,
            corpus,
        )
        for row in labelled
        if row.satisfaction is not None or row.resolved is not None
    ]
