"""Prints what lint says of playbooks and rubrics."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from service.cli.language import pick

if TYPE_CHECKING:
    from models.scorers.compliance.lint import Finding


def tell(findings: Sequence[Finding], *, as_json: bool, strict: bool) -> int:
    """Print every finding on a line of its own, then how many there are; return the exit code."""
    from dataclasses import asdict

    from service.cli.screen import say

    counts = Counter(finding.severity for finding in findings)
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=2))
    else:
        _show(findings)
    say(
        f"{counts['error']} 处错误,{counts['warning']} 处警告",
        f"{counts['error']} error(s), {counts['warning']} warning(s)",
    )
    return 1 if counts["error"] or (strict and counts["warning"]) else 0


def _show(findings: Sequence[Finding]) -> None:
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
