"""What a run learns from and is measured on, split and clean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from models.artifacts import DataSource
from models.domain.conversation import Conversation
from training.config import Corpus
from training.data.labels import LabelledConversation
from training.data.leakage import Leak, count_leaks
from training.data.rated import RatedSplit
from training.data.sentiment import LineSplit
from training.data.stc3 import Dialogue
from training.data.uss import UssDialogue


@dataclass(frozen=True, slots=True)
class DialogueSplit:
    """STC-3 dialogues by use; translations of one dialogue are in one part. ``test`` is by language."""

    train: list[Dialogue]
    test: dict[str, list[Dialogue]]


@dataclass(frozen=True, slots=True)
class LabelSplit:
    """A user's labelled conversations by use; ``playbook`` is the one that their verdicts are about."""

    train: list[LabelledConversation]
    test: list[LabelledConversation]
    playbook: str


@dataclass(frozen=True)
class Prepared:
    """Everything a run learns from and is measured on.

    Attributes:
        dialogues: For satisfaction, with nuggets.
        lines: For sentiment, by corpus; corrections among users' labels under the name of their section.
        corpora: The settings of each of ``lines``.
        rated: Further conversations with ratings of satisfaction, by corpus: USS, surveys.
        uss: The held-out USS dialogues with the ratings of their turns, by corpus.
        labelled: Users' labelled conversations, by section; for compliance and the direction of sentiment.
        sources: Every corpus with file hash, rows learnt from (training and calibration) and terms, for the card.
        leaks: The rows that were dropped, and why.
    """

    dialogues: DialogueSplit
    lines: dict[str, LineSplit]
    corpora: dict[str, Corpus]
    rated: dict[str, RatedSplit]
    uss: dict[str, list[UssDialogue]]
    labelled: dict[str, LabelSplit]
    sources: list[DataSource]
    leaks: list[Leak]

    def texts(self, *, held_out: bool = True) -> Iterator[str]:
        """Yield every text that fitting and measuring will want a vector of; many come more than once.

        Args:
            held_out: Also those of calibration and test rows. What fits an encoder must not see them.
        """
        dialogues = [self.dialogues.train]
        if held_out:
            dialogues += self.dialogues.test.values()
        for conversation in (row.conversation for part in dialogues for row in part):
            yield from _said(conversation)
        for rated in self.rated.values():
            for row in (*rated.train, *(rated.test if held_out else ())):
                yield from _said(row.conversation)
        for labelled in self.labelled.values():
            for chat in (*labelled.train, *(labelled.test if held_out else ())):
                yield from _said(chat.conversation)
        for lines in self.lines.values():
            for line in lines.everything() if held_out else lines.train:
                yield line.text
                yield from (text for _, text in line.context)

    def summary(self) -> dict[str, Any]:
        """Return the numbers of rows by corpus and part, file hashes, and the leaks found; plain JSON."""
        languages = sorted(self.dialogues.test)
        return {
            "dialogues": {
                f"stc3-{language}": {
                    "train": _count(self.dialogues.train, language),
                    "test": len(self.dialogues.test[language]),
                }
                for language in languages
            },
            "lines": {
                name: {"train": len(split.train), "calibration": len(split.calibration), "test": len(split.test)}
                for name, split in self.lines.items()
            },
            "rated": {name: _sizes(split) for name, split in self.rated.items()},
            "labelled": {name: _sizes(split) for name, split in self.labelled.items()},
            "files": {source.name: source.sha256 for source in self.sources},
            "leaks_dropped": count_leaks(self.leaks),
        }

    @cached_property
    def digests(self) -> dict[str, str]:
        """Return by kind of data a hash over its rows, their labels and their parts: what later stages depend on."""
        return {
            "dialogues": digest_rows(self.dialogues.train, *self.dialogues.test.values()),
            "lines": digest_rows(*(part for split in self.lines.values() for part in (split.train, split.calibration))),
            "test_lines": digest_rows(*(split.test for split in self.lines.values())),
            "uss": digest_rows(*self.uss.values()),
            "rated": digest_rows(*(part for split in self.rated.values() for part in (split.train, split.test))),
            "labelled": digest_rows(*(part for split in self.labelled.values() for part in (split.train, split.test))),
        }


def _said(conversation: Conversation) -> Iterator[str]:
    return (turn.text for turn in conversation.turns)


def _count(dialogues: Iterable[Dialogue], language: str) -> int:
    return sum(dialogue.conversation.language == language for dialogue in dialogues)


def _sizes(split: RatedSplit | LabelSplit) -> dict[str, int]:
    return {"train": len(split.train), "test": len(split.test)}


def digest_rows(*parts: Sequence[object]) -> str:
    """Return a hash over rows, their labels and the parts they are in."""
    found = sha256()
    for part in parts:
        found.update(f"{len(part)} rows\n".encode())
        for row in part:
            found.update(_shown(row).encode("utf-8", "surrogatepass"))
    return found.hexdigest()


def _shown(row: object) -> str:
    if not isinstance(row, Dialogue):
        return repr(row)
    ratings = {quality: given.tolist() for quality, given in row.ratings.items()}
    return repr((row.conversation, ratings, [shares.tolist() for shares in row.nuggets], row.resolved))
