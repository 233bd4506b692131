"""How long somebody waits for an answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from models.domain.condition import Gap
from models.scorers.compliance.findings import NO, Finding, kleene_any
from models.scorers.compliance.findings import unknown as not_known
from models.scorers.compliance.talk import Talk


@dataclass(frozen=True, slots=True)
class _Wait:
    """A run of messages that begins with turn ``start``, answered in turn ``answer`` (``None``: never)."""

    start: int
    answer: int | None


def read_gap(talk: Talk, gap: Gap) -> Finding:
    """Return whether the gap that is asked for lies in the limits; unknown where turns have no times.

    Time cannot be quoted: it is shown by the answer and what it answers, of every such gap.
    """
    waits = list(_waits(talk, gap))
    if not waits:
        return NO
    chosen = {"first": waits[:1], "last": waits[-1:], "any": waits}[gap.which]
    decided = [_lies_within(talk, gap, wait) for wait in chosen]
    holds = kleene_any(decided)
    if holds is None:
        return not_known("times", talk.whole(chosen[decided.index(None)].start))
    if not holds:
        return Finding(False, after=talk.whole(chosen[-1].start))
    found = [wait for wait, lies_within in zip(chosen, decided, strict=True) if lies_within]
    ends = (place for wait in found for place in (wait.answer, wait.start) if place is not None)
    return Finding(True, tuple(talk.whole(place) for place in ends), talk.whole(found[0].start))


def _waits(talk: Talk, gap: Gap) -> Iterator[_Wait]:
    start: int | None = None
    for place, turn in enumerate(talk.turns):
        if turn.role == gap.after:
            asks_nothing = any(name in talk.cues[place].seen for name in gap.apart_from)
            if start is None and not asks_nothing:
                start = place
        elif turn.role == gap.by and start is not None:
            yield _Wait(start, place)
            start = None
    if start is not None and gap.unanswered:
        yield _Wait(start, None)


def _lies_within(talk: Talk, gap: Gap, wait: _Wait) -> bool | None:
    if wait.answer is None:
        return gap.under is None
    seconds = talk.seconds(wait.start, wait.answer)
    if seconds is None:
        return None
    return (gap.over is None or seconds > gap.over) and (gap.under is None or seconds < gap.under)
