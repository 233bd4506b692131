"""USS: English task dialogues with satisfaction by several annotators, per customer turn and for the whole dialogue.

Sun et al., "Simulating User Satisfaction for the Evaluation of Task-oriented Dialogue Systems", SIGIR 2021
(sunnweiwei/user-satisfaction-simulation).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.domain.conversation import Conversation, Turn
from training.data.files import read_rows
from training.data.rated import LEVELS, Rated

ROLES = ("customer", "agent")


@dataclass(frozen=True, slots=True)
class UssDialogue:
    """A dialogue with its annotators' ratings.

    Attributes:
        conversation: Its turns; the id is ``<file>-<row>``, as the corpus has none.
        turn_ratings: By the index of a customer's turn the ratings 1…5 of those who rated it, at least one.
        ratings: Of the whole dialogue, 1…5, one per annotator; empty where the file has none.
    """

    conversation: Conversation
    turn_ratings: Mapping[int, tuple[int, ...]]
    ratings: tuple[int, ...]

    def mean(self) -> float | None:
        """Return the mean rating of the whole, 1…5, ``None`` where there is none."""
        return float(np.mean(self.ratings)) if self.ratings else None


def read_uss(path: Path) -> list[UssDialogue]:
    """Return the dialogues of a ``.jsonl`` or ``.jsonl.gz`` file.

    Raises:
        ValueError: A row is not of the format; the message names it.
        OSError: The file cannot be read.
    """
    name = path.name.removesuffix(".gz").removesuffix(".jsonl")
    dialogues = []
    for number, row in enumerate(read_rows(path), start=1):
        try:
            dialogues.append(_read_dialogue(row, f"{name}-{number}"))
        except (KeyError, TypeError, ValueError) as problem:
            raise ValueError(f"{path}, row {number}: not a USS dialogue ({problem!r})") from problem
    if not dialogues:
        raise ValueError(f"{path}: no dialogues")
    return dialogues


def _read_dialogue(row: Mapping[str, Any], identity: str) -> UssDialogue:
    turns: list[Turn] = []
    ratings: dict[int, tuple[int, ...]] = {}
    for at, turn in enumerate(row["turns"]):
        if turn["role"] not in ROLES:
            raise ValueError(f"role {turn['role']!r}")
        turns.append(Turn(at, turn["role"], str(turn["text"])))
        if turn["role"] == "customer" and turn["satisfaction"]:
            ratings[at] = _levels(turn["satisfaction"])
    if not turns:
        raise ValueError("no turns")
    return UssDialogue(
        Conversation(identity, tuple(turns), language="en"),
        ratings,
        _levels(row.get("satisfaction") or ()),
    )


def _levels(values: Sequence[Any]) -> tuple[int, ...]:
    if not all(type(value) is int and 1 <= value <= LEVELS for value in values):
        raise ValueError(f"satisfaction {values!r}")
    return tuple(values)


def as_rated(dialogues: Sequence[UssDialogue], corpus: str, weight: float) -> list[Rated]:
    """Return the dialogues that were rated as a whole, as teachers of satisfaction."""
    return [Rated(d.conversation, d.ratings, None, weight, corpus) for d in dialogues if d.ratings]
