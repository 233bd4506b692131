"""What a simple pattern matches, written out: enough to compare patterns that are lists of words.

Only literals, groups, alternatives, optional parts and short character classes are understood; of any other pattern
nothing is claimed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product

MOST = 64

_SPECIAL = frozenset("\\[](){}.*+?^$|")
_ANCHOR = re.compile(r"\\[bBAzZ]|(?<!\[)\^|\$")
_RUN = re.compile(r"[^\W_]{2,}")
_NOT_LITERAL = re.compile(
    r"\\(?:x\{\w+\}|[pP](?:\{\^?\w+\}|[A-Z])|.)|\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\]|\{[\d,]+\}|\(\?[a-zA-Z:<>P!=-]*|.[?*]"
)


def branches(pattern: str) -> list[str]:
    """Return the alternatives of a pattern, those that stand in no group."""
    parts, depth, begin, place = [], 0, 0, 0
    while place < len(pattern):
        char = pattern[place]
        if char == "\\":
            place += 1
        elif char == "[":
            place = _class_end(pattern, place)
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
        elif char == "|" and depth == 0:
            parts.append(pattern[begin:place])
            begin = place + 1
        place += 1
    return [*parts, pattern[begin:]]


def is_anchored(pattern: str) -> bool:
    """Tell whether a pattern looks at what stands beside its match."""
    return _ANCHOR.search(pattern) is not None


def literal_runs(pattern: str) -> list[str]:
    """Return the runs of two or more letters, digits or characters that a match must spell like this."""
    return _RUN.findall(_NOT_LITERAL.sub("\0", pattern).replace("_", "\0"))


def strings(pattern: str) -> list[str] | None:
    """Return every text that a pattern matches, at most 64, or ``None`` where that cannot be told."""
    try:
        found, end = _alternatives(pattern, 0)
    except _Unknown:
        return None
    return sorted(set(found)) if end == len(pattern) else None


class _Unknown(Exception):
    """The pattern holds something that is not understood, or matches too many texts."""


def _alternatives(pattern: str, place: int) -> tuple[list[str], int]:
    found, place = _sequence(pattern, place)
    while place < len(pattern) and pattern[place] == "|":
        more, place = _sequence(pattern, place + 1)
        found = _few([*found, *more])
    return found, place


def _sequence(pattern: str, place: int) -> tuple[list[str], int]:
    found = [""]
    while place < len(pattern) and pattern[place] not in "|)":
        piece, place = _atom(pattern, place)
        if place < len(pattern) and pattern[place] in "*+{":
            raise _Unknown
        if place < len(pattern) and pattern[place] == "?":
            piece, place = ["", *piece], place + 1
            if place < len(pattern) and pattern[place] in "?+*":
                raise _Unknown
        found = _few(["".join(pair) for pair in product(found, piece)])
    return found, place


def _atom(pattern: str, place: int) -> tuple[list[str], int]:
    char = pattern[place]
    if char == "(":
        if pattern.startswith("(?:", place):
            inner, place = _alternatives(pattern, place + 3)
        elif pattern.startswith("(?", place):
            raise _Unknown
        else:
            inner, place = _alternatives(pattern, place + 1)
        if place >= len(pattern):
            raise _Unknown
        return inner, place + 1
    if char == "[":
        end = _class_end(pattern, place)
        inside = pattern[place + 1 : end]
        if not inside or inside[0] == "^" or any(mark in inside for mark in "-\\["):
            raise _Unknown
        return _few(list(inside)), end + 1
    if char == "\\":
        escaped = pattern[place + 1 : place + 2]
        if escaped in _SPECIAL or escaped in ("/", "-", "&", "~", "#", "%", "!"):
            return [escaped], place + 2
        raise _Unknown
    if char in _SPECIAL:
        raise _Unknown
    return [char], place + 1


def _class_end(pattern: str, place: int) -> int:
    """Return where the character class that begins at ``place`` ends."""
    end = place + 1
    end += pattern.startswith("^", end)
    end += pattern.startswith("]", end)
    while end < len(pattern) and pattern[end] != "]":
        if pattern[end] == "\\":
            end += 1
        elif pattern.startswith("[:", end):
            end = max(pattern.find(":]", end), end) + 1
        end += 1
    return end


def _few(found: Sequence[str]) -> list[str]:
    if len(found) > MOST:
        raise _Unknown
    return list(found)
