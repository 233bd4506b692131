"""Whether a rubric's condition holds: true, false, or not known."""

from __future__ import annotations

from collections.abc import Iterator

from models.domain.rubric import Traits, When
from models.domain.scores import DECIMALS
from models.qa.figures import FIGURES, Measured

_TRAITS = ("queue", "channel", "language", "agent_group", "agent_role")


def holds(when: When, traits: Traits, measured: Measured | None = None) -> bool | None:
    """Tell whether a condition holds; ``None`` where that depends on something that is not known.

    A check that the playbook does not have has no verdict: it never holds.
    """
    known = list(_parts(when, traits, measured))
    return False if False in known else None if None in known else True


def _parts(when: When, traits: Traits, measured: Measured | None) -> Iterator[bool | None]:
    for name in _TRAITS:
        wanted: tuple[str, ...] = getattr(when, name)
        if wanted:
            value: str | None = getattr(traits, name)
            yield None if value is None else value in wanted
    if when.tags:
        yield not set(when.tags).isdisjoint(traits.tags)
    if when.source is not None:
        yield _source(when, when.source, measured)
    for part in when.all:
        yield holds(part, traits, measured)
    if when.any:
        yield _one(when.any, traits, measured)
    if when.none:
        one = _one(when.none, traits, measured)
        yield None if one is None else not one


def _one(parts: tuple[When, ...], traits: Traits, measured: Measured | None) -> bool | None:
    known = [holds(part, traits, measured) for part in parts]
    return True if True in known else None if None in known else False


def _source(when: When, source: str, measured: Measured | None) -> bool | None:
    if measured is None:
        return None
    kind, _, name = source.partition(":")
    if kind == "check":
        return any(check.id == name and check.verdict in when.verdicts for check in measured.compliance.checks)
    figure = FIGURES[source](measured)
    if figure is None:
        return None
    figure = round(figure, DECIMALS)
    return (when.above is None or figure > when.above) and (when.below is None or figure < when.below)
