"""Turns a validated rubric file into a rubric."""

from __future__ import annotations

from models.domain.rubric import Band, Criterion, Critical, Rubric, Scale, Section, Variant, When
from models.qa.schema import (
    FlatRubricModel,
    RubricModel,
    ScaleModel,
    SectionCriterionModel,
    TitleModel,
    VariantModel,
    WhenModel,
)

_OPTIONAL = "check?:"


def build_flat(model: FlatRubricModel, content_hash: str) -> Rubric:
    """Return the rubric of a file of format 1."""
    return Rubric(
        id=model.id,
        version=model.version,
        hash=content_hash,
        title_zh=model.title.zh,
        title_en=model.title.en,
        pass_mark=model.pass_mark,
        critical=tuple(model.critical),
        playbook_critical=model.playbook_critical,
        criteria=tuple(
            Criterion(item.id, item.source, item.weight, _scale(item.scale), *_titles(item.title, item.id))
            for item in model.criteria
        ),
    )


def build_sections(model: RubricModel, content_hash: str) -> Rubric:
    """Return the rubric of a file of format 2."""
    return Rubric(
        id=model.id,
        version=model.version,
        hash=content_hash,
        title_zh=model.title.zh,
        title_en=model.title.en,
        pass_mark=model.pass_mark,
        critical=(),
        playbook_critical=model.playbook_critical is not None,
        criteria=tuple(_criterion(item, section.id) for section in model.sections for item in section.criteria),
        format=2,
        sections=tuple(
            Section(item.id, item.style, item.weight, *_titles(item.title, item.id), item.at_most)
            for item in model.sections
        ),
        playbook_cap=model.playbook_critical.cap if model.playbook_critical else 0.0,
        critical_checks=tuple(
            Critical(item.source.partition(":")[2], item.cap, item.source.startswith(_OPTIONAL))
            for item in model.critical
        ),
        max_score=model.max_score,
        bands=tuple(
            Band(name, mark) for name, mark in sorted(model.bands.items(), key=lambda band: band[1], reverse=True)
        ),
        variants=tuple(_variant(item) for item in model.variants),
    )


def _criterion(item: SectionCriterionModel, section: str) -> Criterion:
    weight = item.points if item.weight is None else item.weight
    if weight is None:
        raise ValueError(f"the criterion {item.id} has neither weight nor points")
    source, optional = plain_source(item.source)
    title_zh, title_en = _titles(item.title or item.question, item.id)
    manual = source.startswith("manual:")
    return Criterion(
        id=item.id,
        source=source,
        weight=weight,
        scale=_scale(item.scale),
        title_zh=title_zh,
        title_en=title_en,
        section=section,
        optional=optional,
        when=_when(item.when) if item.when else None,
        cap=item.auto_fail.cap if item.auto_fail else None,
        question_zh=(item.question.zh if item.question else title_zh) if manual else "",
        question_en=(item.question.en if item.question else title_en) if manual else "",
        steps=item.steps,
    )


def _variant(item: VariantModel) -> Variant:
    weights = (
        (name, change.points if change.weight is None else change.weight) for name, change in item.criteria.items()
    )
    return Variant(
        id=item.id,
        when=_when(item.when),
        title_zh=item.title.zh if item.title else item.id,
        title_en=item.title.en if item.title else item.id,
        pass_mark=item.pass_mark,
        weights=tuple((name, weight) for name, weight in weights if weight is not None),
        section_weights=tuple((name, change.weight) for name, change in item.sections.items()),
        caps=tuple(
            (name, change.auto_fail.cap if change.auto_fail else None)
            for name, change in item.criteria.items()
            if "auto_fail" in change.model_fields_set
        ),
        remove=tuple(item.remove),
        add=tuple(_criterion(added, added.section) for added in item.add),
    )


def _when(item: WhenModel) -> When:
    source, optional = plain_source(item.source) if item.source else (None, False)
    is_check = source is not None and source.startswith("check:")
    return When(
        all=tuple(_when(part) for part in item.all or ()),
        any=tuple(_when(part) for part in item.any or ()),
        none=tuple(_when(part) for part in item.none or ()),
        queue=tuple(item.queue or ()),
        channel=tuple(item.channel or ()),
        language=tuple(item.language or ()),
        agent_group=tuple(item.agent_group or ()),
        agent_role=tuple(item.agent_role or ()),
        tags=tuple(item.tags or ()),
        source=source,
        optional=optional,
        verdicts=tuple(item.verdicts or ("pass", "fail")) if is_check else (),
        above=item.above,
        below=item.below,
    )


def plain_source(written: str) -> tuple[str, bool]:
    """Return a source without its mark of being optional, and whether it had one."""
    optional = written.startswith(_OPTIONAL)
    return (written.replace(_OPTIONAL, "check:", 1), True) if optional else (written, False)


def _scale(item: ScaleModel | None) -> Scale | None:
    return Scale(item.worst, item.best) if item else None


def _titles(item: TitleModel | None, fallback: str) -> tuple[str, str]:
    return (item.zh, item.en) if item else (fallback, fallback)
