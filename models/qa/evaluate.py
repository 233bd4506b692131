"""Applies a rubric. What does not apply, or is not known, gives its weight to the rest and never costs points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from models.domain.rubric import Criterion, Rubric
from models.domain.scores import CheckResult, CriterionResult, QaScore
from models.qa.figures import FIGURES, Measured

_EARNED = {"pass": 1.0, "fail": 0.0}


@dataclass(frozen=True, slots=True)
class _Judged:
    id: str
    source: str
    weight: float
    value: float | None
    auto_fail: bool
    reason: str
    reason_en: str


def evaluate_rubric(rubric: Rubric, measured: Measured, check_weights: Mapping[str, float]) -> QaScore:
    """Return the score: 100 × the weighted mean of the criteria that apply, or 0 if a critical check failed.

    Args:
        rubric: What earns points.
        measured: The conversation's scores.
        check_weights: The playbook's own weight of each check, used to share out a ``check:*`` criterion.
    """
    judged = [item for criterion in rubric.criteria for item in _judge(criterion, rubric, measured, check_weights)]
    covered = {item.source for item in judged}
    judged += [  # a critical check zeroes the score even where the rubric gives it no weight
        _judge_check(check, check.id, 0.0, rubric)
        for check in measured.compliance.checks
        if f"check:{check.id}" not in covered and _is_critical(check, rubric)
    ]
    applying = sum(item.weight for item in judged if item.value is not None)
    criteria = tuple(_award(item, applying) for item in judged)
    auto_fail = any(item.auto_fail for item in judged)
    if auto_fail:
        score: float | None = 0.0
    elif applying > 0:
        earned = sum(item.weight * item.value for item in judged if item.value is not None)
        score = round(100 * earned / applying, 2)
    else:
        score = None
    return QaScore(score, None if score is None else score >= rubric.pass_mark, auto_fail, criteria)


def _award(item: _Judged, applying: float) -> CriterionResult:
    max_points = 100 * item.weight / applying if item.value is not None and applying > 0 else 0.0
    return CriterionResult(
        id=item.id,
        source=item.source,
        value=item.value,
        weight=item.weight,
        points=max_points * item.value if item.value is not None else 0.0,
        max_points=max_points,
        auto_fail=item.auto_fail,
        reason=item.reason,
        reason_en=item.reason_en,
    )


def _judge(
    criterion: Criterion, rubric: Rubric, measured: Measured, check_weights: Mapping[str, float]
) -> Iterator[_Judged]:
    kind, _, name = criterion.source.partition(":")
    if kind != "check":
        yield _judge_figure(criterion, measured)
    elif name == "*":
        named = {other.source for other in rubric.criteria}
        checks = [check for check in measured.compliance.checks if f"check:{check.id}" not in named]
        total = sum(check_weights.get(check.id, 1.0) for check in checks)
        for check in checks:
            share = check_weights.get(check.id, 1.0) / total if total else 0.0
            yield _judge_check(check, f"{criterion.id}.{check.id}", criterion.weight * share, rubric)
    else:
        found = next((check for check in measured.compliance.checks if check.id == name), None)
        if found is None:
            yield _Judged(
                criterion.id,
                criterion.source,
                criterion.weight,
                None,
                False,
                f"话术手册中没有检查项“{name}”",
                f'the playbook has no check "{name}"',
            )
        else:
            yield _judge_check(found, criterion.id, criterion.weight, rubric)


def _judge_check(check: CheckResult, criterion_id: str, weight: float, rubric: Rubric) -> _Judged:
    return _Judged(
        id=criterion_id,
        source=f"check:{check.id}",
        weight=weight,
        value=_EARNED.get(check.verdict),
        auto_fail=check.verdict == "fail" and _is_critical(check, rubric),
        reason=check.reason,
        reason_en=check.reason_en,
    )


def _is_critical(check: CheckResult, rubric: Rubric) -> bool:
    return check.id in rubric.critical or (rubric.playbook_critical and check.critical)


def _judge_figure(criterion: Criterion, measured: Measured) -> _Judged:
    figure = FIGURES[criterion.source](measured)
    scale = criterion.scale
    if figure is None or scale is None:
        value, reason, reason_en = None, "没有可靠的数据,不计分", "no reliable figure: not counted"
    else:
        value = min(1.0, max(0.0, (figure - scale.worst) / (scale.best - scale.worst)))
        reason = f"{criterion.title_zh} {figure:.2f}({scale.worst:g} 得 0 分,{scale.best:g} 得满分)"
        reason_en = f"{criterion.title_en} {figure:.2f} ({scale.worst:g} earns nothing, {scale.best:g} all)"
    return _Judged(criterion.id, criterion.source, criterion.weight, value, False, reason, reason_en)
