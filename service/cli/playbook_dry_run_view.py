"""Draws the result of a dry run for the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from service.cli.language import pick

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from service.scoring.dry_run import CheckShift, DryRun, Example

_EXAMPLES = 3
_MOVES = 4
_QUOTE = 40


def draw(result: DryRun) -> None:
    """Print checks with their changes, examples of them, and the figures before and after."""
    from rich.console import Console

    console = Console(highlight=False, markup=False, soft_wrap=True)
    console.print(f"{result.before.playbook} → {result.after.playbook}", style="bold")
    console.print(_checks(result))
    for check in result.checks:
        for line in _examples(check):
            console.print(line)
    console.print(_figures(result))
    console.print(
        pick(
            f"{result.conversations:,} 个会话中 {result.changed:,} 个有变化,其中 {result.qa_changed:,} 个质检分改变",
            f"{result.changed:,} of {result.conversations:,} conversations change, {result.qa_changed:,} QA scores",
        )
    )


def _checks(result: DryRun) -> Table:
    from rich.table import Table

    from service.cli.screen import printable

    table = Table(box=None, pad_edge=False)
    table.add_column(pick("检查项", "Check"), no_wrap=True)
    table.add_column("")
    table.add_column(pick("不合格 旧", "Fails before"), justify="right")
    table.add_column(pick("新", "after"), justify="right")
    table.add_column(pick("改变", "Changes"), justify="right")
    table.add_column("", no_wrap=True)
    for check in result.checks:
        moves = [f"{move} {count:,}" for move, count in sorted(check.moves.items(), key=lambda one: -one[1])]
        hidden = [f"+{len(moves) - _MOVES}"] if len(moves) > _MOVES else []
        table.add_row(
            check.id,
            printable(pick(check.title.zh, check.title.en)),
            f"{check.before.get('fail', 0):,}" if check.before else "–",
            f"{check.after.get('fail', 0):,}" if check.after else "–",
            f"{sum(check.moves.values()):,}",
            "\n".join([*moves[:_MOVES], *hidden]),
        )
    return table


def _examples(check: CheckShift) -> Iterator[Text]:
    from rich.text import Text

    from service.cli.screen import printable

    if not check.examples:
        return
    yield Text(f"\n{check.id}", style="bold")
    for example in _one_of_each(check.examples)[:_EXAMPLES]:
        place = ""
        if example.turn is not None:
            place = pick(f" 第 {example.turn + 1} 条", f" message {example.turn + 1}")
        quote = " ".join(example.quote.split())
        quote = quote if len(quote) <= _QUOTE else quote[: _QUOTE - 1] + "…"
        line = Text(f"  {printable(example.conversation)}{place}: ")
        line.append(f"{example.before or '–'} → {example.after or '–'}", style="yellow")
        line.append(f" “{printable(quote)}”" if quote else "")
        line.append(f"  {printable(pick(example.reason, example.reason_en))}", style="dim")
        yield line


def _one_of_each(examples: Sequence[Example]) -> list[Example]:
    """Return the first example of each move, then the second ones."""
    seen: Counter[tuple[str | None, str | None]] = Counter()
    ranked = []
    for example in examples:
        move = example.before, example.after
        ranked.append((seen[move], example))
        seen[move] += 1
    return [example for _, example in sorted(ranked, key=lambda one: one[0])]


def _figures(result: DryRun) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for title in ("", pick("旧", "Before"), pick("新", "After")):
        table.add_column(title, justify="right" if title else "left")
    before, after = result.before, result.after
    rows = (
        (pick("平均合规分", "Mean compliance"), _mean(before.compliance_mean, 3), _mean(after.compliance_mean, 3)),
        (pick("平均质检分", "Mean QA score"), _mean(before.qa_mean, 1), _mean(after.qa_mean, 1)),
        (pick("质检合格", "QA passed"), f"{before.passed:,}", f"{after.passed:,}"),
        (pick("一票否决", "Auto-failed"), f"{before.auto_failed:,}", f"{after.auto_failed:,}"),
    )
    for row in rows:
        table.add_row(*row)
    return table


def _mean(value: float | None, decimals: int) -> str:
    return "–" if value is None else f"{value:.{decimals}f}"
