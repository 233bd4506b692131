"""What each check of a playbook rests on: conditions, cues and words, directly or through others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from models.domain.condition import Condition
from models.domain.cue import Cue
from models.domain.playbook import Check, Playbook

PartKind = Literal["word", "cue", "condition"]

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """A named part of a playbook."""

    kind: PartKind
    name: str

    def __str__(self) -> str:
        """Return it as people write it."""
        return f"{self.kind} {self.name}"


def uses_of(playbook: Playbook) -> Mapping[str, frozenset[Part]]:
    """Return by check everything it rests on; parts that do not exist are named, too."""
    return {check.id: parts_of(check, playbook) for check in playbook.checks}


def parts_of(check: Check, playbook: Playbook) -> frozenset[Part]:
    """Return everything that one check rests on."""
    found: set[Part] = set()
    ahead = [part for _, condition in check.conditions for part in _of_condition(condition)]
    while ahead:
        part = ahead.pop()
        if part not in found:
            found.add(part)
            ahead += _behind(part, playbook)
    return frozenset(found)


def named_cues(condition: Condition, playbook: Playbook) -> frozenset[str]:
    """Return the cues of ``seen`` that a condition looks for, through ``holds`` and its parts, but not in ``none``."""
    cues: set[str] = set()
    known: set[str] = set()
    ahead = [condition]
    while ahead:
        part = ahead.pop()
        cues |= set(part.seen) | set(part.order.then if part.order else ())
        ahead += [*part.all, *part.any, *(part.least.of if part.least else ())]
        if part.holds and part.holds not in known and part.holds in playbook.conditions:
            known.add(part.holds)
            ahead.append(playbook.conditions[part.holds])
    return frozenset(cues)


def _behind(part: Part, playbook: Playbook) -> Iterator[Part]:
    if part.kind == "condition" and part.name in playbook.conditions:
        yield from _of_condition(playbook.conditions[part.name])
    elif part.kind == "cue" and part.name in playbook.cues:
        yield from _of_cue(playbook.cues[part.name])
    elif part.kind == "word" and part.name in playbook.words:
        yield from (Part("word", name) for name in _PLACEHOLDER.findall(playbook.words[part.name]))


def _of_condition(condition: Condition) -> Iterator[Part]:
    for one in condition.walk():
        if one.holds:
            yield Part("condition", one.holds)
        yield from (Part("cue", name) for _, name in one.cues())


def _of_cue(cue: Cue) -> Iterator[Part]:
    for pattern in (*cue.include, *cue.exclude):
        yield from (Part("word", name) for name in _PLACEHOLDER.findall(pattern))
    yield from (Part("cue", guard.cue) for guard in (*cue.unless, *cue.needs))
    yield from (Part("cue", name) for name in cue.rest_of)
