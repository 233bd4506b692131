"""Whether a rubric goes with the playbooks that judge the conversations it is for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import get_args

from sqlmodel import Session

from models.domain.conversation import Queue
from models.domain.playbook import Playbook
from models.domain.rubric import Rubric, RubricScope
from models.qa import require_checks
from models.scorers.compliance.scopes import Period, covers, cut, lies_within, meet
from service.playbooks.activation import InForce, in_force


def require_fit(session: Session, rubric: Rubric, scope: RubricScope, span: Period, default: Playbook) -> None:
    """Refuse a rubric that names a check which a playbook of some such conversation lacks.

    Raises:
        InvalidRubricError: It does, and is not marked as optional.
    """
    for playbook in judging(in_force(session), scope, span, default):
        require_checks(rubric, playbook)


def judging(known: list[InForce], scope: RubricScope, span: Period, default: Playbook) -> list[Playbook]:
    """Return the playbooks that judge conversations of a scope in a period.

    Looked at queue by queue and from one change of what is in force to the next; a playbook that a narrower one keeps
    from judging any of them is left out.
    """
    meeting = [one for one in known if cut(one.period, span) is not None and meet(one.playbook.scope, scope)]
    queues: tuple[Queue, ...] = scope.queue or get_args(Queue)
    found: dict[str, Playbook] = {}
    for moment in _changes(meeting, span):
        there = [one.playbook for one in meeting if moment is None or covers(one.period, moment)]
        for queue in queues:
            part = replace(scope, queue=(queue,))
            fitting = [one for one in there if meet(one.scope, part)]
            if not any(lies_within(part, one.scope) for one in fitting):
                found.setdefault(default.hash, default)
            for one in fitting:
                if not any(_before(other, one, part) for other in fitting):
                    found.setdefault(one.hash, one)
    return list(found.values())


def _before(other: Playbook, one: Playbook, part: RubricScope) -> bool:
    """Tell whether ``other``, the narrower one, takes every conversation of ``part`` that ``one`` would judge."""
    return other.hash != one.hash and lies_within(part, other.scope) and lies_within(other.scope, one.scope)


def _changes(known: list[InForce], span: Period) -> Iterator[datetime | None]:
    """Yield the beginning of the period and each moment in it at which something comes into force or goes."""
    yield span[0]
    moments = {moment for one in known for moment in one.period if moment is not None}
    yield from sorted(moment for moment in moments if moment != span[0] and covers(span, moment))
