"""What a detector reports: where a datum is, and which of its characters masking hides."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "phone", "landline", "id_card", "passport", "bank_card", "email", "account", "licence_plate", "name", "address"
]
STAR = "*"
# What stands where another datum was found already; no text holds it (see folding).
TAKEN = "\x01"


@dataclass(frozen=True, slots=True)
class PersonalDatum:
    """One piece of personal data: its kind and where it is (characters, end exclusive)."""

    kind: Kind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Finding:
    """A datum with the places of the characters that masking stars out."""

    datum: PersonalDatum
    hidden: tuple[int, ...]


Detector = Callable[[str], Iterator[Finding]]


def by_pattern(
    kind: Kind,
    pattern: re.Pattern[str],
    hide: Callable[[str, int, int], Iterable[int]],
    confirm: Callable[[re.Match[str]], bool] = lambda _: True,
) -> Detector:
    """Return the detector of what ``pattern`` captures as ``value`` and ``confirm`` agrees to.

    Args:
        kind: Of the datum.
        pattern: Finds it raw and in its masked form, on folded text.
        hide: Given text, start and end of the value: the places to star out.
        confirm: What a pattern cannot tell, such as check digits.
    """

    def find(text: str) -> Iterator[Finding]:
        for match in pattern.finditer(text):
            start, end = match.span("value")
            if confirm(match) and (hidden := tuple(hide(text, start, end))):
                yield Finding(PersonalDatum(kind, start, end), hidden)

    return find


def hide_middle(head: int, tail: int) -> Callable[[str, int, int], Iterable[int]]:
    """Hide all letters, digits and stars but the first ``head`` and last ``tail``; what separates them stays."""

    def hide(text: str, start: int, end: int) -> Iterable[int]:
        places = [place for place in range(start, end) if text[place].isalnum() or text[place] == STAR]
        return places[head : len(places) - tail]

    return hide


def hide_after(head: int) -> Callable[[str, int, int], Iterable[int]]:
    """Hide everything behind the first ``head`` characters."""
    return lambda _, start, end: range(start + head, end)
