"""Tell whether a playbook's conditions hold over the turns so far, and by which words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from models.domain.condition import Condition, Speaker
from models.scorers.compliance.figures import read_attributes, read_csat, read_sentiment
from models.scorers.compliance.findings import (
    NO,
    Finding,
    combine,
    kleene_all,
    kleene_any,
    kleene_least,
    kleene_not,
)
from models.scorers.compliance.gaps import read_gap
from models.scorers.compliance.repetition import read_count, read_repeated
from models.scorers.compliance.sequence import read_order, read_seen
from models.scorers.compliance.talk import Talk


class Reader:
    """Asks conditions of one talk; what a named condition finds is kept."""

    def __init__(self, talk: Talk, conditions: Mapping[str, Condition]) -> None:
        """Take the talk and the playbook's named conditions."""
        self.talk = talk
        self._conditions = conditions
        self._known: dict[tuple[str, Speaker | None], Finding] = {}

    @cached_property
    def together(self) -> Reader:
        """One that reads messages of a speaker on into each other; this one, where that shows nothing more."""
        talk = self.talk.together
        return self if talk is self.talk else Reader(talk, self._conditions)

    def read(self, condition: Condition, default: Speaker | None = None) -> Finding:
        """Return whether ``condition`` holds; ``default`` is the speaker where it names none."""
        talk = self.talk
        if condition.seen:
            return read_seen(talk, condition, default)
        if condition.holds:
            return self._named(condition.holds, default)
        if condition.left_by:
            return self._left(condition.left_by, condition.apart_from)
        if condition.order:
            return read_order(talk, condition.order, default)
        if condition.gap:
            return read_gap(talk, condition.gap)
        if condition.count:
            return read_count(talk, condition.count, default)
        if condition.repeated:
            return read_repeated(talk, condition.repeated, default)
        if condition.sentiment:
            return read_sentiment(talk, condition.sentiment)
        if condition.csat:
            return read_csat(talk, condition.csat)
        if condition.conversation:
            return read_attributes(talk, condition.conversation)
        return self._combined(condition, default)

    def _named(self, name: str, default: Speaker | None) -> Finding:
        """Ask a named condition as if it stood where it is named: about the same speaker."""
        key = (name, default)
        if key not in self._known:
            self._known[key] = self.read(self._conditions[name], default)
        return self._known[key]

    def _combined(self, condition: Condition, default: Speaker | None) -> Finding:
        parts = [self.read(part, default) for part in condition.parts]
        values = [part.holds for part in parts]
        if condition.none:
            holds = kleene_not(kleene_any(values))
            return combine(None, parts) if holds is None else Finding(holds)
        if condition.least:
            return combine(kleene_least(condition.least.count, values), parts)
        return combine((kleene_all if condition.all else kleene_any)(values), parts)

    def _left(self, speaker: Speaker, apart_from: Sequence[str]) -> Finding:
        """Tell whether the last messages are ``speaker``'s and one of them shows none of ``apart_from``."""
        last = self.talk.last_words
        if not last or self.talk.turns[last[0]].role != speaker:
            return NO
        cues = self.talk.cues
        open_ = [place for place in last if not any(name in cues[place].seen for name in apart_from)]
        return Finding(bool(open_), tuple(self.talk.whole(place) for place in open_))
