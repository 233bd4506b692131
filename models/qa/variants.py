"""A rubric as it applies to one conversation."""

from __future__ import annotations

from dataclasses import replace

from models.domain.rubric import Criterion, Rubric, Section, Traits, Variant
from models.qa.conditions import holds


def effective_rubric(rubric: Rubric, traits: Traits) -> tuple[Rubric, tuple[str, ...]]:
    """Return the rubric with every variant that fits applied, in written order, and their ids.

    The result has no variants left; id, version and hash stay those of the whole rubric.
    """
    fitting = [variant for variant in rubric.variants if holds(variant.when, traits) is True]
    resolved = replace(rubric, variants=())
    for variant in fitting:
        resolved = _applied(resolved, variant)
    return resolved, tuple(variant.id for variant in fitting)


def _applied(rubric: Rubric, variant: Variant) -> Rubric:
    weights, shares, caps = dict(variant.weights), dict(variant.section_weights), dict(variant.caps)

    def changed(criterion: Criterion) -> Criterion:
        return replace(
            criterion,
            weight=weights.get(criterion.id, criterion.weight),
            cap=caps.get(criterion.id, criterion.cap),
        )

    def reweighed(section: Section) -> Section:
        return replace(section, weight=shares.get(section.id, section.weight))

    kept = [changed(criterion) for criterion in rubric.criteria if criterion.id not in variant.remove]
    # Two variants may add the same criterion; the later one's holds.
    added = {criterion.id for criterion in variant.add}
    sources = {criterion.source for criterion in variant.add}
    kept = [criterion for criterion in kept if criterion.id not in added and criterion.source not in sources]
    return replace(
        rubric,
        pass_mark=rubric.pass_mark if variant.pass_mark is None else variant.pass_mark,
        criteria=(*kept, *variant.add),
        sections=tuple(reweighed(section) for section in rubric.sections),
    )
