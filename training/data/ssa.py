"""Reads SSA: service chats rated by their customers, with the sentiment of every turn; words are numbers.

Song et al., "Using Customer Service Dialogues for Satisfaction Analysis with Context-Assisted Multiple Instance
Learning", EMNLP 2019 (songkaisong/ssa). The words were replaced by numbers before publication.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.data.files import read_rows

ROLES = ("customer", "agent")
LEVELS = (1, 2, 3)  # satisfaction: unsatisfied, met, well satisfied; sentiment: negative, neutral, positive


@dataclass(frozen=True, slots=True)
class SsaTurn:
    """One message: ``role`` as in ``ROLES``, words as numbers, ``sentiment`` as in ``LEVELS``."""

    role: str
    words: tuple[int, ...]
    sentiment: int


@dataclass(frozen=True, slots=True)
class SsaChat:
    """One conversation with the customer's rating, ``satisfaction``, as in ``LEVELS``."""

    satisfaction: int
    turns: tuple[SsaTurn, ...]

    @property
    def content(self) -> str:
        """Who said what, without labels: equal for two copies of one conversation."""
        return " ".join(f"{turn.role}:{','.join(map(str, turn.words))}" for turn in self.turns)


def read_chats(path: Path) -> list[SsaChat]:
    """Return the conversations of a ``.jsonl`` or ``.jsonl.gz`` file.

    Raises:
        ValueError: A row is not of the format; the message names it.
        OSError: The file cannot be read.
    """
    chats = []
    for number, row in enumerate(read_rows(path), start=1):
        try:
            turns = tuple(_read_turn(turn) for turn in row["turns"])
            chats.append(SsaChat(_level(row["satisfaction"]), turns))
        except (KeyError, TypeError, ValueError) as problem:
            raise ValueError(f"{path}, row {number}: not an SSA conversation ({problem!r})") from problem
        if not turns:
            raise ValueError(f"{path}, row {number}: no turns")
    if not chats:
        raise ValueError(f"{path}: no conversations")
    return chats


def _read_turn(turn: dict[str, Any]) -> SsaTurn:
    if turn["role"] not in ROLES:
        raise ValueError(f"role {turn['role']!r}")
    return SsaTurn(turn["role"], tuple(int(word) for word in turn["tokens"]), _level(turn["sentiment"]))


def _level(value: Any) -> int:
    if value not in LEVELS:
        raise ValueError(f"level {value!r}")
    return int(value)


def without_copies(chats: Sequence[SsaChat], kept_apart: Sequence[SsaChat]) -> list[SsaChat]:
    """Return ``chats`` without those that are also, word by word, in ``kept_apart``."""
    apart = {chat.content for chat in kept_apart}
    return [chat for chat in chats if chat.content not in apart]


def frequent_words(chats: Sequence[SsaChat], least: int) -> list[int]:
    """Return the words that occur at least ``least`` times, in ascending order."""
    counts = Counter(word for chat in chats for turn in chat.turns for word in turn.words)
    return sorted(word for word, count in counts.items() if count >= least)
