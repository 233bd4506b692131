"""What the shape of a rubric cannot say: ids, figures, styles, conditions, and what variants refer to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from models.documents import Problem
from models.qa.build import plain_source
from models.qa.consistency_of_conditions import when_problems
from models.qa.figures import FIGURES
from models.qa.schema import (
    ChangedCriterionModel,
    CriterionModel,
    FlatRubricModel,
    RubricModel,
    ScaleModel,
    SectionCriterionModel,
    SectionModel,
    VariantModel,
)

_Where = tuple[str | int, ...]
_RESERVED = "critical"


def flat_contradictions(model: FlatRubricModel) -> list[Problem]:
    """Return everything that keeps a rubric of format 1 from working; empty for a good one."""
    listed: list[tuple[_Where, CriterionModel]] = [
        (("criteria", place), criterion) for place, criterion in enumerate(model.criteria)
    ]
    return [
        *_twice([((*where, "id"), item.id) for where, item in listed], "id", "id"),
        *_twice([((*where, "source"), item.source) for where, item in listed], "source", "来源"),
        *(problem for where, item in listed for problem in _scale(item.source, item.scale, where)),
    ]


def contradictions(model: RubricModel) -> list[Problem]:
    """Return everything that keeps a rubric of format 2 from working; empty for a good one."""
    listed: list[tuple[_Where, SectionCriterionModel, SectionModel]] = [
        (("sections", number, "criteria", place), criterion, section)
        for number, section in enumerate(model.sections)
        for place, criterion in enumerate(section.criteria)
    ]
    sources = [((*where, "source"), plain_source(item.source)[0]) for where, item, _ in listed]
    critical = [(("critical", place), plain_source(item.source)[0]) for place, item in enumerate(model.critical)]
    return [
        *_marks(model),
        *_twice([(("sections", place, "id"), item.id) for place, item in enumerate(model.sections)], "id", "id"),
        *_twice([((*where, "id"), item.id) for where, item, _ in listed], "id", "id"),
        *_twice(sources, "source", "来源"),
        *_twice(critical, "check", "检查项"),
        *_sections(model.sections),
        *(problem for where, item, section in listed for problem in _criterion(item, section, where)),
        *_twice([(("variants", place, "id"), item.id) for place, item in enumerate(model.variants)], "id", "id"),
        *(
            problem
            for place, item in enumerate(model.variants)
            for problem in _variant(item, model, ("variants", place))
        ),
    ]


def _twice(values: Sequence[tuple[_Where, str]], what: str, what_zh: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for where, value in values:
        if value in seen:
            yield Problem(where, f"the {what} '{value}' is there twice", f"{what_zh}“{value}”重复")
        seen.add(value)


def _marks(model: RubricModel) -> Iterator[Problem]:
    highest = model.max_score
    too_high = (f"lies above the highest score, {highest:g}", f"高于最高分 {highest:g}")
    if model.pass_mark > highest:
        yield Problem(("pass_mark",), f"'pass_mark' {too_high[0]}", f"pass_mark {too_high[1]}")
    seen: dict[float, str] = {}
    for name, mark in model.bands.items():
        where: _Where = ("bands", name)
        if mark > highest:
            yield Problem(where, f"the band '{name}' {too_high[0]}", f"等级“{name}”{too_high[1]}")
        if mark in seen:
            yield Problem(
                where, f"'{name}' begins where '{seen[mark]}' does", f"等级“{name}”与“{seen[mark]}”的起点相同"
            )
        seen[mark] = name
    for place, variant in enumerate(model.variants):
        if variant.pass_mark is not None and variant.pass_mark > highest:
            yield Problem(("variants", place, "pass_mark"), f"'pass_mark' {too_high[0]}", f"pass_mark {too_high[1]}")


def _sections(sections: Sequence[SectionModel]) -> Iterator[Problem]:
    if all(section.style == "bonus" for section in sections):
        yield Problem(("sections",), "bonus points need a score to be added to", "不能只有加分项:缺少基础得分的部分")
    shares = any(section.weight is not None for section in sections if section.style != "bonus")
    for place, section in enumerate(sections):
        where: _Where = ("sections", place)
        if section.style == "bonus" and section.weight is not None:
            yield Problem(
                (*where, "weight"),
                "a bonus section has no weight: its points are added; limit them with 'at_most'",
                "加分部分没有 weight:其分数直接相加;可用 at_most 限制",
            )
        if section.style != "bonus" and section.at_most is not None:
            yield Problem((*where, "at_most"), "'at_most' is for bonus sections", "at_most 只用于加分(bonus)部分")
        if section.style == "weighted" and shares and section.weight is None:
            yield Problem(
                where,
                "another section has a weight, so every weighted section needs one",
                "已有部分写了 weight,因此每个 weighted 部分都要写",
            )


def _criterion(item: SectionCriterionModel, section: SectionModel, where: _Where) -> Iterator[Problem]:
    if item.id == _RESERVED:
        yield Problem((*where, "id"), f"the id '{_RESERVED}' is reserved", f"id“{_RESERVED}”为保留名")
    wanted, other = ("weight", "points") if section.style == "weighted" else ("points", "weight")
    if getattr(item, wanted) is None:
        yield Problem(
            where,
            f"a criterion of a {section.style} section needs '{wanted}'",
            f"{section.style} 部分的评分项须有 {wanted}",
        )
    if getattr(item, other) is not None:
        yield Problem(
            (*where, other),
            f"a criterion of a {section.style} section has '{wanted}', not '{other}'",
            f"{section.style} 部分的评分项写 {wanted},不写 {other}",
        )
    yield from _scale(item.source, item.scale, where)
    if not item.source.startswith("manual:"):
        for field in ("question", "steps"):
            if getattr(item, field) is not None:
                yield Problem(
                    (*where, field),
                    f"'{field}' is for questions to people (manual:ID)",
                    f"{field} 只用于人工题(manual:ID)",
                )
    if item.when:
        yield from when_problems(item.when, (*where, "when"), traits_only=False)


def _scale(source: str, scale: ScaleModel | None, where: _Where) -> Iterator[Problem]:
    if source.startswith(("check:", "check?:", "manual:")):
        if scale is not None:
            yield Problem(
                (*where, "scale"),
                "only a figure takes a scale: pass earns all, fail earns nothing",
                "只有数值指标需要 scale:通过得满分,不合格不得分",
            )
    elif source not in FIGURES:
        known = ", ".join(FIGURES)
        yield Problem(
            (*where, "source"),
            f"unknown source '{source}'; figures are {known}",
            f"未知的来源“{source}”;可用的指标:{known}",
        )
    elif scale is None:
        yield Problem(
            where, f"the figure {source} needs a scale (worst, best)", f"指标 {source} 需要 scale(worst、best)"
        )
    elif scale.worst == scale.best:
        yield Problem((*where, "scale"), "worst and best must differ", "worst 与 best 不能相同")


def _variant(variant: VariantModel, model: RubricModel, where: _Where) -> Iterator[Problem]:
    sections = {section.id: section for section in model.sections}
    owners = {item.id: section for section in model.sections for item in section.criteria}
    yield from when_problems(variant.when, (*where, "when"), traits_only=True)
    for name in variant.sections:
        if name not in sections:
            yield _unknown("section", "部分", name, (*where, "sections", name))
        elif sections[name].weight is None:
            yield Problem(
                (*where, "sections", name),
                f"the section '{name}' has no weight to change",
                f"部分“{name}”没有可调整的 weight",
            )
    for name, change in variant.criteria.items():
        if name not in owners:
            yield _unknown("criterion", "评分项", name, (*where, "criteria", name))
        else:
            yield from _change(change, owners[name], (*where, "criteria", name))
    for place, name in enumerate(variant.remove):
        if name not in owners:
            yield _unknown("criterion", "评分项", name, (*where, "remove", place))
    yield from _added(variant, sections, owners, where)
    left = {owners[name].style for name in owners.keys() - set(variant.remove)}
    left |= {sections[item.section].style for item in variant.add if item.section in sections}
    if not left & {"weighted", "deduction"}:
        yield Problem((*where, "remove"), "nothing is left that gives a score", "移除后没有可计分的评分项")


def _change(change: ChangedCriterionModel, section: SectionModel, where: _Where) -> Iterator[Problem]:
    other = "points" if section.style == "weighted" else "weight"
    if getattr(change, other) is not None:
        right = "weight" if other == "points" else "points"
        yield Problem(
            (*where, other),
            f"a criterion of a {section.style} section has '{right}', not '{other}'",
            f"{section.style} 部分的评分项写 {right},不写 {other}",
        )
    if not change.model_fields_set:
        yield Problem(where, "nothing is changed here", "此处没有任何改动")


def _added(
    variant: VariantModel, sections: Mapping[str, SectionModel], owners: Mapping[str, SectionModel], where: _Where
) -> Iterator[Problem]:
    kept = {
        plain_source(item.source)[0]
        for section in sections.values()
        for item in section.criteria
        if item.id not in variant.remove
    }
    ids = [((*where, "add", place, "id"), item.id) for place, item in enumerate(variant.add)]
    sources = [
        ((*where, "add", place, "source"), plain_source(item.source)[0]) for place, item in enumerate(variant.add)
    ]
    yield from _twice(ids, "id", "id")
    yield from _twice(sources, "source", "来源")
    for at, value in ids:
        if value in owners:  # also where it is removed: a result of that id would mean two things
            yield Problem(at, f"the id '{value}' is there twice", f"id“{value}”重复")
    for at, value in sources:
        if value in kept:
            yield Problem(at, f"the source '{value}' is there twice", f"来源“{value}”重复")
    for place, item in enumerate(variant.add):
        there: _Where = (*where, "add", place)
        if item.section not in sections:
            yield _unknown("section", "部分", item.section, (*there, "section"))
        else:
            yield from _criterion(item, sections[item.section], there)


def _unknown(what: str, what_zh: str, name: str, where: _Where) -> Problem:
    return Problem(where, f"there is no {what} '{name}'", f"没有{what_zh}“{name}”")
