"""A rubric: how scores become points. Data with an id and a version; changing it makes a new version."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps a number linearly to 0…1: ``worst`` gives 0, ``best`` gives 1, outside is clamped.

    ``worst`` may be the larger one, for figures where less is better.
    """

    worst: float
    best: float


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that earns points.

    Attributes:
        id: Unique in the rubric.
        source: ``check:ID`` (one playbook check), ``check:*`` (every check of the playbook, sharing ``weight`` in
            proportion to the checks' own weights), or a figure such as ``csat.mean`` (see ``FIGURES``).
        weight: Share of the score, > 0; the rubric's weights need not sum to 100, points always do.
        scale: For a figure: how it becomes 0…1. ``None`` for checks.
        title_zh: Its name for Chinese readers.
        title_en: Its name for English readers.
    """

    id: str
    source: str
    weight: float
    scale: Scale | None
    title_zh: str
    title_en: str


@dataclass(frozen=True, slots=True)
class Rubric:
    """Criteria, pass mark and what zeroes a score.

    Attributes:
        id: Its name.
        version: Counts up with each change.
        hash: sha256 over its content; tells two files with the same id and version apart.
        title_zh: For Chinese readers.
        title_en: For English readers.
        pass_mark: 0…100; a score at or above it passes.
        critical: Check ids whose failure zeroes the score, beside those the playbook marks (see ``playbook_critical``).
        playbook_critical: Whether a failed check that the playbook calls critical zeroes the score.
        criteria: At least one.
    """

    id: str
    version: int
    hash: str
    title_zh: str
    title_en: str
    pass_mark: float
    critical: tuple[str, ...]
    playbook_critical: bool
    criteria: tuple[Criterion, ...]
