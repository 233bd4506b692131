"""Why a conversation's score changes from one rubric to another: one reason a cause, for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from models.domain.rubric import Rubric
from models.domain.scores import CriterionResult, QaScore
from models.qa.compare import Cause, Compared
from models.qa.explain import bare, called, criterion_titles


@dataclass(frozen=True, slots=True)
class ChangeReason:
    """One thing that makes the difference, and what the machine or a person had found there.

    Attributes:
        kind: As in ``Cause``, or ``band`` where the grade alone is another.
        criterion: Its id; empty for what concerns the whole score.
        effect: As in ``Cause``.
        zh: For Chinese readers.
        en: For English readers.
    """

    kind: Literal["points", "auto_fail", "cap", "pass_mark", "applies", "band"]
    criterion: str
    effect: float
    zh: str
    en: str


def reasons_of(compared: Compared, old: Rubric, new: Rubric) -> tuple[ChangeReason, ...]:
    """Return the reasons of a change, the strongest first; none where nothing changes."""
    if compared.change is None:
        return ()
    titles = {**criterion_titles(old), **criterion_titles(new)}
    sides = _by_source(compared.before), _by_source(compared.after)
    marks = _mark(compared.before, old), _mark(compared.after, new)
    reasons = tuple(_reason(cause, sides, marks, titles) for cause in compared.change.causes)
    return reasons or (_of_band(compared.before.band or "–", compared.after.band or "–"),)


def _reason(
    cause: Cause,
    sides: tuple[Mapping[str, CriterionResult], Mapping[str, CriterionResult]],
    marks: tuple[float, float],
    titles: Mapping[str, tuple[str, str]],
) -> ChangeReason:
    if cause.kind == "pass_mark":
        zh, en = f"及格线由 {marks[0]:g} 改为 {marks[1]:g}", f"the pass mark goes from {marks[0]:g} to {marks[1]:g}"
    elif cause.kind == "applies":
        zh, en = "只有一个标准下有适用的评分项", "by one of the rubrics no criterion applies"
    else:
        before, after = (side.get(cause.source) for side in sides)
        zh, en = _of_points(before, after, cause.effect) if cause.kind == "points" else _of_cap(before, after)
        found = after or before
        if found is not None:
            title_zh, title_en = called(found.id, titles)
            zh = f"{title_zh}:{zh}({bare(found.reason)})"
            en = f"{title_en}: {en} ({bare(found.reason_en)})"
    return ChangeReason(cause.kind, cause.criterion, cause.effect, f"{zh}。", f"{en}.")


def _of_points(before: CriterionResult | None, after: CriterionResult | None, effect: float) -> tuple[str, str]:
    zh, en = f"总分 {effect:+.2f}", f"{effect:+.2f} points"
    if before is None or after is None:
        new = before is None
        return (
            f"{'新增' if new else '已移除'},{zh}",
            f"{'new' if new else 'gone'}, {en}",
        )
    if before.value is None or after.value is None:
        return (
            f"{'由不计分变为计分' if before.value is None else '由计分变为不计分'},{zh}",
            f"{'counts now' if before.value is None else 'no longer counts'}, {en}",
        )
    shares = tuple(f"{side.points:.2f}/{side.max_points:.2f}" for side in (before, after))
    if before.style != "weighted" and after.style != "weighted":
        shares = f"{before.points:+.2f}", f"{after.points:+.2f}"
    return f"{shares[0]} → {shares[1]},{zh}", f"{shares[0]} → {shares[1]}, {en}"


def _of_cap(before: CriterionResult | None, after: CriterionResult | None) -> tuple[str, str]:
    (zh_before, en_before), (zh_after, en_after) = _cap(before), _cap(after)
    return f"不合格,{zh_before} → {zh_after}", f"failed, {en_before} → {en_after}"


def _cap(side: CriterionResult | None) -> tuple[str, str]:
    if side is None or (not side.auto_fail and side.cap is None):
        return "不封顶", "no cap"
    return ("总分归零", "the score is 0") if side.auto_fail else (f"总分最高 {side.cap:g}", f"at most {side.cap:g}")


def _of_band(before: str, after: str) -> ChangeReason:
    return ChangeReason("band", "", 0.0, f"等级由 {before} 改为 {after}。", f"the grade goes from {before} to {after}.")


def _mark(score: QaScore, rubric: Rubric) -> float:
    return rubric.pass_mark if score.pass_mark is None else score.pass_mark


def _by_source(score: QaScore) -> dict[str, CriterionResult]:
    return {item.source: item for item in score.criteria}
