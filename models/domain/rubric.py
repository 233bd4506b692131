"""A rubric: how scores become points. Data with an id and a version; changing it makes a new version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from models.domain.playbook import Scope
from models.domain.scores import Style, Verdict


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps a number linearly to 0…1: ``worst`` gives 0, ``best`` gives 1, outside is clamped.

    ``worst`` may be the larger one, for figures where less is better.
    """

    worst: float
    best: float


@dataclass(frozen=True, slots=True)
class Traits:
    """What a rubric may ask about a conversation itself; ``None`` is not known."""

    queue: str | None = None
    channel: str | None = None
    language: str | None = None
    agent_group: str | None = None
    agent_role: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RubricScope(Scope):
    """Which conversations a rubric is put in force for: as a playbook's scope, and by the agent's role."""

    agent_role: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class When:
    """A condition; all that is given has to hold. What cannot be known does not hold.

    Attributes:
        all: All of these hold.
        any: One of these holds.
        none: None of these holds.
        queue: The conversation's queue is one of these; so are the next five.
        channel: As ``queue``.
        language: ``zh`` or ``en``.
        agent_group: As ``queue``.
        agent_role: As ``queue``.
        tags: The conversation has one of these.
        source: ``check:ID`` or a figure; what the machine said, never what a person decided.
        optional: Whether the playbook may lack the check; then the condition does not hold.
        verdicts: For a check: one of these.
        above: For a figure: greater than this.
        below: For a figure: less than this.
    """

    all: tuple[When, ...] = ()
    any: tuple[When, ...] = ()
    none: tuple[When, ...] = ()
    queue: tuple[str, ...] = ()
    channel: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    agent_group: tuple[str, ...] = ()
    agent_role: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    source: str | None = None
    optional: bool = False
    verdicts: tuple[Verdict, ...] = ()
    above: float | None = None
    below: float | None = None


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that earns or costs points.

    Attributes:
        id: Unique in the rubric.
        source: ``check:ID`` (one playbook check), ``check:*`` (every check of the playbook that the rubric does not
            name, sharing ``weight`` in proportion to the checks' own weights), a figure such as ``csat.mean`` (see
            ``FIGURES``), or ``manual:ID`` (a person answers it).
        weight: In a weighted section its share of the score, > 0; the rubric's weights need not sum to 100, points
            always do. In a deduction or bonus section the points at stake.
        scale: For a figure: how it becomes 0…1. ``None`` for others.
        title_zh: Its name for Chinese readers.
        title_en: Its name for English readers.
        section: Id of its section; empty in a rubric without sections.
        optional: Whether the playbook may lack the check (``check?:ID`` in a file).
        when: Where this does not hold the criterion does not apply, unless a person decided it.
        cap: The score is at most this where the criterion earns nothing; 0 zeroes it, ``None`` is no such thing.
        question_zh: For a manual one: what a person has to answer.
        question_en: The same in English.
        steps: For a manual one: answers 0…``steps``; ``None`` is pass or fail.
    """

    id: str
    source: str
    weight: float
    scale: Scale | None
    title_zh: str
    title_en: str
    section: str = ""
    optional: bool = False
    when: When | None = None
    cap: float | None = None
    question_zh: str = ""
    question_en: str = ""
    steps: int | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """Criteria that belong together.

    Attributes:
        id: Unique in the rubric.
        style: ``weighted``: the weighted mean of its criteria. ``deduction``: what is lost costs the criterion's
            points. ``bonus``: what is earned adds the criterion's points.
        weight: Its share of the score; ``None``: a weighted section weighs what its criteria that apply weigh, a
            deduction section takes its points from the whole score instead of starting at 100 itself.
        title_zh: For Chinese readers.
        title_en: For English readers.
        at_most: For a bonus section: the most points it adds; ``None`` is no limit of its own.
    """

    id: str
    style: Style
    weight: float | None
    title_zh: str
    title_en: str
    at_most: float | None = None


@dataclass(frozen=True, slots=True)
class Band:
    """A grade: of the score ``at_least`` or more."""

    name: str
    at_least: float


@dataclass(frozen=True, slots=True)
class Critical:
    """A check whose failure caps the score, also where it earns no points; a cap of 0 zeroes it."""

    check: str
    cap: float
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Variant:
    """What is different for some conversations; variants that fit are applied in the order they are written.

    Attributes:
        id: Unique in the rubric; named in every score it made.
        when: Asks traits of the conversation only.
        title_zh: For Chinese readers.
        title_en: For English readers.
        pass_mark: Replaces the rubric's.
        weights: By criterion: weight or points instead.
        section_weights: By section.
        caps: By criterion; ``None`` takes a cap away.
        remove: Criteria left out.
        add: Criteria of this variant only.
    """

    id: str
    when: When
    title_zh: str
    title_en: str
    pass_mark: float | None = None
    weights: tuple[tuple[str, float], ...] = ()
    section_weights: tuple[tuple[str, float], ...] = ()
    caps: tuple[tuple[str, float | None], ...] = ()
    remove: tuple[str, ...] = ()
    add: tuple[Criterion, ...] = ()


@dataclass(frozen=True, slots=True)
class Rubric:
    """Criteria, pass mark and what zeroes a score.

    Attributes:
        id: Its name.
        version: Counts up with each change.
        hash: sha256 over its content; tells two files with the same id and version apart.
        title_zh: For Chinese readers.
        title_en: For English readers.
        pass_mark: 0…``max_score``; a score at or above it passes.
        critical: Check ids whose failure zeroes the score, beside those the playbook marks (see ``playbook_critical``).
        playbook_critical: Whether a failed check that the playbook calls critical caps the score at ``playbook_cap``.
        criteria: At least one, of all sections, in order.
        format: 1 or 2. Only the arithmetic differs: format 1 keeps every bit of the scores it once gave.
        sections: Empty in format 1: all criteria are one weighted section.
        playbook_cap: 0 zeroes the score.
        critical_checks: As ``critical``, with a cap of their own.
        max_score: The most that bonus points can lift a score to.
        bands: Grades, best first.
        variants: Differences by role, queue and the like.
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
    format: Literal[1, 2] = 1
    sections: tuple[Section, ...] = ()
    playbook_cap: float = 0.0
    critical_checks: tuple[Critical, ...] = ()
    max_score: float = 100.0
    bands: tuple[Band, ...] = ()
    variants: tuple[Variant, ...] = ()
