"""STC-3 dialogues with their annotators' labels as distributions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.domain.conversation import Conversation
from models.errors import InvalidConversationError
from models.interchange.stc3 import conversation_from_stc3
from models.scorers.csat.network import LEVELS, NUGGETS, QUALITIES
from models.scorers.csat.rounds import Side
from training.data.files import read_rows


@dataclass(frozen=True, slots=True)
class Dialogue:
    """An annotated dialogue.

    Attributes:
        conversation: Its turns as the product sees them; the id is shared by translations.
        ratings: Per quality A, S, E one rating per annotator, 1 (worst, −2 in the corpus) … 5.
        nuggets: Per turn the share of annotators for each type of ``NUGGETS`` of its side.
        resolved: Share of annotators for whom the matter was resolved; see :func:`is_resolved`.
    """

    conversation: Conversation
    ratings: Mapping[str, NDArray[np.int64]]
    nuggets: tuple[NDArray[np.float64], ...]
    resolved: float

    def distribution(self, quality: str) -> NDArray[np.float64]:
        """Return the share of annotators at each of 1…5, shape ``(5,)``."""
        counts = np.bincount(self.ratings[quality] - 1, minlength=LEVELS)
        return np.asarray(counts / counts.sum(), dtype=np.float64)

    def mean(self, quality: str) -> float:
        """Return the annotators' mean, 1…5."""
        return float(self.ratings[quality].mean())


def is_resolved(annotation: Mapping[str, Any]) -> bool:
    """Tell whether one annotator saw the matter resolved.

    The corpus does not ask for it. It counts as resolved where the annotator marked a turn in which the customer
    confirms a solution (CNUG*), or one in which the helpdesk states one (HNUG*) and rated task accomplishment A ≥ 1.
    """
    nuggets = annotation["nugget"]
    return "CNUG*" in nuggets or ("HNUG*" in nuggets and annotation["quality"]["A"] >= 1)


def side_of_sender(sender: str) -> Side:
    """Return the side of an STC-3 sender."""
    return "customer" if sender == "customer" else "service"


def read_dialogues(path: Path, language: str | None = None) -> list[Dialogue]:
    """Return the annotated dialogues of a file.

    Raises:
        ValueError: A row has no annotations or is not of the format.
    """
    dialogues = []
    for at, row in enumerate(read_rows(path), start=1):
        try:
            dialogues.append(_dialogue(row, language))
        except InvalidConversationError as problem:
            raise ValueError(f"{path}, row {at}: not an STC-3 dialogue: {problem.message_en}") from problem
        except ValueError as problem:
            raise ValueError(f"{path}, row {at}: {problem}") from problem
        except (AttributeError, KeyError, IndexError, TypeError) as problem:
            raise ValueError(f"{path}, row {at}: not an annotated STC-3 dialogue: {problem!r}") from problem
    return dialogues


def read_unlabelled(path: Path, language: str | None = None) -> list[Conversation]:
    """Return the conversations of a file of STC-3 dialogues; annotations, if any, are left out.

    Raises:
        ValueError: A row is not of the format; the message names it.
        OSError: The file cannot be read.
    """
    conversations = []
    for at, row in enumerate(read_rows(path), start=1):
        try:
            conversations.append(conversation_from_stc3(row, language))
        except InvalidConversationError as problem:
            raise ValueError(f"{path}, row {at}: not an STC-3 dialogue: {problem.message_en}") from problem
    return conversations


def _dialogue(row: Mapping[str, Any], language: str | None) -> Dialogue:
    annotations: Sequence[Mapping[str, Any]] = row.get("annotations") or []
    if not annotations:
        raise ValueError(f"dialogue {row.get('id')} has no annotations")
    conversation = conversation_from_stc3(row, language)
    if not conversation.turns:
        raise ValueError(f"dialogue {row.get('id')} has no turns")
    ratings = {quality: np.array([_rating(annotation, quality) for annotation in annotations]) for quality in QUALITIES}
    nuggets = []
    for place, turn in enumerate(row["turns"]):
        types = NUGGETS[side_of_sender(turn["sender"])]
        counts = np.zeros(len(types))
        for annotation in annotations:
            counts[types.index(annotation["nugget"][place])] += 1
        nuggets.append(counts / counts.sum())
    resolved = sum(is_resolved(annotation) for annotation in annotations) / len(annotations)
    return Dialogue(conversation, ratings, tuple(nuggets), resolved)


def _rating(annotation: Mapping[str, Any], quality: str) -> int:
    value = annotation["quality"][quality]
    if type(value) is not int or not -2 <= value <= 2:
        raise ValueError(f"quality {quality} is {value!r}, not a whole number -2…2")
    return value + 3
