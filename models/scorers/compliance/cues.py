"""Find a playbook's cues in one message: the only step whose cost grows with the text.

Patterns run in RE2: time linear in the text whatever a user's pattern is, so no playbook can hang scoring. RE2 sets say
which cues may occur at all; only those are looked at again for their positions.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import re2

from models.domain.cue import Cue, Reach
from models.domain.playbook import Playbook
from models.scorers.compliance.patterns import alternation, options
from models.text.normalise import normalise

Span = tuple[int, int]

# Enough for any message that people write; keeps the cost linear for what they do not.
_MOST_MATCHES = 40
_MOST_RETRIES = 80
# Few patterns in one automaton: measured, all in one take four times as long, for their states multiply.
_SET_SIZE = 3

_SENTENCE_END = re.compile(r"[。!?;\n]+|\.(?=\s|$)|…+")
_CLAUSE_END = re.compile(r"[,、。!?;:\n~…()]+|\.(?=\s|$)|(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])|\s[-–]\s")
_WORD = re.compile(r"[^\W_]")
# An escape or a character class, kept as it is; or how often something is repeated.
_COUNTED = re.compile(
    r"(?P<kept>\\x\{\w+\}|\\.|\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\])|\{(?P<least>\d+)(?:,\d*)?\}", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class TurnCues:
    """What one message shows: per cue its spans in the original text, in order. ``blank``: nothing to read in it."""

    seen: Mapping[str, tuple[Span, ...]]
    blank: bool


@dataclass(frozen=True, slots=True)
class _Bounds:
    """Where a text's clauses or sentences end; finds the piece that holds a match."""

    cuts: tuple[int, ...]
    length: int

    @classmethod
    def of(cls, text: str, ends: re.Pattern[str]) -> _Bounds:
        return cls(tuple(match.end() for match in ends.finditer(text)), len(text))

    def around(self, span: Span) -> Span:
        first = bisect_right(self.cuts, span[0])
        last = bisect_right(self.cuts, max(span[0], span[1] - 1))
        return (self.cuts[first - 1] if first else 0), (self.cuts[last] if last < len(self.cuts) else self.length)

    def pieces(self) -> list[Span]:
        starts = [0, *self.cuts]
        return [(a, b) for a, b in zip(starts, [*self.cuts, self.length], strict=True) if a < b]


def _loosened(pattern: str) -> str:
    """Return a pattern that matches wherever ``pattern`` does, without counting: ``x{2,9}`` is ``x+``.

    Automata that have to count grow out of memory when many patterns are joined in one.
    """
    return _COUNTED.sub(lambda match: match["kept"] or ("*" if int(match["least"]) == 0 else "+"), pattern)


def _compiled_set(patterns: list[str]) -> Any:
    joined = re2.Set.SearchSet(options())
    for pattern in patterns:
        joined.Add(pattern)
    joined.Compile()
    return joined


class CueFinder:
    """The compiled patterns of one playbook."""

    def __init__(self, playbook: Playbook) -> None:
        """Compile all cues; the playbook has been validated, so patterns compile and names exist."""
        self._cues = playbook.cues
        self._include = {}
        self._exclude = {}
        self._names: list[str] = []
        loose: list[str] = []
        for name, cue in playbook.cues.items():
            if cue.include:
                pattern = alternation(cue.include, playbook.words)
                self._include[name] = re2.compile(pattern, options())
                self._names.append(name)
                loose.append(_loosened(pattern))
            if cue.exclude:
                self._exclude[name] = re2.compile(alternation(cue.exclude, playbook.words), options())
        self._sets = [_compiled_set(loose[at : at + _SET_SIZE]) for at in range(0, len(loose), _SET_SIZE)]

    def find(self, text: str, sentiment: float | None, acts: Mapping[str, float] | None = None) -> TurnCues:
        """Return what ``text`` shows.

        Args:
            text: Of the message.
            sentiment: Its score (−1…1) or ``None`` where it has none.
            acts: Probabilities of the acts that its speaker can perform; ``None`` where nobody looked.
        """
        plain = normalise(text)
        found: dict[str, list[Span]] = {}
        clauses = _Bounds.of(plain.text, _CLAUSE_END)
        if plain.text:
            self._match(plain.text, clauses, found)
        if acts is not None:
            self._weigh(acts, (0, len(plain.text)), found)
        if sentiment is not None:
            whole = (0, len(plain.text))
            for name, cue in self._cues.items():
                if cue.sentiment_below is not None and sentiment < cue.sentiment_below and name not in found:
                    found[name] = [whole]
        seen = {name: tuple(plain.span(*span) for span in sorted(spans)) for name, spans in found.items()}
        return TurnCues(seen=seen, blank=_WORD.search(plain.text) is None)

    def _match(self, text: str, clauses: _Bounds, found: dict[str, list[Span]]) -> None:
        sentences = _Bounds.of(text, _SENTENCE_END)
        raw = {}
        for index in self._occurring(text):
            name = self._names[index]
            if spans := self._search(name, text):
                raw[name] = spans
        for name, spans in raw.items():
            cue = self._cues[name]
            kept = [span for span in spans if _allowed(span, cue, raw, clauses, sentences)]
            if kept:
                found[name] = kept
        for name, cue in self._cues.items():
            if cue.rest_of and (rest := _rest(text, cue, found, clauses)):
                found[name] = rest

    def _weigh(self, acts: Mapping[str, float], whole: Span, found: dict[str, list[Span]]) -> None:
        """Add what the heads find in the whole message; take back what they do not back."""
        for name, cue in self._cues.items():
            if cue.backed_by and name in found and acts.get(cue.backed_by.name, 0.0) < cue.backed_by.least:
                del found[name]
            if cue.act and name not in found and acts.get(cue.act.name, 0.0) >= cue.act.least:
                found[name] = [whole]

    def _occurring(self, text: str) -> Iterator[int]:
        """Yield which cues may occur, in the playbook's order."""
        for place, several in enumerate(self._sets):
            for index in sorted(several.Match(text) or ()):  # None where nothing matches
                yield place * _SET_SIZE + index

    def _search(self, name: str, text: str) -> list[Span]:
        """Return the spans of a cue that no exclusion overlaps; looks behind an excluded one again from its inside."""
        include, exclude = self._include[name], self._exclude.get(name)
        barred = [match.span() for match in exclude.finditer(text)] if exclude else []
        spans: list[Span] = []
        place = retries = 0
        while len(spans) < _MOST_MATCHES and retries < _MOST_RETRIES and place <= len(text):
            match = include.search(text, place)
            if match is None:
                break
            start, end = match.span()
            if any(start < b and a < end for a, b in barred):
                retries += 1
                place = start + 1
            else:
                spans.append((start, end))
                place = max(end, start + 1)
        return spans


def _allowed(span: Span, cue: Cue, raw: Mapping[str, list[Span]], clauses: _Bounds, sentences: _Bounds) -> bool:
    def near(name: str, within: Reach) -> bool:
        if name not in raw:
            return False
        if within == "message":
            return True
        start, end = span
        if within != "match":
            start, end = (clauses if within == "clause" else sentences).around(span)
        return any(start < b and a < end for a, b in raw[name])

    if any(near(guard.cue, guard.within) for guard in cue.unless):
        return False
    return not cue.needs or any(near(guard.cue, guard.within) for guard in cue.needs)


def _rest(text: str, cue: Cue, found: Mapping[str, list[Span]], clauses: _Bounds) -> list[Span]:
    """Return the clauses that show none of the cues in ``rest_of`` and are long enough to say something."""
    taken = [span for name in cue.rest_of for span in found.get(name, ())]
    rest = []
    for start, end in clauses.pieces():
        if any(start < b and a < end for a, b in taken):
            continue
        if len(_WORD.findall(text[start:end])) >= cue.min_chars:
            rest.append((start, end))
    return rest
