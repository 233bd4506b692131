"""The turns so far with their cues, ready for the questions that conditions ask. Made anew for each score."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Collection, Container, Iterable, Sequence
from functools import cached_property

from models.domain.condition import Speaker
from models.domain.context import Context
from models.domain.conversation import Turn
from models.domain.scores import Evidence
from models.scorers.compliance.cues import Part, TurnCues
from models.scorers.compliance.findings import Hit


class Talk:
    """An index over turns and cues: nothing is looked through twice for the same question.

    Attributes:
        context: What a scorer may see.
        turns: Its turns.
        cues: What each shows.
        blind: Cues that nobody can see for want of an encoder.
        seen: The cues that some turn shows.
    """

    def __init__(
        self,
        context: Context,
        cues: Sequence[TurnCues],
        blind: frozenset[str] = frozenset(),
        *,
        read_on: bool = False,
    ) -> None:
        """Index the turns' cues; with ``read_on`` also those that several messages show only together."""
        self.context = context
        self.turns: Sequence[Turn] = context.turns
        self.cues = cues
        self.blind = blind
        self._read_on = read_on
        self._by_cue: dict[str, list[Hit]] = {}
        self._messages: dict[Speaker | None, list[int]] = {}
        self._evidence: dict[Hit, Evidence] = {}
        self._index(range(len(cues)))

    def _index(self, places: Iterable[int], names: Container[str] | None = None) -> None:
        """Take in what some turns show; only of some cues, if they are named."""
        across: list[tuple[str, Hit]] = []
        for place in places:
            shown = self.cues[place]
            for name, spans in shown.seen.items():
                if shown.blank and name not in shown.silent:
                    continue
                if names is None or name in names:
                    sure = shown.sure.get(name, 1.0)
                    self._by_cue.setdefault(name, []).extend(Hit(place, *span, sure) for span in spans)
            if self._read_on and shown.across:
                across += [(name, split(place, parts)) for name, all_ in shown.across.items() for parts in all_]
        for name, hit in across:
            if names is None or name in names:
                insort(self._by_cue.setdefault(name, []), hit)
        self.seen = frozenset(self._by_cue)

    def changed(
        self, context: Context, cues: Sequence[TurnCues], places: Collection[int], names: Container[str]
    ) -> Talk:
        """Return the same with other messages at ``places``, read on; it knows these cues only.

        Args:
            context: With the other messages.
            cues: Of all messages.
            places: Of those whose cues are others.
            names: The cues that matter.
        """
        talk = Talk(context, (), self.blind, read_on=True)
        talk.cues = cues
        for name, hits in self._by_cue.items():
            if name in names and (kept := [hit for hit in hits if hit.last not in places]):
                talk._by_cue[name] = kept
        talk._index(sorted(places), names)
        for hits in talk._by_cue.values():
            hits.sort()
        return talk

    @cached_property
    def together(self) -> Talk:
        """The same with what several messages show only together."""
        if self._read_on or not any(shown.across for shown in self.cues):
            return self
        return Talk(self.context, self.cues, self.blind, read_on=True)

    @cached_property
    def alone(self) -> Talk:
        """The same, each message for itself."""
        if not (self._read_on and any(shown.across for shown in self.cues)):
            return self
        return Talk(self.context, self.cues, self.blind)

    def messages(self, speaker: Speaker | None) -> list[int]:
        """Return the turns with something to read, of one speaker or of all, in order."""
        if speaker not in self._messages:
            self._messages[speaker] = [
                place
                for place, (turn, cues) in enumerate(zip(self.turns, self.cues, strict=True))
                if not cues.blank and (speaker is None or turn.role == speaker)
            ]
        return self._messages[speaker]

    def hits(self, names: Sequence[str], speaker: Speaker | None) -> list[Hit]:
        """Return where a speaker shows one of the cues, in order, each place once."""
        shown = [self._by_cue[name] for name in names if name in self._by_cue]
        if not shown:
            return []
        found = shown[0] if len(shown) == 1 else sorted({hit: None for hits in shown for hit in hits})
        return found if speaker is None else [hit for hit in found if self.turns[hit.turn].role == speaker]

    def whole(self, place: int) -> Hit:
        """Return a whole message."""
        return Hit(place, 0, len(self.turns[place].text))

    def evidence(self, hit: Hit) -> Evidence:
        """Return the words of a hit, without blanks around them."""
        if hit not in self._evidence:
            turn = self.turns[hit.turn]
            start, end = hit.start, hit.end
            while start < end and turn.text[start].isspace():
                start += 1
            while end > start and turn.text[end - 1].isspace():
                end -= 1
            self._evidence[hit] = Evidence(turn=turn.index, start=start, end=end, quote=turn.text[start:end])
        return self._evidence[hit]

    def is_blind(self, names: Iterable[str]) -> bool:
        """Tell whether one of the cues cannot be seen by anybody."""
        return bool(self.blind) and not self.blind.isdisjoint(names)

    def seconds(self, earlier: int, later: int) -> float | None:
        """Return the seconds between two turns; ``None`` where one has no time."""
        if earlier == later:
            return 0.0
        start, end = self.turns[earlier].at, self.turns[later].at
        return None if start is None or end is None else (end - start).total_seconds()

    def apart(self, earlier: int, later: int, speaker: Speaker | None) -> int:
        """Return how many messages of ``speaker`` come after turn ``earlier`` up to ``later``."""
        messages = self.messages(speaker)
        return bisect_right(messages, later) - bisect_right(messages, earlier)

    @cached_property
    def last_words(self) -> list[int]:
        """The turns of whoever spoke last, notices apart, in order."""
        last: list[int] = []
        for place in reversed(range(len(self.turns))):
            role = self.turns[place].role
            if role == "system":
                continue
            if last and role != self.turns[last[-1]].role:
                break
            last.append(place)
        return last[::-1]


def split(place: int, parts: Sequence[Part]) -> Hit:
    """Return the hit in several turns that the one at ``place`` completes."""
    first, *more = (Hit(place - back, start, end) for back, start, end in parts)
    return Hit(first.turn, first.start, first.end, more=tuple(more))


def among(hits: Sequence[Hit], places: Sequence[int]) -> list[Hit]:
    """Return the hits in some of a speaker's messages that follow each other (``places``, in order)."""
    if not places:
        return []
    first = bisect_left(hits, Hit(places[0], 0, 0))
    return [hit for hit in hits[first:] if hit.turn <= places[-1]]
