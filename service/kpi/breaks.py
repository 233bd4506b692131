"""Where a trend breaks: from there on, other versions make the figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo

from service.kpi.repository import VersionsUsed

What = Literal["playbook", "rubric", "model", "code"]


@dataclass(frozen=True, slots=True)
class Break:
    """A change of version within the period.

    Attributes:
        what: Which version changes.
        before: The version before; of a playbook or rubric of the same id, as several may be in force side by side.
        after: The version from there on.
        at: The first conversation scored with it.
        day: Its day, in the report's time zone.
        conversations: How many of the period were scored with ``after``.
        mixed: Whether later conversations still have scores by ``before``: then days do not part the two, and scoring
            those again (``POST /v1/rescore``) would.
    """

    what: What
    before: str
    after: str
    at: datetime
    day: str
    conversations: int
    mixed: bool


@dataclass(slots=True)
class _Use:
    version: str
    conversations: int
    first: datetime
    last: datetime


def find_breaks(used: Sequence[VersionsUsed], zone: ZoneInfo) -> list[Break]:
    """Return the changes of version in order of time."""
    found: list[Break] = []
    for what in ("playbook", "rubric", "model", "code"):
        for uses in _by_id(used, what):
            found += [
                Break(
                    what,
                    one.version,
                    other.version,
                    other.first,
                    other.first.astimezone(zone).date().isoformat(),
                    other.conversations,
                    one.last >= other.first,
                )
                for one, other in pairwise(uses)
            ]
    return sorted(found, key=lambda one: (one.at, one.what, one.after))


def _by_id(used: Sequence[VersionsUsed], what: What) -> list[list[_Use]]:
    """Return the versions that follow each other, each list in order of first use."""
    uses: dict[str, dict[str, _Use]] = {}
    for one in used:
        version = getattr(one, what)
        line = version.partition("@")[0] if what in ("playbook", "rubric") else what
        use = uses.setdefault(line, {}).setdefault(version, _Use(version, 0, one.first, one.last))
        use.conversations += one.conversations
        use.first, use.last = min(use.first, one.first), max(use.last, one.last)
    return [sorted(of_line.values(), key=lambda use: (use.first, use.version)) for of_line in uses.values()]
