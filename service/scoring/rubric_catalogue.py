"""The rubrics that can be applied, with everything that makes a score: sections, criteria, conditions, variants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import Session

from models.domain.rubric import Band, Criterion, Rubric, Scale, Variant, When
from models.domain.scores import Style
from service.core.errors import NotFoundError
from service.core.settings import ScoringSettings
from service.rubrics.overview import KnownRubric, RubricSpan, all_known
from service.scoring.catalogue import Title


@dataclass(frozen=True, slots=True)
class ManualQuestion:
    """What a person has to answer: pass or fail, or with ``steps`` a number from 0 to that."""

    text: Title
    steps: int | None


@dataclass(frozen=True, slots=True)
class RubricCriterion:
    """One criterion of a rubric.

    Attributes:
        id: Unique in the rubric.
        source: ``check:ID``, ``check:*``, a figure, or ``manual:ID``.
        weight: Its share in a weighted section; the points at stake in a deduction or bonus section.
        title: For people.
        section: Id of its section, empty in a rubric without sections.
        style: How its section counts.
        optional: Whether a playbook may lack the check.
        scale: For a figure: from what earns nothing to what earns all.
        when: Where it applies; ``None``: everywhere.
        cap: The score is at most this where it earns nothing; 0 zeroes it, ``None`` is no cap.
        question: For a manual one.
    """

    id: str
    source: str
    weight: float
    title: Title
    section: str
    style: Style
    optional: bool
    scale: Scale | None
    when: When | None
    cap: float | None
    question: ManualQuestion | None


@dataclass(frozen=True, slots=True)
class RubricSection:
    """Criteria that belong together; ``weight`` and ``at_most`` mean what they do in a rubric file."""

    id: str
    title: Title
    style: Style
    weight: float | None
    at_most: float | None


@dataclass(frozen=True, slots=True)
class RubricVariant:
    """What is different for some conversations; weights and caps by id of the criterion or section they replace."""

    id: str
    title: Title
    when: When
    pass_mark: float | None
    weights: Mapping[str, float]
    section_weights: Mapping[str, float]
    caps: Mapping[str, float | None]
    remove: Sequence[str]
    add: Sequence[RubricCriterion]


@dataclass(frozen=True, slots=True)
class CriticalCheck:
    """A check whose failure caps the score, also where it earns no points; a cap of 0 zeroes it."""

    check: str
    cap: float
    optional: bool


@dataclass(frozen=True, slots=True)
class RubricInfo:
    """A rubric.

    Attributes:
        id: Its name.
        version: Counts up with each change.
        title: For people.
        hash: Of its content.
        format: Of its file: 1 is one list of weighted criteria.
        default: Whether it judges the conversations that no rubric in force is for.
        active: Whether new scores may be made with it: it is the default or in force now.
        pass_mark: A score at or above it passes.
        max_score: The most that bonus points can lift a score to.
        bands: Grades, best first.
        critical: Ids of the checks in ``critical_checks``.
        critical_checks: Checks whose failure caps the score.
        playbook_cap: What a failed check that the playbook calls critical caps the score at; ``None``: it does not.
        sections: In order; none in format 1.
        criteria: Of all sections, in order.
        variants: In the order they are applied.
        published_by: Who published it; nobody did with packaged ones.
        published_at: When.
        activations: When it is or was in force, and for which conversations.
    """

    id: str
    version: int
    title: Title
    hash: str
    format: int
    default: bool
    active: bool
    pass_mark: float
    max_score: float
    bands: Sequence[Band]
    critical: Sequence[str]
    critical_checks: Sequence[CriticalCheck]
    playbook_cap: float | None
    sections: Sequence[RubricSection]
    criteria: Sequence[RubricCriterion]
    variants: Sequence[RubricVariant]
    published_by: str | None
    published_at: datetime | None
    activations: Sequence[RubricSpan]


def rubrics(session: Session, settings: ScoringSettings) -> list[RubricInfo]:
    """Return the default rubric, then the other packaged and published ones.

    Raises:
        UnknownRubricError, InvalidRubricError: The settings name one that cannot be read.
    """
    return [describe(known) for known in all_known(session, settings.rubric, datetime.now(UTC))]


def rubric(session: Session, settings: ScoringSettings, spec: str) -> RubricInfo:
    """Return one of ``rubrics`` by ``id@version``, or by ``id`` the default or else the newest of that id.

    ``spec`` is never taken as a file name.

    Raises:
        NotFoundError: There is none.
    """
    found = [one for one in rubrics(session, settings) if spec in (one.id, f"{one.id}@{one.version}")]
    if not found:
        raise NotFoundError(f"no rubric {spec!r}", f"没有评分标准 {spec!r}", location=spec)
    return max(found, key=lambda one: (one.default, one.version))


def describe(known: KnownRubric) -> RubricInfo:
    """Return everything there is to know of a rubric."""
    source = known.rubric
    styles: Mapping[str, Style] = {section.id: section.style for section in source.sections}
    own = (CriticalCheck(check, 0.0, False) for check in source.critical)
    checks = (*own, *(CriticalCheck(one.check, one.cap, one.optional) for one in source.critical_checks))
    return RubricInfo(
        id=source.id,
        version=source.version,
        title=Title(source.title_zh, source.title_en),
        hash=source.hash,
        format=source.format,
        default=known.default,
        active=known.default or any(span.now for span in known.activations),
        pass_mark=source.pass_mark,
        max_score=source.max_score,
        bands=source.bands,
        critical=[one.check for one in checks],
        critical_checks=checks,
        playbook_cap=source.playbook_cap if source.playbook_critical else None,
        sections=_sections(source),
        criteria=[_criterion(one, styles) for one in source.criteria],
        variants=[_variant(one, styles) for one in source.variants],
        published_by=known.published_by,
        published_at=known.published_at,
        activations=known.activations,
    )


def _sections(source: Rubric) -> list[RubricSection]:
    return [
        RubricSection(one.id, Title(one.title_zh, one.title_en), one.style, one.weight, one.at_most)
        for one in source.sections
    ]


def _criterion(source: Criterion, styles: Mapping[str, Style]) -> RubricCriterion:
    manual = source.source.startswith("manual:")
    return RubricCriterion(
        id=source.id,
        source=source.source,
        weight=source.weight,
        title=Title(source.title_zh, source.title_en),
        section=source.section,
        style=styles.get(source.section, "weighted"),
        optional=source.optional,
        scale=source.scale,
        when=source.when,
        cap=source.cap,
        question=ManualQuestion(Title(source.question_zh, source.question_en), source.steps) if manual else None,
    )


def _variant(source: Variant, styles: Mapping[str, Style]) -> RubricVariant:
    return RubricVariant(
        id=source.id,
        title=Title(source.title_zh, source.title_en),
        when=source.when,
        pass_mark=source.pass_mark,
        weights=dict(source.weights),
        section_weights=dict(source.section_weights),
        caps=dict(source.caps),
        remove=source.remove,
        add=[_criterion(one, styles) for one in source.add],
    )
