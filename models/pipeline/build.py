"""Checks that components fit together and puts them in order, before anything is scored."""

from __future__ import annotations

from collections.abc import Sequence

from models.errors import PipelineError
from models.scorers.base import Component

ENCODER = "encoder"
SENTENCES = "sentences"


def order_components(components: Sequence[Component]) -> tuple[Component, ...]:
    """Return the components so that each runs after those it requires; otherwise in the order given.

    Raises:
        PipelineError: Two share a name, one requires what is not there, or they require each other in a circle.
    """
    names = [component.name for component in components]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise PipelineError(f"Two components are named {', '.join(sorted(twice))}.")
    ready = {ENCODER}
    waiting = list(components)
    ordered: list[Component] = []
    while waiting:
        runnable = next((component for component in waiting if component.requires <= ready), None)
        if runnable is None:
            missing = {component.name: sorted(component.requires - ready) for component in waiting}
            raise PipelineError(f"No component provides what these require: {missing}.")
        waiting.remove(runnable)
        ready.add(runnable.name)
        ordered.append(runnable)
    return tuple(ordered)


def needed_for(name: str, ordered: Sequence[Component]) -> tuple[Component, ...]:
    """Return the component of that name and those it rests on, directly or not, in the order given."""
    wanted = {name}
    for component in reversed(ordered):
        if component.name in wanted:
            wanted |= component.requires
    return tuple(component for component in ordered if component.name in wanted)
