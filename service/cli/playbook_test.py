"""``attune playbook test``: runs the test vectors that a playbook carries."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.language import pick

if TYPE_CHECKING:
    from models.domain.playbook import Playbook
    from models.scorers.compliance.run_vectors import VectorOutcome, VectorReport


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "test",
        short_help=pick("运行手册自带的测试", "Run the tests of playbooks"),
        help=pick(
            "用完整的评分流程运行手册自带的测试,列出与期望不符的判定、证据和原因。"
            "退出码:0 全部符合,1 有不符,2 手册无法读取。",
            "Run the tests that playbooks carry through the whole pipeline; show what is not as expected and "
            "why. Exit code: 0 all as expected, 1 some not, 2 a playbook cannot be read.",
        ),
    )(run_tests)


def run_tests(
    playbooks: Annotated[
        list[str], typer.Argument(metavar="FILE|ID...", help=pick("手册文件或编号", "Files or ids of playbooks"))
    ],
    as_json: Annotated[bool, typer.Option("--json", help=pick("输出 JSON", "Print JSON"))] = False,
) -> None:
    """Run the vectors of all the playbooks on one pipeline."""
    from dataclasses import asdict

    from models.scorers.compliance.run_vectors import run_vectors
    from service.cli.playbook_source import playbook_of
    from service.core.settings import load_settings
    from service.scoring.gateway import Bench

    loaded = [playbook_of(spec) for spec in playbooks]
    bench = Bench(load_settings().scoring)
    try:
        reports = [run_vectors(playbook, bench.judge(playbook)) for playbook in loaded]
    finally:
        bench.close()
    if as_json:
        values = [{**asdict(report), "failed": len(report.failed)} for report in reports]
        typer.echo(json.dumps(values, ensure_ascii=False, indent=2))
    for playbook, report in zip(loaded, reports, strict=True):
        _show(playbook, report, quiet=as_json)
    raise typer.Exit(1 if any(report.failed for report in reports) else 0)


def _show(playbook: Playbook, report: VectorReport, *, quiet: bool) -> None:
    from rich.console import Console

    from service.cli.screen import say

    if not quiet:
        console = Console(highlight=False, markup=False, soft_wrap=True)
        titles = {check.id: pick(check.title.zh, check.title.en) for check in playbook.checks}
        for outcome in report.failed:
            _show_failure(console, outcome, titles.get(outcome.check, ""))
    right = len(report.outcomes) - len(report.failed)
    zh, en = f"{report.playbook}:{right} 个测试通过", f"{report.playbook}: {right} test(s) passed"
    if report.failed:
        zh, en = f"{zh},{len(report.failed)} 个未通过", f"{en}, {len(report.failed)} failed"
    if report.untested:
        names = ", ".join(report.untested)
        zh, en = f"{zh};没有测试的检查项:{names}", f"{en}; checks without tests: {names}"
    say(zh, en)


def _show_failure(console: object, outcome: VectorOutcome, title: str) -> None:
    from rich.console import Console
    from rich.text import Text

    from service.cli.screen import printable

    assert isinstance(console, Console)
    line = Text("✗ ", style="bold red")
    line.append(f"{outcome.check or '?'} ", style="bold")
    line.append(f"{printable(title)} · {printable(outcome.test)}: ", style="not bold")
    if outcome.actual == outcome.expected:
        line.append(
            pick(
                f"判定 {outcome.actual} 正确,但证据中没有“{printable(outcome.quote or '')}”",
                f"{outcome.actual} as expected, but “{printable(outcome.quote or '')}” is not in the evidence",
            )
        )
    else:
        line.append(
            pick(
                f"期望 {outcome.expected},实际 {outcome.actual}(置信度 {outcome.confidence})",
                f"expected {outcome.expected}, got {outcome.actual} (confidence {outcome.confidence})",
            )
        )
    console.print(line)
    for piece in outcome.evidence:
        place = pick(f"第 {piece.turn + 1} 条消息", f"message {piece.turn + 1}")
        console.print(f"    {place}: “{printable(piece.quote)}”")
    console.print(f"    {printable(pick(outcome.reason, outcome.reason_en))}", style="dim")
