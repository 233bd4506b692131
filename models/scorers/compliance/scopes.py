"""How the scopes and dates of playbooks and rubrics lie to each other: which is narrower, and where two clash."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import datetime, tzinfo
from typing import TypeVar

from models.domain.context import Context
from models.domain.conversation import Conversation
from models.domain.playbook import Effective, Scope
from models.scorers.compliance.figures import read_attributes
from models.scorers.compliance.talk import Talk

Period = tuple[datetime | None, datetime | None]

T = TypeVar("T")


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


def narrowest(fitting: Sequence[T], scope_of: Callable[[T], Scope]) -> T | None:
    """Return the one whose scope lies within those of all others; ``None`` where there is none."""
    for one in fitting:
        if all(lies_within(scope_of(one), scope_of(other)) for other in fitting):
            return one
    return None


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
    # A kind of scope that cannot ask for an attribute is for all of its values.
    names = dict.fromkeys(field.name for scope in (one, other) for field in fields(scope))
    return [(set(getattr(one, name, ())), set(getattr(other, name, ()))) for name in names]


def covers(span: Period, at: datetime) -> bool:
    """Tell whether a moment lies in a period."""
    return (span[0] is None or span[0] <= at) and (span[1] is None or at < span[1])
