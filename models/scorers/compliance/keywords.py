"""Plain words in a text: one Aho–Corasick automaton over the words of all cues, then each cue's arithmetic.

Source: Aho and Corasick, Efficient string matching, 1975.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ahocorasick

from models.domain.cue import Cue, Keywords
from models.text.normalise import normalise
from models.text.pieces import Pieces, Span, overlap

# Occurrences of one cue's words in one message that are looked at; more say nothing new.
_MOST_OCCURRENCES = 200
_MOST_MATCHES = 40


@dataclass(frozen=True, slots=True)
class _Asked:
    """The keywords of one cue in normalised spelling, without double ones."""

    any: frozenset[str]
    all: tuple[str, ...]
    of: frozenset[str]
    count: int
    none: frozenset[str]
    rule: Keywords

    @classmethod
    def of_rule(cls, rule: Keywords) -> _Asked:
        def plain(words: Sequence[str]) -> tuple[str, ...]:
            return tuple(normalise(word).text.strip() for word in words)

        least = rule.at_least
        return cls(
            any=frozenset(plain(rule.any)),
            all=plain(rule.all) if rule.ordered else tuple(sorted(set(plain(rule.all)))),
            of=frozenset(plain(least.of)) if least else frozenset(),
            count=least.count if least else 0,
            none=frozenset(plain(rule.none)),
            rule=rule,
        )

    def met(self, words: frozenset[str] | set[str]) -> bool:
        """Tell whether these words together are what is asked for."""
        return (
            (not self.any or not self.any.isdisjoint(words))
            and all(word in words for word in self.all)
            and len(self.of & words) >= self.count
        )


class KeywordFinder:
    """The words of a playbook's cues."""

    def __init__(self, cues: Mapping[str, Cue]) -> None:
        """Build the automaton; the cues have been validated."""
        self._asked = {name: _Asked.of_rule(cue.keywords) for name, cue in cues.items() if cue.keywords}
        users: dict[str, list[str]] = {}
        for name, asked in self._asked.items():
            for word in {*asked.any, *asked.all, *asked.of, *asked.none}:
                users.setdefault(word, []).append(name)
        self._users = users
        self._automaton = ahocorasick.Automaton()
        for word in users:
            self._automaton.add_word(word, word)
        self._automaton.make_automaton()

    def find(self, text: str, pieces: Pieces) -> dict[str, list[Span]]:
        """Return the cues whose words are there, with the spans from the first word to the last."""
        if not self._asked:
            return {}
        occurrences: dict[str, list[tuple[int, int, str]]] = {}
        for last, word in self._automaton.iter(text):
            start, end = last + 1 - len(word), last + 1
            if not _alone(text, start, end):
                continue
            for name in self._users[word]:
                found = occurrences.setdefault(name, [])
                if len(found) < _MOST_OCCURRENCES:
                    found.append((start, end, word))
        matches = {}
        for name, found in occurrences.items():
            asked = self._asked[name]
            if asked.met({word for _, _, word in found}) and (spans := _spans(asked, sorted(found), pieces)):
                matches[name] = spans
        return matches


def _alone(text: str, start: int, end: int) -> bool:
    """Tell whether a word of Latin letters or digits is not a part of a longer one."""
    return not (_joins(text, start - 1, start) or _joins(text, end - 1, end))


def _joins(text: str, left: int, right: int) -> bool:
    if left < 0 or right >= len(text):
        return False
    one, other = text[left], text[right]
    return one.isascii() and other.isascii() and one.isalnum() and other.isalnum()


def _spans(asked: _Asked, found: Sequence[tuple[int, int, str]], pieces: Pieces) -> list[Span]:
    """Return the shortest spans, from left to right and without overlaps, that hold what is asked for."""
    within = asked.rule.within
    groups: dict[Span, list[tuple[int, int, str]]] = {}
    barred = []
    for start, end, word in found:
        around = pieces.around((start, end), within)
        if word in asked.none:
            barred.append(around)
        groups.setdefault(around, []).append((start, end, word))
    spans: list[Span] = []
    for around, words in groups.items():
        if any(overlap(around, other) for other in barred):
            continue
        done = around[0]
        for place, (start, _, _) in enumerate(words):
            if start < done or len(spans) >= _MOST_MATCHES:
                continue
            last = (_ordered if asked.rule.ordered else _together)(asked, words[place:])
            if last is not None and (asked.rule.distance is None or last - start <= asked.rule.distance):
                spans.append((start, last))
                done = last
    return sorted(spans)


def _together(asked: _Asked, words: Sequence[tuple[int, int, str]]) -> int | None:
    """Return where the shortest span ends that begins with the first word and holds what is asked for."""
    if words[0][2] not in asked.any and words[0][2] not in asked.all and words[0][2] not in asked.of:
        return None
    held: set[str] = set()
    for _, end, word in sorted(words, key=lambda item: item[1]):
        held.add(word)
        if end >= words[0][1] and words[0][2] in held and asked.met(held):
            return end
    return None


def _ordered(asked: _Asked, words: Sequence[tuple[int, int, str]]) -> int | None:
    """The same where the words of ``all`` follow each other; the first is the first word."""
    wanted = iter(asked.all)
    word = next(wanted)
    if words[0][2] != word:
        return None
    after = words[0][1]
    for word in wanted:
        ends = [end for start, end, other in words if other == word and start >= after]
        if not ends:
            return None
        after = min(ends)
    return after
