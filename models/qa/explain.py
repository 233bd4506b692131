"""How a score came about: one line a criterion, for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.domain.rubric import Rubric
from models.domain.scores import CriterionResult, QaScore


@dataclass(frozen=True, slots=True)
class Line:
    """One line; ``criterion`` is the result's id, or empty for a line about the whole score."""

    criterion: str
    zh: str
    en: str


def explain_rubric(result: QaScore, rubric: Rubric | None = None) -> tuple[Line, ...]:
    """Return one line a criterion, in order, then what holds for the whole score.

    Args:
        result: The score.
        rubric: The one that made it, for the titles of criteria and sections; without it they are called by id.
    """
    titles = criterion_titles(rubric) if rubric else {}
    return (*(_line(item, titles) for item in result.criteria), *_whole(result, rubric))


def criterion_titles(rubric: Rubric) -> dict[str, tuple[str, str]]:
    """Return the titles of a rubric's criteria by id, Chinese and English, those that variants add among them."""
    added = (criterion for variant in rubric.variants for criterion in variant.add)
    return {item.id: (item.title_zh, item.title_en) for item in (*rubric.criteria, *added)}


def _line(item: CriterionResult, titles: dict[str, tuple[str, str]]) -> Line:
    zh, en = _points(item)
    if item.decided_by is not None:
        machine = "—" if item.machine_value is None else f"{item.machine_value:.0%}"
        zh += f";人工判定(机器:{machine})"
        en += f"; decided by a person (the machine: {machine})"
    if item.auto_fail:
        zh, en = f"{zh};红线不合格,总分归零", f"{en}; a critical failure: the score is 0"
    elif item.cap is not None:
        zh, en = f"{zh};不合格,总分最高 {item.cap:g} 分", f"{en}; failed: the score is at most {item.cap:g}"
    title_zh, title_en = called(item.id, titles)
    return Line(item.id, f"{title_zh}:{zh}。", f"{title_en}: {en}.")


def _points(item: CriterionResult) -> tuple[str, str]:
    if item.open:
        return ("待人工回答,暂不计分", "waits for a person's answer, not counted so far")
    if item.value is None:
        zh, en = f"不计分({bare(item.reason)})", f"not counted ({bare(item.reason_en)})"
        if item.style == "weighted" and item.weight:
            zh += f",权重 {item.weight:g} 分摊给其他项"
            en += f"; its weight of {item.weight:g} goes to the others"
        return (zh, en)
    share = f"{item.value:.0%}"
    if item.style == "deduction":
        at_stake = f"{item.weight:g}"
        if item.points == 0:
            return (f"得 {share},不扣分(可扣 {at_stake})", f"{share} earned, nothing deducted (of {at_stake})")
        return (f"得 {share},扣 {-item.points:.2f} 分", f"{share} earned, {-item.points:.2f} points deducted")
    if item.style == "bonus":
        return (f"得 {share},加 {item.points:.2f} 分", f"{share} earned, {item.points:.2f} points added")
    if not item.max_points:
        return (f"得 {share},不占分值", f"{share} earned, carries no points")
    return (
        f"得 {share} × {item.max_points:.2f} = {item.points:.2f} 分(权重 {item.weight:g},分摊后 {item.max_points:.2f})",
        f"{share} × {item.max_points:.2f} = {item.points:.2f} points "
        f"(weight {item.weight:g}, {item.max_points:.2f} after spreading)",
    )


def called(criterion: str, titles: Mapping[str, tuple[str, str]]) -> tuple[str, str]:
    """Return what a result is called: by its criterion's title, and for ``check:*`` by the check's id, too."""
    head, _, check = criterion.partition(".")
    zh, en = titles.get(criterion) or titles.get(head) or (head, head)
    suffix = f"·{check}" if check else ""
    return f"{zh}{suffix}", f"{en}{suffix}"


def bare(reason: str) -> str:
    """Return a sentence without its full stop."""
    return reason.rstrip("。.")


def _whole(result: QaScore, rubric: Rubric | None) -> list[Line]:
    titles = {part.id: (part.title_zh, part.title_en) for part in rubric.sections} if rubric else {}
    lines = []
    for part in result.sections:
        zh, en = titles.get(part.id, (part.id, part.id))
        lines.append(Line("", f"“{zh}”合计 {part.points:.2f} 分。", f'"{en}" makes {part.points:.2f} points.'))
    if result.variants:
        names = ", ".join(result.variants)
        lines.append(Line("", f"适用变体:{names}。", f"Variants applied: {names}."))
    if result.score is None:
        return [*lines, Line("", "没有适用的评分项,无总分。", "No criterion applies: no score.")]
    if result.auto_fail:
        return [*lines, Line("", "总分 0:触犯红线。", "Score 0: a critical failure.")]
    zh = en = ""
    if result.capped_at is not None:
        zh, en = f"(封顶 {result.capped_at:g})", f" (capped at {result.capped_at:g})"
    band = f" {result.band}" if result.band else ""
    return [*lines, Line("", f"总分 {result.score:g}{band}{zh}。", f"Score {result.score:g}{band}{en}.")]
