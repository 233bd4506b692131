"""``attune doctor``: says what is missing and how to mend it."""

from __future__ import annotations

import typer

from service.cli.language import of_hint, pick

_SIGNS = {"ok": ("✓", "green"), "warn": ("!", "yellow"), "broken": ("✗", "bold red")}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "doctor",
        short_help=pick("检查安装,指出问题与解决办法", "Say what is missing and how to mend it"),
        help=pick(
            "检查安装:Python、依赖包、模型、数据库、磁盘、端口、线程。有损坏时退出码为 1。",
            "Check Python, packages, model, database, disk, port, threads. Exit code 1 if one is broken.",
        ),
    )(doctor)


def doctor() -> None:
    """Run every check and print its finding as it comes."""
    from rich.console import Console
    from rich.text import Text

    from service.cli.doctor_checks import run_checks
    from service.cli.screen import printable

    console = Console(highlight=False, soft_wrap=True)
    broken = warned = 0
    for finding in run_checks():
        broken += finding.state == "broken"
        warned += finding.state == "warn"
        sign, style = _SIGNS[finding.state]
        line = Text(f"{sign} ", style=style).append(f"{pick(finding.zh, finding.en)}: ", style="bold")
        line.append(printable(pick(finding.detail_zh, finding.detail_en)))
        if finding.mend:
            line.append(f" → {of_hint(finding.mend)}", style="yellow")
        console.print(line)
    if broken:
        console.print(Text(pick(f"\n{broken} 处需要修复", f"\n{broken} to be mended"), style="bold red"))
        raise typer.Exit(1)
    if warned:
        console.print(
            Text(pick(f"\n可以使用,有 {warned} 处提醒", f"\nIt works; {warned} to be looked at"), style="bold yellow")
        )
        return
    console.print(Text(pick("\n一切就绪", "\nAll is well"), style="bold green"))
