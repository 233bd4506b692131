"""Clauses and sentences of a text."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property

from models.domain.cue import Piece

Span = tuple[int, int]

_SENTENCE_END = re.compile(r"[。!?;\n]+|\.(?=\s|$)|…+")
_CLAUSE_END = re.compile(r"[,、。!?;:\n~…()]+|\.(?=\s|$)|(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])|\s[-–]\s")
_WORD = re.compile(r"[^\W_]")


def overlap(one: Span, other: Span) -> bool:
    """Tell whether two spans share a character."""
    return one[0] < other[1] and other[0] < one[1]


def count_words(text: str) -> int:
    """Return how many letters, digits and Chinese characters there are."""
    return len(_WORD.findall(text))


def is_blank(text: str) -> bool:
    """Tell whether there is nothing to read: no letter, digit or Chinese character."""
    return _WORD.search(text) is None


class Pieces:
    """A normalised text in pieces; cut where somebody first asks."""

    def __init__(self, text: str) -> None:
        """Take the text."""
        self.text = text

    @cached_property
    def _clauses(self) -> list[int]:
        return [match.end() for match in _CLAUSE_END.finditer(self.text)]

    @cached_property
    def _sentences(self) -> list[int]:
        return [match.end() for match in _SENTENCE_END.finditer(self.text)]

    def around(self, span: Span, piece: Piece) -> Span:
        """Return the clause, the sentence or the message that a span stands in; several, where it crosses an end."""
        if piece == "message":
            return 0, len(self.text)
        cuts = self._clauses if piece == "clause" else self._sentences
        first = bisect_right(cuts, span[0])
        last = bisect_right(cuts, max(span[0], span[1] - 1))
        return (cuts[first - 1] if first else 0), (cuts[last] if last < len(cuts) else len(self.text))

    def clauses(self) -> list[Span]:
        """Return all clauses."""
        cuts = self._clauses
        return [(a, b) for a, b in zip([0, *cuts], [*cuts, len(self.text)], strict=True) if a < b]
