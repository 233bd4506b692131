"""Applies a rubric. What does not apply, or is not known, gives its weight to the rest and never costs points."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from models.domain.decision import Decision
from models.domain.rubric import Rubric, Section, Traits
from models.domain.scores import CriterionResult, QaScore, SectionResult, Style
from models.qa.figures import Measured
from models.qa.judging import Judged, adder, judge
from models.qa.variants import effective_rubric

_Add = Callable[[Iterable[float]], float]
_NO_SECTION = Section("", "weighted", None, "", "")
_NO_DECISIONS: Mapping[str, Decision] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class _Pool:
    """What shares in the 100: all weighted sections without weights together, or one section with its weight.

    Attributes:
        sections: Ids.
        style: ``weighted`` or ``deduction``.
        weight: Its share before what does not apply is spread.
        score: 0…100.
        applying: The weights of its criteria that apply, together.
    """

    sections: frozenset[str]
    style: Style
    weight: float
    score: float
    applying: float


def evaluate_rubric(
    rubric: Rubric,
    measured: Measured,
    check_weights: Mapping[str, float],
    *,
    head: Traits | None = None,
    decisions: Mapping[str, Decision] = _NO_DECISIONS,
) -> QaScore:
    """Return the score.

    Weighted sections make the mean of what applies, on a scale of 100; deductions are taken from it, at least 0 stays;
    bonus points are added, up to the rubric's ``max_score``; then the lowest cap of the critical failures holds.
    Nothing that applies is no score. Pure: the same arguments give the same score to the last bit.

    Args:
        rubric: What earns points.
        measured: The conversation's scores.
        check_weights: The playbook's own weight of each check, used to share out a ``check:*`` criterion.
        head: What the conversation is (``traits_of``), for variants and conditions; ``None``: nothing is known.
        decisions: By id of the criterion as results have it (``script.greeting`` of a ``check:*`` criterion
            ``script``); each stands in for the machine's value, also where the criterion's condition does not hold.
            Those for criteria that the rubric does not have are passed over.
    """
    traits = head or Traits()
    effective, variants = effective_rubric(rubric, traits)
    judged = judge(effective, measured, check_weights, traits, decisions)
    sections = effective.sections or (_NO_SECTION,)
    add = adder(effective)
    pools = _pools(sections, judged, add)
    shared = add(pool.weight for pool in pools)
    fractions = {name: pool.weight / shared for pool in pools for name in pool.sections}
    total = _total(effective, sections, judged, pools, fractions, add)
    caps = [item.failed_cap for item in judged if item.failed_cap is not None]
    cap = min(caps, default=None)
    if cap == 0:
        total = 0.0
    elif cap is not None and total is not None:
        total = min(total, cap)
    score = None if total is None else round(total, 2)
    criteria = _award(judged, sections, pools, fractions)
    return QaScore(
        score=score,
        passed=None if score is None else score >= effective.pass_mark,
        auto_fail=cap == 0,
        criteria=criteria,
        capped_at=cap or None,
        band=next((band.name for band in rubric.bands if score is not None and score >= band.at_least), None),
        pass_mark=None if effective.pass_mark == rubric.pass_mark else effective.pass_mark,
        sections=_section_results(effective.sections, judged, criteria, pools, fractions, add),
        variants=variants,
        open=tuple(item.id for item in judged if item.open),
    )


def _pools(sections: Sequence[Section], judged: Sequence[Judged], add: _Add) -> list[_Pool]:
    """Return what shares in the 100 and applies.

    A deduction section applies as soon as anything does: it starts at 100, and if it gave its weight away when its
    last failure is found not to apply, that would lower the score.
    """
    pools = []
    together = frozenset(section.id for section in sections if section.style == "weighted" and section.weight is None)
    weighted = [(together, 1.0)] if together else []
    weighted += [
        (frozenset([section.id]), section.weight)
        for section in sections
        if section.style == "weighted" and section.weight is not None
    ]
    for names, weight in weighted:
        items = [item for item in judged if item.section in names]
        applying = add(item.weight for item in items if item.value is not None)
        if applying > 0:
            earned = add(item.weight * item.value for item in items if item.value is not None)
            pools.append(_Pool(names, "weighted", weight, 100 * earned / applying, applying))
    if _anything(sections, judged):
        pools += [
            _Pool(frozenset([section.id]), "deduction", section.weight, max(0.0, 100 - lost), 0.0)
            for section in sections
            if section.style == "deduction" and section.weight is not None
            for lost in [_lost(section, judged, add)]
        ]
    return pools


def _anything(sections: Sequence[Section], judged: Sequence[Judged]) -> bool:
    """Tell whether a criterion applies that can make a score."""
    names = {section.id for section in sections if section.style != "bonus"}
    return any(item.value is not None and item.weight > 0 and item.section in names for item in judged)


def _lost(section: Section, judged: Sequence[Judged], add: _Add) -> float:
    return add(
        item.weight * (1 - item.value) for item in judged if item.section == section.id and item.value is not None
    )


def _total(
    rubric: Rubric,
    sections: Sequence[Section],
    judged: Sequence[Judged],
    pools: Sequence[_Pool],
    fractions: Mapping[str, float],
    add: _Add,
) -> float | None:
    if not _anything(sections, judged):
        return None
    # Each pool once, whichever of its sections names it.
    base = add(fractions[min(pool.sections)] * pool.score for pool in pools) if pools else 100.0
    off = add(_lost(part, judged, add) for part in sections if part.style == "deduction" and part.weight is None)
    extra = add(_extra(part, judged, add) for part in sections if part.style == "bonus")
    return min(rubric.max_score, max(0.0, base - off) + extra)


def _extra(section: Section, judged: Sequence[Judged], add: _Add) -> float:
    gained = add(item.weight * item.value for item in judged if item.section == section.id and item.value is not None)
    return gained if section.at_most is None else min(section.at_most, gained)


def _award(
    judged: Sequence[Judged], sections: Sequence[Section], pools: Sequence[_Pool], fractions: Mapping[str, float]
) -> tuple[CriterionResult, ...]:
    styles = {section.id: section.style for section in sections}
    pool_of = {name: pool for pool in pools for name in pool.sections}
    results = []
    for item in judged:
        style: Style = styles.get(item.section, "weighted")
        pool, fraction = pool_of.get(item.section), fractions.get(item.section, 1.0)
        points = max_points = 0.0
        if item.value is not None and style == "weighted" and pool is not None:
            max_points = 100 * item.weight / pool.applying * fraction
            points = max_points * item.value
        elif item.value is not None and style == "deduction":
            points = 0.0 - fraction * item.weight * (1 - item.value)
        elif item.value is not None and style == "bonus":
            max_points, points = item.weight, item.weight * item.value
        results.append(_result(item, style, points, max_points))
    return tuple(results)


def _result(item: Judged, style: Style, points: float, max_points: float) -> CriterionResult:
    cap = item.failed_cap
    return CriterionResult(
        id=item.id,
        source=item.source,
        value=item.value,
        weight=item.weight,
        points=points,
        max_points=max_points,
        auto_fail=cap == 0,
        reason=item.reason,
        reason_en=item.reason_en,
        section=item.section,
        style=style,
        machine_value=item.machine_value,
        decided_by=item.decision.by if item.decision else None,
        decision_kind=item.decision.kind if item.decision else None,
        open=item.open,
        cap=cap or None,
    )


def _section_results(
    sections: Sequence[Section],
    judged: Sequence[Judged],
    criteria: Sequence[CriterionResult],
    pools: Sequence[_Pool],
    fractions: Mapping[str, float],
    add: _Add,
) -> tuple[SectionResult, ...]:
    pool_of = {name: pool for pool in pools for name in pool.sections}
    results = []
    for section in sections:
        own = [item for item in criteria if item.section == section.id]
        points, most = add(item.points for item in own), add(item.max_points for item in own)
        score: float | None = None
        pool = pool_of.get(section.id)
        if section.style == "weighted":
            score = 100 * points / most if most else None
        elif section.style == "bonus":
            limit = most if section.at_most is None else min(section.at_most, most)
            points, most = _extra(section, judged, add), limit
        elif pool is not None:
            score = pool.score
            points, most = fractions[section.id] * pool.score, 100 * fractions[section.id]
        results.append(SectionResult(section.id, section.style, score, points, most))
    return tuple(results)
