"""What each criterion of a rubric earns: by the machine, by a person's decision, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import fsum

from models.domain.decision import Decision
from models.domain.rubric import Criterion, Rubric, Traits
from models.domain.scores import DECIMALS, CheckResult
from models.qa.conditions import holds
from models.qa.figures import FIGURES, Measured

_EARNED = {"pass": 1.0, "fail": 0.0}
_OFF = ("该项的适用条件不成立", "the condition of this criterion does not hold")


@dataclass(frozen=True, slots=True)
class Judged:
    """One line of a score before points are given; the fields mean what they do in ``CriterionResult``.

    Attributes:
        cap: What the score is capped at if this earns nothing; ``None`` is no cap.
        section: Empty in a rubric without sections, and for a critical check that earns no points.
        off: Whether the criterion's own condition does not hold.
    """

    id: str
    source: str
    weight: float
    value: float | None
    cap: float | None
    reason: str
    reason_en: str
    section: str = ""
    off: bool = False
    open: bool = False
    machine_value: float | None = None
    decision: Decision | None = None

    @property
    def failed_cap(self) -> float | None:
        """The cap, where it earned nothing."""
        return self.cap if self.value == 0 else None


def adder(rubric: Rubric) -> Callable[[Iterable[float]], float]:
    """Return how sums are made: exact, so that order does not matter; in format 1 as they always were."""
    return sum if rubric.format == 1 else fsum


def judge(
    rubric: Rubric,
    measured: Measured,
    check_weights: Mapping[str, float],
    traits: Traits,
    decisions: Mapping[str, Decision],
) -> list[Judged]:
    """Return one line a criterion (one a check for ``check:*``), then critical checks that earn no points."""
    judged = [
        item
        for criterion in rubric.criteria
        for item in _within(criterion, _judge(criterion, rubric, measured, check_weights), traits, measured)
    ]
    covered = {item.source for item in judged if not item.off}
    prefix = "" if rubric.format == 1 else "critical."
    judged += [  # a critical check counts even where the rubric gives it no weight
        _judge_check(check, prefix + check.id, 0.0, _check_cap(check, rubric))
        for check in measured.compliance.checks
        if f"check:{check.id}" not in covered and _check_cap(check, rubric) is not None
    ]
    return [_decided(item, decisions.get(item.id)) for item in judged]


def _within(criterion: Criterion, items: Iterable[Judged], traits: Traits, measured: Measured) -> Iterator[Judged]:
    """Put the lines of a criterion into its section, out of the count where its condition does not hold."""
    off = criterion.when is not None and holds(criterion.when, traits, measured) is not True
    for item in items:
        placed = replace(item, section=criterion.section) if criterion.section else item
        yield replace(placed, value=None, off=True, open=False, reason=_OFF[0], reason_en=_OFF[1]) if off else placed


def _decided(item: Judged, decision: Decision | None) -> Judged:
    if decision is None:
        return item
    return replace(item, value=decision.share, machine_value=item.value, decision=decision, open=False)


def _judge(
    criterion: Criterion, rubric: Rubric, measured: Measured, check_weights: Mapping[str, float]
) -> Iterator[Judged]:
    kind, _, name = criterion.source.partition(":")
    if kind == "manual":
        yield Judged(
            criterion.id,
            criterion.source,
            criterion.weight,
            None,
            criterion.cap,
            f"待人工回答:{criterion.question_zh}",
            f"a person has to answer: {criterion.question_en}",
            open=True,
        )
    elif kind != "check":
        yield _judge_figure(criterion, measured, rubric)
    elif name == "*":
        named = {other.source for other in rubric.criteria}
        checks = [check for check in measured.compliance.checks if f"check:{check.id}" not in named]
        total = adder(rubric)(check_weights.get(check.id, 1.0) for check in checks)
        for check in checks:
            share = check_weights.get(check.id, 1.0) / total if total else 0.0
            cap = _check_cap(check, rubric, criterion)
            yield _judge_check(check, f"{criterion.id}.{check.id}", criterion.weight * share, cap)
    else:
        found = next((check for check in measured.compliance.checks if check.id == name), None)
        if found is None:
            yield Judged(
                criterion.id,
                criterion.source,
                criterion.weight,
                None,
                criterion.cap,
                f"话术手册中没有检查项“{name}”",
                f'the playbook has no check "{name}"',
            )
        else:
            yield _judge_check(found, criterion.id, criterion.weight, _check_cap(found, rubric, criterion))


def _judge_check(check: CheckResult, criterion_id: str, weight: float, cap: float | None) -> Judged:
    return Judged(
        id=criterion_id,
        source=f"check:{check.id}",
        weight=weight,
        value=_EARNED.get(check.verdict),
        cap=cap,
        reason=check.reason,
        reason_en=check.reason_en,
    )


def _check_cap(check: CheckResult, rubric: Rubric, criterion: Criterion | None = None) -> float | None:
    """Return what the rubric says of the check, the strictest first; else what the playbook's mark means to it."""
    own = [item.cap for item in rubric.critical_checks if item.check == check.id]
    own += [0.0] if check.id in rubric.critical else []
    own += [criterion.cap] if criterion is not None and criterion.cap is not None else []
    if own:
        return min(own)
    return rubric.playbook_cap if rubric.playbook_critical and check.critical else None


def _judge_figure(criterion: Criterion, measured: Measured, rubric: Rubric) -> Judged:
    figure = FIGURES[criterion.source](measured)
    scale = criterion.scale
    if figure is None or scale is None:
        value, reason, reason_en = None, "没有可靠的数据,不计分", "no reliable figure: not counted"
    else:
        if rubric.format != 1:  # as it is stored: a score can be made again from its bundle
            figure = round(figure, DECIMALS)
        value = min(1.0, max(0.0, (figure - scale.worst) / (scale.best - scale.worst)))
        reason = f"{criterion.title_zh} {figure:.2f}({scale.worst:g} 得 0 分,{scale.best:g} 得满分)"
        reason_en = f"{criterion.title_en} {figure:.2f} ({scale.worst:g} earns nothing, {scale.best:g} all)"
    return Judged(criterion.id, criterion.source, criterion.weight, value, criterion.cap, reason, reason_en)
