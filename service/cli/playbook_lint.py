"""``attune playbook lint``: mistakes in playbooks with their lines, and what their authors probably did not mean."""

from __future__ import annotations

from typing import Annotated

import typer

from service.cli.findings import tell
from service.cli.language import pick


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
    from models.scorers.compliance.lint import lint as look_over
    from service.cli.screen import progress
    from service.playbooks.ordinary import ordinary_lines

    with progress("检查中", "looking over", ("条规则", "rules")) as advance:
        findings = look_over(playbooks, ordinary_lines(), progress=lambda done, of: advance(done, done / of))
    raise typer.Exit(tell(findings, as_json=as_json, strict=strict))
