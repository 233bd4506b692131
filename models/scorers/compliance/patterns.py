"""Users' patterns: how they are written, with words in them, and where they match.

Everything runs in RE2: time linear in the text whatever a pattern is, so no playbook can hang scoring. A filter finds
in one pass the literals that patterns cannot match without, so only patterns that may match are looked at again.
Source: Cox, Regular Expression Matching with a Trigram Index, 2012 (the idea); ``FilteredRE2`` of RE2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import re2

from models.domain.cue import Cue
from models.text.pieces import Span, overlap

# Enough for any message that people write; keeps the cost linear for what they do not.
MOST_MATCHES = 40
_MOST_RETRIES = 80
_LONGEST_PATTERN = 100_000
_MEMORY = 256 << 20
# How many characters of patterns share a filter: its automaton has a memory of fixed size.
_FILTER_SIZE = 20_000
# Stands behind every text that is filtered and matches a pattern of its own: a filter that does not find it has failed.
_SENTINEL = "\ue0f5\ue0f6\ue0f7"
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


def options() -> re2.Options:
    """Return the options that patterns are compiled with."""
    chosen = re2.Options()
    chosen.log_errors = False
    chosen.max_mem = _MEMORY
    chosen.never_capture = True
    return chosen


def expand(pattern: str, words: Mapping[str, str]) -> str:
    """Replace every ``{word}`` of a pattern, words in words too.

    Raises:
        KeyError: A word does not exist.
        ValueError: Words refer to each other in a circle, or the pattern grows beyond all measure.
    """
    for _ in range(8):
        if len(pattern) + sum(len(words[name]) for name in _PLACEHOLDER.findall(pattern)) > _LONGEST_PATTERN:
            raise ValueError(f"with its words it is longer than {_LONGEST_PATTERN} characters")
        wider = _PLACEHOLDER.sub(lambda match: f"(?:{words[match[1]]})", pattern)
        if wider == pattern:
            return pattern
        pattern = wider
    raise ValueError("words refer to each other in a circle")


class PatternFinder:
    """The compiled patterns of a playbook's cues."""

    def __init__(self, cues: Mapping[str, Cue], words: Mapping[str, str]) -> None:
        """Compile them; they have been validated."""
        self._names: list[str] = []
        self._include: list[Any] = []
        self._exclude: dict[str, Any] = {}
        written: list[bytes] = []
        for name, cue in cues.items():
            if cue.include:
                self._names.append(name)
                written.append(_alternation(cue.include, words))
                self._include.append(re2.compile(written[-1], options()))
            if cue.exclude:
                self._exclude[name] = re2.compile(_alternation(cue.exclude, words), options())
        self._filters = list(_filters(written))

    def find(self, text: str) -> dict[str, list[Span]]:
        """Return the cues whose ``include`` matches, in their order, with the matches that are not excluded."""
        found: dict[str, list[Span]] = {}
        if not self._include:
            return found
        encoded = text.encode()
        marked = encoded + _SENTINEL.encode()
        for first, size, filter_ in self._filters:
            occurring = filter_.Match(marked, True) if filter_ else None
            if not occurring or occurring[-1] != size:  # the sentinel's pattern is the last
                occurring = range(size)
            for index in occurring:
                if index < size and (spans := self._search(first + index, encoded)):
                    found[self._names[first + index]] = _decoded(spans, text, encoded)
        return found

    def excluded(self, name: str, text: str) -> list[Span]:
        """Return where a cue's ``exclude`` matches."""
        exclude = self._exclude.get(name)
        if exclude is None:
            return []
        encoded = text.encode()
        return _decoded([match.span() for match in exclude.finditer(encoded)], text, encoded)

    def _search(self, index: int, encoded: bytes) -> list[Span]:
        """Return the matches (in bytes) that no exclusion overlaps; looks behind an excluded one from its inside."""
        include = self._include[index]
        match = include.search(encoded)
        if match is None:
            return []
        exclude = self._exclude.get(self._names[index])
        barred = [other.span() for other in exclude.finditer(encoded)] if exclude else []
        spans: list[Span] = []
        retries = 0
        while match is not None:
            span = match.span()
            if span[0] == span[1] or any(overlap(span, other) for other in barred):  # nothing was said
                retries += 1
                place = _next(encoded, span[0])
            else:
                spans.append(span)
                place = max(span[1], _next(encoded, span[0]))
            if len(spans) >= MOST_MATCHES or retries >= _MOST_RETRIES or place > len(encoded):
                break
            match = include.search(encoded, place)
        return spans


def _alternation(patterns: Sequence[str], words: Mapping[str, str]) -> bytes:
    """Return one pattern that matches where any of ``patterns`` does, with their words filled in."""
    return "|".join(f"(?:{expand(pattern, words)})" for pattern in patterns).encode()


def _filters(patterns: Sequence[bytes]) -> Iterator[tuple[int, int, Any]]:
    """Yield filters over patterns that follow each other: the first one's place, how many there are, the filter.

    It is ``None`` where RE2 can make none of them.
    """
    first = 0
    while first < len(patterns):
        size = 1
        length = len(patterns[first])
        while first + size < len(patterns) and length + len(patterns[first + size]) <= _FILTER_SIZE:
            length += len(patterns[first + size])
            size += 1
        filter_ = re2.Filter()
        for pattern in (*patterns[first : first + size], _SENTINEL.encode()):
            filter_.Add(pattern, options())
        try:
            filter_.Compile()
        except re2.error:  # too large for its memory
            filter_ = None
        yield first, size, filter_
        first += size


def _next(encoded: bytes, place: int) -> int:
    """Return the place (in bytes) of the next character."""
    place += 1
    while place < len(encoded) and encoded[place] & 0xC0 == 0x80:
        place += 1
    return place


def _decoded(spans: Sequence[Span], text: str, encoded: bytes) -> list[Span]:
    """Return spans in characters; ``spans`` are in bytes and follow each other."""
    if len(text) == len(encoded):
        return list(spans)
    decoded: list[Span] = []
    byte = char = 0
    for start, end in spans:
        begin = char + len(encoded[byte:start].decode())
        char = begin + len(encoded[start:end].decode())
        byte = end
        decoded.append((begin, char))
    return decoded
