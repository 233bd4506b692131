"""``attune playbook lint``: mistakes in playbooks with their lines, and what their authors probably did not mean."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.language import pick

if TYPE_CHECKING:
    from models.scorers.compliance.lint import Finding


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "lint",
        short_help=pick("检查手册文件", "Look playbooks over"),
        help=pick(
            "检查手册:格式错误及行号、被遮蔽或互相矛盾的规则、没有用到的部分、过宽的模式、缺少测试的禁止项;"
            "同时给出多个手册时还检查范围重叠。退出码:0 没有错误,1 有错误(--strict 时警告也算),2 文件不存在。",
            "Look playbooks over: mistakes with their lines, shadowed and contradictory rules, unused parts, patterns "
            "that match too much, forbidden checks without tests; of several together also overlaps. "
            "Exit code: 0 no errors, 1 errors (with --strict warnings, too), 2 no such file.",
        ),
    )(lint)


def lint(
    playbooks: Annotated[
        list[str], typer.Argument(metavar="FILE|ID...", help=pick("手册文件或编号", "Files or ids of playbooks"))
    ],
    strict: Annotated[bool, typer.Option("--strict", help=pick("警告也算错误", "Warnings fail, too"))] = False,
    as_json: Annotated[bool, typer.Option("--json", help=pick("输出 JSON", "Print JSON"))] = False,
) -> None:
    """Print every finding on a line of its own."""
    from dataclasses import asdict

    from models.scorers.compliance.lint import lint as look_over
    from service.cli.screen import progress, say
    from service.playbooks.ordinary import ordinary_lines

    with progress("检查中", "looking over", ("条规则", "rules")) as advance:
        findings = look_over(playbooks, ordinary_lines(), progress=lambda done, of: advance(done, done / of))
    counts = Counter(finding.severity for finding in findings)
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=2))
    else:
        _show(findings)
    say(
        f"{counts['error']} 处错误,{counts['warning']} 处警告",
        f"{counts['error']} error(s), {counts['warning']} warning(s)",
    )
    raise typer.Exit(1 if counts["error"] or (strict and counts["warning"]) else 0)


def _show(findings: list[Finding]) -> None:
    from rich.console import Console
    from rich.text import Text

    from service.cli.screen import printable

    console = Console(highlight=False, markup=False, soft_wrap=True)
    for finding in findings:
        error = finding.severity == "error"
        line = Text(f"{printable(finding.location)}: ", style="bold")
        line.append(pick("错误", "error") if error else pick("警告", "warning"), style="red" if error else "yellow")
        line.append(f" [{finding.code}] {printable(pick(finding.zh, finding.en))}", style="not bold")
        console.print(line)
