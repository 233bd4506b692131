"""Looks for copies between what is learnt from and what is measured on, within a corpus and across corpora.

Two texts are copies if they are equal once only letters, digits and characters are left (``exact``), or if at least
0.8 of their 5-character pieces are common (``near``: Jaccard index; Broder, "On the resemblance and containment of
documents", 1997; counted exactly, as the held-out part is small). Short texts are compared exactly only: there one
character can turn the meaning.

What was said before makes a short line another line ("好的" to an offer, "好的" to a refusal), unless that is a copy,
too. A text of at least 8 pieces says enough by itself: it is a copy whatever was said before.
"""

from __future__ import annotations

import heapq
import math
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any, Literal

Part = Literal["train", "calibration", "test"]

PIECE = 5
LEAST_PIECES = 8  # texts with fewer are compared exactly only
NEAR = 0.8
_ORDER: tuple[Part, ...] = ("train", "calibration", "test")


@dataclass(frozen=True, slots=True)
class Row:
    """What the search sees of a row.

    Attributes:
        key: Names the row within its corpus.
        corpus: Its corpus.
        part: What it is used for.
        text: What is compared.
        group: Rows of one group (a dialogue and its translation) are never counted as copies of each other.
        setting: What was said before: rows of a short text are copies only if these are, too.
    """

    key: str
    corpus: str
    part: Part
    text: str
    group: str
    setting: str = ""


@dataclass(frozen=True, slots=True)
class Leak:
    """A row that copies one of a part that must stay clean of it."""

    row: Row
    of: Row
    kind: Literal["exact", "near"]


class _Kept(dict[int, str | None]):
    """What ``str.translate`` makes of a character: nothing where it is no letter, digit or symbol."""

    def __missing__(self, code: int) -> str | None:
        char = chr(code)
        self[code] = char if unicodedata.category(char)[0] in "LNS" else None
        return self[code]


_KEPT = _Kept()


def plain(text: str) -> str:
    """Return only letters, digits, characters and symbols (emoji), in lower case and half width."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return folded.translate(_KEPT) or folded.strip()


def find_leaks(rows: Iterable[Row]) -> list[Leak]:
    """Return a leak for every row of train that copies one of calibration or test, and of calibration one of test.

    These are the rows to drop: the test part stays as it is, and clean. A row is told once, with the copy found in the
    highest part, exact before near.
    """
    parts: dict[Part, list[Row]] = {part: [] for part in _ORDER}
    for row in rows:
        parts[row.part].append(row)
    against_test = _Held(parts["test"])
    against_calibration = _Held(parts["calibration"])
    leaks: list[Leak] = []
    checks: tuple[tuple[Part, list[_Held]], ...] = (
        ("calibration", [against_test]),
        ("train", [against_test, against_calibration]),
    )
    for part, held in checks:
        for row in parts[part]:
            text = plain(row.text)
            pieces = _pieces(text)
            found = (copied for rows in held if (copied := rows.copy_of(row, text, pieces)))
            leaks.extend(islice(found, 1))
    return leaks


class _Held:
    """The rows of a part, found by their plain text and by their rarer pieces.

    Two sets of which ``NEAR`` is common share one of the rarest ``1 − NEAR`` of each's pieces, so only these are looked
    up (prefix filter: Chaudhuri, Ganti, Kaushik, "A primitive operator for similarity joins", ICDE 2006).
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows
        self._exact: dict[str, list[Row]] = defaultdict(list)
        self._pieces: list[frozenset[str]] = []
        for row in rows:
            text = plain(row.text)
            self._exact[text].append(row)
            self._pieces.append(_pieces(text))
        self._counts = Counter(piece for pieces in self._pieces for piece in pieces)
        self._holders: dict[str, list[int]] = defaultdict(list)
        for at, pieces in enumerate(self._pieces):
            for piece in self._rarest(pieces):
                self._holders[piece].append(at)

    def copy_of(self, row: Row, text: str, pieces: frozenset[str]) -> Leak | None:
        """Return the leak that ``row``, with its plain text and pieces, is if it copies one of these."""
        for other in self._exact.get(text, ()):
            if other.group != row.group and (pieces or _alike(row.setting, other.setting)):
                return Leak(row, other, "exact")
        if sum(piece in self._counts for piece in pieces) < NEAR * len(pieces):
            return None  # most rows end here
        for at in sorted({at for piece in self._rarest(pieces) for at in self._holders.get(piece, ())}):
            other = self._rows[at]
            common = len(pieces & self._pieces[at])
            alike = common >= NEAR * (len(pieces) + len(self._pieces[at]) - common)
            if alike and other.group != row.group:
                return Leak(row, other, "near")
        return None

    def _rarest(self, pieces: Collection[str]) -> list[str]:
        size = len(pieces) - math.ceil(NEAR * len(pieces)) + 1 if pieces else 0
        return heapq.nsmallest(size, pieces, key=lambda piece: (self._counts[piece], piece))


def _pieces(text: str) -> frozenset[str]:
    found = frozenset(text[start : start + PIECE] for start in range(len(text) - PIECE + 1))
    return found if len(found) >= LEAST_PIECES else frozenset()


@lru_cache(maxsize=100_000)
def _setting(text: str) -> tuple[str, frozenset[str]]:
    said = plain(text)
    return said, _pieces(said)


def _alike(first: str, second: str) -> bool:
    """Tell whether two settings are copies, exact or near."""
    (one, pieces), (other, others) = _setting(first), _setting(second)
    return one == other or (bool(pieces) and len(pieces & others) >= NEAR * len(pieces | others))


def count_leaks(leaks: Iterable[Leak]) -> dict[str, Any]:
    """Return the numbers for a report: by ``corpus.part > corpus.part`` how many exact and near copies were found."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for leak in leaks:
        direction = f"{leak.row.corpus}.{leak.row.part} > {leak.of.corpus}.{leak.of.part}"
        counts[direction][leak.kind] += 1
    return {direction: dict(sorted(kinds.items())) for direction, kinds in sorted(counts.items())}


def dropped_keys(leaks: Iterable[Leak]) -> Mapping[str, frozenset[str]]:
    """Return by corpus the keys of the rows to drop."""
    keys: dict[str, set[str]] = defaultdict(set)
    for leak in leaks:
        keys[leak.row.corpus].add(leak.row.key)
    return {corpus: frozenset(found) for corpus, found in keys.items()}
