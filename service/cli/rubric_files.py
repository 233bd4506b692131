"""``attune rubric lint``, ``diff`` and ``schema``: what is to be said of rubrics before anybody is scored by them."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.findings import tell
from service.cli.language import pick

if TYPE_CHECKING:
    from models.domain.rubric import Rubric

_JSON = typer.Option("--json", help=pick("输出 JSON", "Print JSON"))
_SHOWN = 90


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(
        "lint",
        short_help=pick("检查评分标准文件", "Look rubrics over"),
        help=pick(
            "检查评分标准:格式错误及行号、话术手册中没有的检查项、没有名称的评分项。"
            "退出码:0 没有错误,1 有错误(--strict 时警告也算),2 文件不存在。",
            "Look rubrics over: mistakes with their lines, checks that no playbook has, criteria without a title. "
            "Exit code: 0 no errors, 1 errors (with --strict warnings, too), 2 no such file.",
        ),
    )(lint)
    app.command(
        "diff",
        short_help=pick("比较两个评分标准", "Compare two rubrics"),
        help=pick(
            "逐项比较两个评分标准的含义;排版和注释不算。",
            "Compare what two rubrics mean, field by field; layout and comments do not count.",
        ),
    )(diff)
    app.command("schema", help=pick("打印评分标准格式的 JSON Schema。", "Print the JSON Schema of a rubric."))(schema)


def lint(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help=pick("评分标准文件", "Files of rubrics"))],
    strict: Annotated[bool, typer.Option("--strict", help=pick("警告也算错误", "Warnings fail, too"))] = False,
    as_json: Annotated[bool, _JSON] = False,
) -> None:
    """Print every finding on a line of its own; checks are those of the packaged playbooks and the settings' own."""
    from models.scorers.compliance import list_playbooks, load_playbook
    from service.core.settings import load_settings
    from service.rubrics.lint import lint_rubric, read_text

    playbooks = [*list_playbooks(), load_playbook(load_settings().scoring.playbook)]
    findings = [one for file in files for one in lint_rubric(read_text(file), file, playbooks)]
    raise typer.Exit(tell(findings, as_json=as_json, strict=strict))


def diff(
    before: Annotated[str, typer.Argument(metavar="A", help=pick("旧标准:文件或编号", "The old one: file or id"))],
    after: Annotated[str, typer.Argument(metavar="B", help=pick("新标准:文件或编号", "The new one: file or id"))],
    as_json: Annotated[bool, _JSON] = False,
) -> None:
    """Print what differs."""
    from rich.console import Console

    from service.cli.rubric_source import rubric_of
    from service.cli.screen import printable
    from service.qa.differences import differences

    old, new = rubric_of(before), rubric_of(after)
    found = list(differences(_meaning(old), _meaning(new)))
    if as_json:
        values = [{"path": one.path, "before": one.stored, "after": one.recomputed} for one in found]
        typer.echo(json.dumps(values, ensure_ascii=False, indent=2))
        return
    console = Console(highlight=False, markup=False, soft_wrap=True)
    console.print(f"{old.id}@{old.version} → {new.id}@{new.version}", style="bold")
    if not found:
        console.print(pick("含义相同", "They mean the same"))
    for one in found:
        sign, style = (
            ("+", "green") if one.stored is None else ("-", "red") if one.recomputed is None else ("~", "yellow")
        )
        sides = [_short(side) for side in (one.stored, one.recomputed) if side is not None]
        console.print(f"{sign} {printable(one.path)}: {printable(' → '.join(sides))}", style=style)


def schema() -> None:
    """Print it."""
    from models.qa import rubric_schema

    typer.echo(json.dumps(rubric_schema(), ensure_ascii=False, indent=2))


def _meaning(rubric: Rubric) -> dict[str, Any]:
    values = asdict(rubric)
    for name in ("hash", "version", "format"):
        del values[name]
    for variant in values["variants"]:
        for name in ("weights", "section_weights", "caps"):
            variant[name] = dict(variant[name])
    return values


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
