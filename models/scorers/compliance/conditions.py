"""Tell whether a playbook's conditions hold over the turns so far, and by which words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.domain.condition import Condition, Speaker
from models.domain.conversation import Turn
from models.scorers.compliance.cues import TurnCues


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """One occurrence of a cue: turn index in the context, characters in its text."""

    turn: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether a condition holds, what shows it, and the trigger it was looked for behind (``after``)."""

    holds: bool
    hits: tuple[Hit, ...] = ()
    after: Hit | None = None


class Reader:
    """The turns so far with their cues, as conditions ask about them. Made anew for each score; keeps nothing."""

    def __init__(self, turns: Sequence[Turn], cues: Sequence[TurnCues], conditions: Mapping[str, Condition]) -> None:
        """Take turns, what each shows, and the playbook's named conditions."""
        self._turns = turns
        self._cues = cues
        self._conditions = conditions
        self._known: dict[str, Finding] = {}

    def read(self, condition: Condition, default: Speaker | None = None) -> Finding:
        """Return whether ``condition`` holds; ``default`` is the speaker where it names none."""
        if condition.holds:
            return self._named(condition.holds)
        if condition.all or condition.any or condition.none:
            return self._combined(condition, default)
        if condition.left_by:
            return self._left(condition.left_by, condition.apart_from)
        return self._seen(condition, condition.by or default)

    def _named(self, name: str) -> Finding:
        if name not in self._known:
            self._known[name] = self.read(self._conditions[name])
        return self._known[name]

    def _combined(self, condition: Condition, default: Speaker | None) -> Finding:
        if condition.none:
            return Finding(not any(self.read(part, default).holds for part in condition.none))
        findings = [self.read(part, default) for part in condition.all or condition.any]
        holds = (all if condition.all else any)(finding.holds for finding in findings)
        held = [finding for finding in findings if finding.holds]
        hits = tuple(hit for finding in held for hit in finding.hits)
        shown = held if holds else findings
        return Finding(holds, hits if holds else (), next((f.after for f in shown if f.after), None))

    def _messages(self, speaker: Speaker | None) -> list[int]:
        """Return the turns with something to read, of one speaker or of all."""
        return [
            place
            for place, (turn, cues) in enumerate(zip(self._turns, self._cues, strict=True))
            if not cues.blank and (speaker is None or turn.role == speaker)
        ]

    def _hits(self, names: Sequence[str], places: Sequence[int]) -> list[Hit]:
        return sorted(
            {Hit(place, *span) for place in places for name in names for span in self._cues[place].seen.get(name, ())}
        )

    def _left(self, speaker: Speaker, apart_from: Sequence[str]) -> Finding:
        """Tell whether the last messages are ``speaker``'s and one of them shows none of ``apart_from``."""
        last: list[int] = []
        for place in reversed(range(len(self._turns))):
            if self._turns[place].role == "system":
                continue
            if self._turns[place].role != speaker:
                break
            last.append(place)
        open_ = [place for place in last if not any(name in self._cues[place].seen for name in apart_from)]
        return Finding(bool(open_), tuple(Hit(place, 0, len(self._turns[place].text)) for place in sorted(open_)))

    def _seen(self, condition: Condition, speaker: Speaker | None) -> Finding:
        messages = self._messages(speaker)
        places = messages
        if condition.first:
            places = places[: condition.first]
        if condition.last:
            places = places[-condition.last :]
        if condition.before:
            by = condition.before_by
            bound = self._hits(condition.before, self._messages(by) if by else messages)
            if bound:
                places = [place for place in places if place <= bound[0].turn]
        if not condition.after:
            hits = self._hits(condition.seen, places)
            return Finding(bool(hits), tuple(hits))
        triggers = self._hits(condition.after, self._messages(condition.after_by))
        if not triggers:
            return Finding(False)
        trigger = triggers[0 if condition.pick == "first" else -1]
        later = [place for place in places if place > trigger.turn]
        if condition.within:
            later = later[: condition.within]
        found = self._hits(condition.seen, places)
        same = [hit for hit in found if hit.turn == trigger.turn and hit.start >= trigger.end]
        hits = [*same, *self._hits(condition.seen, later)]
        return Finding(bool(hits), tuple(hits), trigger)
