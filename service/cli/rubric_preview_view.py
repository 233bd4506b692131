"""Draws a preview of a rubric for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from service.cli.language import pick

if TYPE_CHECKING:
    from rich.table import Table

    from service.qa.rubric_preview import GroupPreview, PreviewSummary, RubricPreview
    from service.qa.rubric_tally import PreviewFigures

_GROUPS, _CRITERIA, _ITEMS, _REASONS = 10, 10, 10, 3


def draw(found: RubricPreview, summary: PreviewSummary) -> None:
    """Print figures, groups, criteria and some of the conversations that change."""
    from rich.console import Console

    from service.cli.screen import printable

    console = Console(highlight=False, markup=False, soft_wrap=True)
    old = ", ".join(f"{name} ({count:,})" for name, count in summary.against.items())
    console.print(f"{old or '–'} → {found.rubric}", style="bold")
    console.print(_figures(summary))
    console.print(_changes(summary))
    console.print(_groups(pick("队列", "Queue"), summary.by_queue))
    console.print(_groups(pick("客服", "Agent"), summary.by_agent))
    console.print(_criteria(summary))
    for one in found.items[:_ITEMS]:
        sides = f"{_number(one.before)} → {_number(one.after)}"
        console.print(f"\n{printable(one.conversation_id)}: {sides}  {one.outcome_before} → {one.outcome_after}")
        for reason in one.reasons[:_REASONS]:
            console.print(f"  {printable(pick(reason.zh, reason.en))}", style="dim")
    for unlike in summary.not_comparable:
        count = f"{unlike.conversations:,}"
        text = pick(f"{count} 段无法比较:{unlike.reason}", f"{count} not compared: {unlike.reason_en}")
        console.print(printable(text), style="yellow")


def _figures(summary: PreviewSummary) -> Table:
    table = _table("", pick("含人工判定", "With decisions"), pick("仅机器", "Machine alone"))
    both = summary.effective, summary.machine
    rows: list[tuple[str, list[str]]] = [
        (pick("会话", "Conversations"), [f"{one.conversations:,}" for one in both]),
        (pick("合格 → 不合格", "Pass → fail"), [f"{one.pass_to_fail:,}" for one in both]),
        (pick("不合格 → 合格", "Fail → pass"), [f"{one.fail_to_pass:,}" for one in both]),
        (pick("结果不变", "Same outcome"), [f"{one.unchanged:,}" for one in both]),
        (pick("平均分", "Mean score"), [f"{_number(one.mean_before)} → {_number(one.mean_after)}" for one in both]),
    ]
    for title, cells in rows:
        table.add_row(title, *cells)
    return table


def _changes(summary: PreviewSummary) -> str:
    quantiles = ", ".join(f"{float(share):.0%} {value:+g}" for share, value in summary.changes.quantiles.items())
    return pick(f"分数变化:{quantiles or '–'}", f"Changes of scores: {quantiles or '–'}")


def _groups(title: str, groups: Sequence[GroupPreview]) -> Table:
    from service.cli.screen import printable

    table = _table(
        title, pick("会话", "Convs"), pick("合格率", "Passing"), pick("转不合格", "To fail"), pick("转合格", "To pass"),
        pick("均分变化", "Mean change"),
    )  # fmt: skip
    for one in groups[:_GROUPS]:
        figures = one.figures
        name = " ".join(part for part in (one.name, one.id) if part) or "–"
        table.add_row(
            printable(name),
            f"{figures.conversations:,}",
            f"{_rate(figures.passed_before, figures)} → {_rate(figures.passed_after, figures)}",
            f"{figures.pass_to_fail:,}",
            f"{figures.fail_to_pass:,}",
            "–" if figures.mean_change is None else f"{figures.mean_change:+.2f}",
        )
    return table


def _criteria(summary: PreviewSummary) -> Table:
    table = _table(
        pick("评分项", "Criterion"), pick("影响会话", "Convs"), pick("平均影响", "Mean effect"),
        pick("决定性", "Decisive"),
    )  # fmt: skip
    for one in summary.criteria[:_CRITERIA]:
        table.add_row(one.criterion, f"{one.conversations:,}", f"{one.mean_effect:+.2f}", f"{one.decisive:,}")
    return table


def _table(*titles: str) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for place, title in enumerate(titles):
        table.add_column(title, justify="right" if place else "left")
    return table


def _rate(count: int, figures: PreviewFigures) -> str:
    return f"{count / figures.conversations:.0%}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
