"""Lines with a sentiment label: the public corpora and our own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.scorers.sentiment.head import CLASSES
from training.config import Corpus
from training.data.files import read_rows
from training.data.splits import draw, hold_out

OWN = "own/"
_STEADY = 3  # the middle of the 1…5 satisfaction scale of the USS corpora


@dataclass(frozen=True, slots=True)
class Line:
    """A labelled line: its text, ``negative`` | ``neutral`` | ``positive``, and the corpus it comes from."""

    text: str
    label: str
    corpus: str


def corpus_path(corpus: Corpus, data: Path) -> Path:
    """Return where a corpus's file is."""
    return Path(__file__).parent / corpus.file if corpus.file.startswith(OWN) else data / corpus.file


def read_lines(path: Path, corpus: str) -> list[Line]:
    """Return the distinct labelled lines of a file; labels other than the three classes (surprise) are left out.

    A dialogue corpus with satisfaction ratings (USS) gives neutral lines only: customer turns that every annotator
    rated in the middle. Texts with contradicting labels are dropped.
    """
    labels: dict[str, set[str]] = defaultdict(set)
    for row in read_rows(path):
        for text, label in _labelled(row):
            if text.strip() and label in CLASSES:
                labels[text.strip()].add(label)
    return [Line(text, found.pop(), corpus) for text, found in labels.items() if len(found) == 1]


def _labelled(row: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    if "turns" not in row:
        yield str(row.get("text", "")), str(row.get("label", ""))
        return
    for turn in row["turns"]:
        if turn["role"] == "customer" and turn["satisfaction"] and set(turn["satisfaction"]) == {_STEADY}:
            acts = str(turn.get("act", "")).upper()
            if "REQUEST" in acts or "INFORM" in acts:
                yield str(turn["text"]), "neutral"


@dataclass(frozen=True, slots=True)
class LineSplit:
    """A corpus's lines by use; no text is in two of them."""

    train: list[Line]
    calibration: list[Line]
    test: list[Line]


def split_lines(lines: Sequence[Line], corpus: Corpus, seed: int) -> LineSplit:
    """Hold out ``corpus.held_out`` lines, half of them for calibration if so configured, and balance the others."""
    half = corpus.held_out // 2 if corpus.calibrate else 0
    sizes = [half, corpus.held_out - half]
    calibration, test, rest = hold_out((line.text for line in lines), sizes, seed)
    remaining = [line for line in lines if line.text in rest]
    return LineSplit(
        train=balance(remaining, corpus.rows, seed) if corpus.rows else remaining,
        calibration=[line for line in lines if line.text in calibration],
        test=[line for line in lines if line.text in test],
    )


def balance(lines: Iterable[Line], rows: int, seed: int) -> list[Line]:
    """Return up to ``rows`` lines, as even over the labels as their numbers allow, chosen by text and seed alone."""
    by_label: dict[str, list[Line]] = defaultdict(list)
    for line in sorted(lines, key=lambda line: (draw(line.text, seed + 1), line.text)):
        by_label[line.label].append(line)
    chosen: list[Line] = []
    queues = sorted(by_label.values(), key=len)
    for place, queue in enumerate(queues):
        chosen.extend(queue[: (rows - len(chosen)) // (len(queues) - place)])
    return chosen
