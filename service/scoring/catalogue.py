"""The playbooks and rubrics that can be applied: the packaged ones, and the ones the settings name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.domain.playbook import Playbook
from models.domain.rubric import Rubric
from models.qa import list_rubrics, load_rubric
from models.scorers.compliance import list_playbooks, load_playbook
from service.core.errors import NotFoundError
from service.core.settings import ScoringSettings


@dataclass(frozen=True, slots=True)
class Title:
    """A name in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class PlaybookCheck:
    """One check of a playbook."""

    id: str
    kind: str
    title: Title
    weight: float
    critical: bool
    suggest: Sequence[str]


@dataclass(frozen=True, slots=True)
class PlaybookInfo:
    """A playbook; ``active`` where new scores are made with it."""

    id: str
    version: int
    title: Title
    hash: str
    active: bool
    checks: Sequence[PlaybookCheck]


@dataclass(frozen=True, slots=True)
class RubricCriterion:
    """One criterion of a rubric."""

    id: str
    source: str
    weight: float
    title: Title


@dataclass(frozen=True, slots=True)
class RubricInfo:
    """A rubric; ``active`` where new scores are made with it."""

    id: str
    version: int
    title: Title
    hash: str
    active: bool
    pass_mark: float
    critical: Sequence[str]
    criteria: Sequence[RubricCriterion]


def playbooks(settings: ScoringSettings) -> list[PlaybookInfo]:
    """Return the active playbook, then the other packaged ones.

    Raises:
        UnknownPlaybookError, InvalidPlaybookError: The settings name one that cannot be read.
    """
    active = load_playbook(settings.playbook)
    return [_playbook(active, True)] + [_playbook(one, False) for one in list_playbooks() if one.hash != active.hash]


def rubrics(settings: ScoringSettings) -> list[RubricInfo]:
    """Return the active rubric, then the other packaged ones.

    Raises:
        UnknownRubricError, InvalidRubricError: The settings name one that cannot be read.
    """
    active = load_rubric(settings.rubric)
    return [_rubric(active, True)] + [_rubric(one, False) for one in list_rubrics() if one.hash != active.hash]


def playbook(settings: ScoringSettings, spec: str) -> PlaybookInfo:
    """Return one of ``playbooks`` by ``id`` or ``id@version``; ``spec`` is never taken as a file name.

    Raises:
        NotFoundError: There is none.
    """
    for one in playbooks(settings):
        if spec in (one.id, f"{one.id}@{one.version}"):
            return one
    raise NotFoundError(f"no playbook {spec!r}", f"没有话术手册 {spec!r}", location=spec)


def rubric(settings: ScoringSettings, spec: str) -> RubricInfo:
    """Return one of ``rubrics`` by ``id`` or ``id@version``; ``spec`` is never taken as a file name.

    Raises:
        NotFoundError: There is none.
    """
    for one in rubrics(settings):
        if spec in (one.id, f"{one.id}@{one.version}"):
            return one
    raise NotFoundError(f"no rubric {spec!r}", f"没有评分标准 {spec!r}", location=spec)


def _playbook(source: Playbook, active: bool) -> PlaybookInfo:
    checks = [
        PlaybookCheck(
            check.id, check.kind, Title(check.title.zh, check.title.en), check.weight, check.critical, check.suggest
        )
        for check in source.checks
    ]
    return PlaybookInfo(source.id, source.version, Title(source.title.zh, source.title.en), source.hash, active, checks)


def _rubric(source: Rubric, active: bool) -> RubricInfo:
    criteria = [
        RubricCriterion(one.id, one.source, one.weight, Title(one.title_zh, one.title_en)) for one in source.criteria
    ]
    return RubricInfo(
        source.id,
        source.version,
        Title(source.title_zh, source.title_en),
        source.hash,
        active,
        source.pass_mark,
        source.critical,
        criteria,
    )
