"""Find a playbook's cues in one message: the only step whose cost grows with the text."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from models.domain.cue import Chars, Cue, Guard
from models.domain.playbook import Playbook
from models.encode.base import Encoder
from models.scorers.compliance.entities import EntityFinder
from models.scorers.compliance.exemplars import ExemplarHeads
from models.scorers.compliance.keywords import KeywordFinder
from models.scorers.compliance.patterns import PatternFinder
from models.text.normalise import Normalised, normalise
from models.text.pieces import Pieces, Span, count_words, is_blank, overlap

# Of a match that is split over messages: how many messages back it stands, and its characters there.
Part = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class TurnCues:
    """What one message shows.

    Attributes:
        seen: Per cue its spans in the original text, in order.
        blank: Nothing to read in it.
        sure: How probable the cues are that an exemplar head found; those of rules are certain.
        silent: Of a blank one: the cues that it shows by being blank.
        across: Per cue what only shows where the messages just before it are read on into this one.
    """

    seen: Mapping[str, tuple[Span, ...]]
    blank: bool
    sure: Mapping[str, float] = field(default_factory=dict)
    silent: tuple[str, ...] = ()
    across: Mapping[str, tuple[tuple[Part, ...], ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Matched:
    """What a message's words show, before anybody asked how it is meant and felt.

    Attributes:
        plain: The message in its normalised spelling.
        spans: Per cue its spans in the normalised text.
        sure: How probable the cues are that an exemplar head found.
        barred: Cues that the message as a whole cannot show, for what stands in it.
    """

    plain: Normalised
    spans: Mapping[str, Sequence[Span]]
    sure: Mapping[str, float]
    barred: frozenset[str]


class CueFinder:
    """The cues of one playbook, made ready."""

    def __init__(self, playbook: Playbook, encoder: Encoder | None = None) -> None:
        """Compile patterns and words and fit heads; the playbook has been validated."""
        cues = playbook.cues
        self._cues = cues
        self._patterns = PatternFinder(cues, playbook.words)
        self._keywords = KeywordFinder(cues)
        self._entities = EntityFinder(cues)
        self._exemplars = ExemplarHeads(cues, encoder)
        self._rest = [name for name, cue in cues.items() if cue.rest_of]
        self._acts = [name for name, cue in cues.items() if cue.act or cue.backed_by]
        self._moods = [
            name for name, cue in cues.items() if cue.sentiment_below is not None or cue.sentiment_above is not None
        ]
        self._lengths = {name: cue.chars for name, cue in cues.items() if cue.chars}
        self._silent = tuple(
            name for name, limits in self._lengths.items() if limits.under == 1 and _by_length_alone(cues[name])
        )
        self._guarded = frozenset(name for name, cue in cues.items() if cue.unless or cue.needs)
        self._guarded_whole = [name for name in self._guarded if cues[name].of_the_whole]
        self.blind = self._exemplars.blind

    def find(
        self,
        text: str,
        sentiment: float | None,
        acts: Mapping[str, float] | None = None,
        vector: NDArray[np.float32] | None = None,
    ) -> TurnCues:
        """Return what ``text`` shows.

        Args:
            text: Of the message.
            sentiment: Its score (−1…1) or ``None`` where it has none.
            acts: Probabilities of the acts that its speaker can perform; ``None`` where nobody looked.
            vector: Its vector by the encoder that the exemplars were encoded with, or ``None``.
        """
        return self.settle(self.match(text, vector), sentiment, acts)

    def find_rest(self, text: str, acts: Mapping[str, float] | None) -> TurnCues:
        """Return what the words of ``text`` show, which is left of a message with these acts; nothing as a whole."""
        return self.settle(replace(self.match(text), barred=frozenset(self._cues)), None, acts)

    def match(self, text: str, vector: NDArray[np.float32] | None = None) -> Matched:
        """Return what the words of ``text`` show; arguments as in :meth:`find`."""
        plain = normalise(text)
        found: dict[str, list[Span]] = {}
        pieces = Pieces(plain.text)
        raw: dict[str, list[Span]] = {}
        if plain.text:
            raw = self._matches(text, plain, pieces)
            found = self._guard(raw, pieces)
            for name in self._rest:
                if rest := _rest(self._cues[name], found, pieces):
                    found[name] = rest
        # What is shown by a message as a whole is near everything in it.
        whole = (0, len(plain.text))
        barred = {name for name in self._guarded_whole if not _allowed(whole, self._cues[name], raw, pieces)}
        sure = {name: p for name, p in self._exemplars.find(vector).items() if name in found or name not in barred}
        return Matched(plain, found, sure, frozenset(barred))

    def find_words(self, text: str) -> dict[str, list[Span]]:
        """Return the spans in ``text`` of cues that patterns, keywords or entities show there; lengths do not count."""
        plain = normalise(text)
        pieces = Pieces(plain.text)
        found = self._guard(self._matches(text, plain, pieces), pieces) if plain.text else {}
        return {name: [plain.span(*span) for span in spans] for name, spans in found.items()}

    def settle(
        self,
        matched: Matched,
        sentiment: float | None,
        acts: Mapping[str, float] | None,
        cues: Mapping[str, Cue] | None = None,
    ) -> TurnCues:
        """Return what a message shows in the end.

        Args:
            matched: What its words show.
            sentiment: As in :meth:`find`.
            acts: As in :meth:`find`.
            cues: Instead of the playbook's: the same with other thresholds of acts.
        """
        plain, found = matched.plain, dict(matched.spans)
        whole = (0, len(plain.text))
        if acts is not None:
            self._weigh(acts, whole, found, cues or self._cues, matched.barred)
        sure = dict(matched.sure)
        for name in matched.sure:
            if name in found:  # words say it, too: certain
                del sure[name]
            else:
                found[name] = [whole]
        if sentiment is not None:
            for name in self._moods:
                if name not in found and name not in matched.barred and _felt(self._cues[name], sentiment):
                    found[name] = [whole]
        blank = is_blank(plain.text)
        if self._lengths:
            self._measure(plain.text, found)
        seen = {name: tuple(plain.span(*span) for span in sorted(spans)) for name, spans in found.items()}
        return TurnCues(seen=seen, blank=blank, sure=sure, silent=self._silent if blank else ())

    def _guard(self, raw: Mapping[str, list[Span]], pieces: Pieces) -> dict[str, list[Span]]:
        """Return the matches that nothing near them takes back."""
        found: dict[str, list[Span]] = {}
        for name, spans in raw.items():
            if name not in self._guarded:
                found[name] = spans
            elif kept := [span for span in spans if _allowed(span, self._cues[name], raw, pieces)]:
                found[name] = kept
        return found

    def _matches(self, text: str, plain: Normalised, pieces: Pieces) -> dict[str, list[Span]]:
        """Return the matches of patterns, words and entities that no exclusion overlaps, whatever else is near them."""
        raw = self._patterns.find(plain.text)
        for others in (self._keywords.find(plain.text, pieces), self._entities.find(text, plain)):
            for name, spans in others.items():
                barred = self._patterns.excluded(name, plain.text)
                kept = [span for span in spans if not any(overlap(span, other) for other in barred)]
                if kept:
                    raw[name] = sorted({*raw.get(name, ()), *kept})
        return raw

    def _weigh(
        self,
        acts: Mapping[str, float],
        whole: Span,
        found: dict[str, Sequence[Span]],
        cues: Mapping[str, Cue],
        barred: Container[str],
    ) -> None:
        """Add what the heads find in the whole message; take back what they do not back."""
        for name in self._acts:
            cue = cues[name]
            if cue.backed_by and name in found and acts.get(cue.backed_by.name, 0.0) < cue.backed_by.least:
                del found[name]
            if cue.act and not (name in found or name in barred) and acts.get(cue.act.name, 0.0) >= cue.act.least:
                found[name] = [whole]

    def _measure(self, text: str, found: dict[str, Sequence[Span]]) -> None:
        """Take back what stands in messages of another length; add what is shown by the length alone."""
        length = count_words(text)
        for name, limits in self._lengths.items():
            if not _within(length, limits):
                found.pop(name, None)
            elif name not in found and _by_length_alone(self._cues[name]):
                found[name] = [(0, len(text))]


def _allowed(span: Span, cue: Cue, raw: Mapping[str, list[Span]], pieces: Pieces) -> bool:
    def near(guard: Guard) -> bool:
        if guard.cue not in raw:
            return False
        if guard.within == "message":
            return True
        around = span if guard.within == "match" else pieces.around(span, guard.within)
        return any(overlap(around, other) for other in raw[guard.cue])

    if any(near(guard) for guard in cue.unless):
        return False
    return not cue.needs or any(near(guard) for guard in cue.needs)


def _rest(cue: Cue, found: Mapping[str, list[Span]], pieces: Pieces) -> list[Span]:
    """Return the clauses that show none of the cues in ``rest_of`` and are long enough to say something."""
    taken = [span for name in cue.rest_of for span in found.get(name, ())]
    return [
        clause
        for clause in pieces.clauses()
        if not any(overlap(clause, other) for other in taken)
        and count_words(pieces.text[clause[0] : clause[1]]) >= cue.min_chars
    ]


def _felt(cue: Cue, sentiment: float) -> bool:
    below, above = cue.sentiment_below, cue.sentiment_above
    return (below is not None and sentiment < below) or (above is not None and sentiment > above)


def _within(length: int, limits: Chars) -> bool:
    return (limits.over is None or length > limits.over) and (limits.under is None or length < limits.under)


def _by_length_alone(cue: Cue) -> bool:
    others = (cue.matches, cue.exemplars, cue.act, cue.rest_of)
    return not any(others) and cue.sentiment_below is None and cue.sentiment_above is None
