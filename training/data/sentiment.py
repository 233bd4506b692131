"""Lines with a sentiment label, with the turns before them where the corpus has any."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from models.domain.conversation import Turn
from models.scorers.sentiment.head import CLASSES
from training.config import Corpus
from training.data.files import located, read_rows
from training.data.labels import LabelledConversation
from training.data.splits import draw, hold_out_rows

CONTEXT_TURNS = 8  # as many turns before a line are kept
MOST_INTENSE = 3.0  # the upper end of the labels' scale of intensity
_STEADY = 3  # the middle of the 1…5 satisfaction scale of the USS corpora

Context = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A labelled line.

    Attributes:
        text: What was said, as written: what the pipeline will see of it.
        label: ``negative`` | ``neutral`` | ``positive``.
        corpus: Where it comes from.
        context: The turns before it, oldest first, at most ``CONTEXT_TURNS``: role (customer, agent, bot, system; in a
            play whoever says the line is the customer) and text.
        intensity: How strong the feeling is, 0 (none) … 3 (as strong as can be), ``None`` where nobody said.
        group: Lines of one group (a dialogue) fall into the same split; the text itself where there is none.
        weight: Factor on its corpus's weight in the loss.
    """

    text: str
    label: str
    corpus: str
    context: Context = ()
    intensity: float | None = None
    group: str = ""
    weight: float = 1.0

    @property
    def identity(self) -> str:
        """What makes it another line than all others: its text and the turns before, but for blanks around them."""
        return "\x1e".join([self.text.strip(), *(f"{role}\x1f{text.strip()}" for role, text in self.context)])

    @property
    def family(self) -> str:
        """The name of its group."""
        return self.group or self.text.strip()


def corpus_path(corpus: Corpus, data: Path) -> Path:
    """Return where a corpus's file is."""
    return located(corpus.file, data)


def read_every_line(path: Path, corpus: str) -> list[Line]:
    """Return the labelled lines of a file as they are; labels other than the three classes (surprise) are left out.

    A dialogue corpus with satisfaction ratings (USS) gives neutral lines only: customer turns that every annotator
    rated in the middle.

    Raises:
        ValueError: A row is of none of the formats; the message names it.
        OSError: The file cannot be read.
    """
    rows = read_rows(path)
    for number, row in enumerate(rows, start=1):
        if fault := _fault(row):
            raise ValueError(f"{path}, row {number}: {fault}")
    return [line for line in _labelled(rows, corpus) if line.text.strip() and line.label in CLASSES]


def read_lines(path: Path, corpus: str) -> list[Line]:
    """Return the distinct lines of :func:`read_every_line`; those with contradicting labels are dropped."""
    kept: dict[str, Line] = {}
    labels: dict[str, set[str]] = defaultdict(set)
    for line in read_every_line(path, corpus):
        kept.setdefault(line.identity, line)
        labels[line.identity].add(line.label)
    return [line for identity, line in kept.items() if len(labels[identity]) == 1]


def _fault(row: Mapping[str, Any]) -> str | None:
    """Return what keeps a row from being read, ``None`` where nothing does."""
    if row.get("dialogue") is not None:
        missing = [key for key in ("speaker", "text", "label") if key not in row]
        return f"no {', '.join(missing)}" if missing else None
    if "turns" in row:
        if not _are_turns(row["turns"]):
            return "turns: not a list of objects with role and text"
        ratings = [turn.get("satisfaction", "") for turn in row["turns"] if turn["role"] == "customer"]
        fine = all(given is None or (isinstance(given, list) and _are_numbers(given)) for given in ratings)
        return None if fine else "turns: satisfaction of a customer's turn is no list of numbers"
    if not _are_turns(row.get("context") or []):
        return "context: not a list of objects with role and text"
    intensity = row.get("intensity")
    if intensity is not None and not (_are_numbers([intensity]) and 0 <= intensity <= MOST_INTENSE):
        return f"intensity: {intensity!r} is not a number 0…{MOST_INTENSE:g}"
    return None


def _are_turns(found: Any) -> bool:
    return isinstance(found, list) and all(isinstance(turn, dict) and {"role", "text"} <= turn.keys() for turn in found)


def _are_numbers(found: Sequence[Any]) -> bool:
    return all(type(one) in (int, float) for one in found)


def _labelled(rows: Sequence[Mapping[str, Any]], corpus: str) -> Iterator[Line]:
    """Yield the lines of rows in any of the formats, as the corpus writes them (blanks around texts included)."""
    for dialogue, following in groupby(rows, key=lambda row: row.get("dialogue")):
        if dialogue is not None:
            yield from _play(list(following), corpus)
            continue
        for at, row in enumerate(following):
            if "turns" in row:
                yield from _steady_turns(row["turns"], corpus, f"{corpus}-{at}")
            else:
                yield _single(row, corpus)


def _single(row: Mapping[str, Any], corpus: str) -> Line:
    before = list(row.get("context") or ())[-CONTEXT_TURNS:]
    context = tuple((str(turn["role"]), str(turn["text"])) for turn in before)
    intensity = row.get("intensity")
    return Line(
        str(row.get("text", "")),
        str(row.get("label", "")),
        corpus,
        context,
        None if intensity is None else float(intensity),
        # Lines that answer the same first turn were written together.
        group=context[0][1].strip() if context else "",
    )


def _play(rows: Sequence[Mapping[str, Any]], corpus: str) -> Iterator[Line]:
    for at, row in enumerate(rows):
        before = rows[max(at - CONTEXT_TURNS, 0) : at]
        context = tuple(
            ("customer" if other["speaker"] == row["speaker"] else "agent", str(other["text"])) for other in before
        )
        yield Line(str(row["text"]), str(row["label"]), corpus, context, group=f"dialogue {row['dialogue']}")


def _steady_turns(turns: Sequence[Mapping[str, Any]], corpus: str, group: str) -> Iterator[Line]:
    for at, turn in enumerate(turns):
        if turn["role"] == "customer" and turn["satisfaction"] and set(turn["satisfaction"]) == {_STEADY}:
            acts = str(turn.get("act", "")).upper()
            if "REQUEST" in acts or "INFORM" in acts:
                before = turns[max(at - CONTEXT_TURNS, 0) : at]
                context = tuple((str(other["role"]), str(other["text"])) for other in before)
                yield Line(str(turn["text"]), "neutral", corpus, context, group=group)


def turns_before(turns: Sequence[Turn], at: int) -> Context:
    """Return the context of the turn at index ``at`` of a conversation."""
    return tuple((turn.role, turn.text) for turn in turns[max(at - CONTEXT_TURNS, 0) : at])


def corrected_lines(labelled: Iterable[LabelledConversation], corpus: str) -> list[Line]:
    """Return the turns that users labelled, with the turns before; lines of one conversation are one group."""
    return [
        Line(
            row.conversation.turns[label.turn].text,
            label.label,
            corpus,
            turns_before(row.conversation.turns, label.turn),
            label.intensity,
            f"conversation {row.conversation.id}",
            label.weight,
        )
        for row in labelled
        for label in row.sentiment
    ]


@dataclass(frozen=True, slots=True)
class LineSplit:
    """A corpus's lines by use; no group is in two of them."""

    train: list[Line]
    calibration: list[Line]
    test: list[Line]

    def keep(self, wanted: Callable[[Line], bool]) -> LineSplit:
        """Return the split with only the lines for which ``wanted`` holds."""
        return LineSplit(*(list(filter(wanted, part)) for part in (self.train, self.calibration, self.test)))

    def everything(self) -> list[Line]:
        """Return the lines of all parts."""
        return [*self.train, *self.calibration, *self.test]


def split_lines(lines: Sequence[Line], corpus: Corpus, seed: int) -> LineSplit:
    """Hold out ``corpus.held_out`` lines, half of them for calibration if so configured, and balance the others."""
    half = corpus.held_out // 2 if corpus.calibrate else 0
    sizes = [half, corpus.held_out - half]
    calibration, test, rest = hold_out_rows(Counter(line.family for line in lines), sizes, seed)
    remaining = [line for line in lines if line.family in rest]
    return LineSplit(
        train=balance(remaining, corpus.rows, seed) if corpus.rows else remaining,
        calibration=[line for line in lines if line.family in calibration],
        test=[line for line in lines if line.family in test],
    )


def balance(lines: Iterable[Line], rows: int, seed: int) -> list[Line]:
    """Return up to ``rows`` lines, as even over the labels as their numbers allow, chosen by line and seed alone."""
    by_label: dict[str, list[Line]] = defaultdict(list)
    for line in sorted(lines, key=lambda line: (draw(line.identity, seed + 1), line.identity)):
        by_label[line.label].append(line)
    chosen: list[Line] = []
    queues = sorted(by_label.values(), key=len)
    for place, queue in enumerate(queues):
        chosen.extend(queue[: (rows - len(chosen)) // (len(queues) - place)])
    return chosen
