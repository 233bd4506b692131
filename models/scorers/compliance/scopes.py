"""How the scopes and dates of playbooks lie to each other: which is narrower, and where two would claim the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from models.domain.context import Context
from models.domain.conversation import Conversation
from models.domain.playbook import Effective, Scope
from models.scorers.compliance.figures import read_attributes
from models.scorers.compliance.talk import Talk

Period = tuple[datetime | None, datetime | None]

_FIELDS = ("queue", "channel", "language", "agent_group")


def in_scope(conversation: Conversation, scope: Scope) -> bool:
    """Tell whether a conversation is one that a scope is for; what it does not tell is not in a scope that asks."""
    if scope == Scope():
        return True
    texts = tuple(turn.text for turn in conversation.turns)
    talk = Talk(Context(head=conversation, turns=conversation.turns, texts=texts), ())
    return read_attributes(talk, scope.attributes).holds is True


def meet(one: Scope, other: Scope) -> bool:
    """Tell whether a conversation can be in both scopes."""
    return all(not a or not b or a & b for a, b in _pairs(one, other))


def lies_within(one: Scope, other: Scope) -> bool:
    """Tell whether every conversation in ``one`` is in ``other``, too."""
    return all(not b or (a and a <= b) for a, b in _pairs(one, other))


def clash(one: Scope, other: Scope) -> bool:
    """Tell whether two scopes meet and neither is the narrower one, so that none would win."""
    return meet(one, other) and lies_within(one, other) == lies_within(other, one)


def period(effective: Effective, zone: tzinfo) -> Period:
    """Return the first moment and the one after the last; a date begins at midnight in ``zone``."""
    return effective.period(zone)


def cut(one: Period, other: Period) -> Period | None:
    """Return the time that is in both periods, ``None`` where there is none."""
    begins = [moment for moment in (one[0], other[0]) if moment is not None]
    ends = [moment for moment in (one[1], other[1]) if moment is not None]
    begin, end = max(begins, default=None), min(ends, default=None)
    return None if begin is not None and end is not None and begin >= end else (begin, end)


def _pairs(one: Scope, other: Scope) -> Sequence[tuple[set[str], set[str]]]:
    return [(set(getattr(one, field)), set(getattr(other, field))) for field in _FIELDS]


def covers(span: Period, at: datetime) -> bool:
    """Tell whether a moment lies in a period."""
    return (span[0] is None or span[0] <= at) and (span[1] is None or at < span[1])
