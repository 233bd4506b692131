"""``attune playbook diff``: how two playbooks differ in what they mean."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.language import pick

if TYPE_CHECKING:
    from models.scorers.compliance.diff import Change, CheckChange, PlaybookDiff

_SIGNS = {"added": "+", "removed": "-", "changed": "~"}
_STYLES = {"added": "green", "removed": "red", "changed": "yellow"}
_SHOWN = 90


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "diff",
        short_help=pick("比较两个手册的含义", "Compare what two playbooks mean"),
        help=pick(
            "逐项比较两个手册:增删改的检查项、词组、线索和条件,以及因此受影响的检查项;排版和注释不算。",
            "Compare two playbooks field by field: checks, words, cues and conditions added, removed and changed, and "
            "the checks affected through them; layout and comments do not count.",
        ),
    )(diff)


def diff(
    before: Annotated[str, typer.Argument(metavar="A", help=pick("旧手册:文件或编号", "The old one: file or id"))],
    after: Annotated[str, typer.Argument(metavar="B", help=pick("新手册:文件或编号", "The new one: file or id"))],
    as_json: Annotated[bool, typer.Option("--json", help=pick("输出 JSON", "Print JSON"))] = False,
) -> None:
    """Print what differs."""
    from dataclasses import asdict

    from rich.console import Console

    from models.scorers.compliance.diff import diff as compare
    from service.cli.playbook_source import playbook_of

    found = compare(playbook_of(before), playbook_of(after))
    if as_json:
        typer.echo(json.dumps(asdict(found), ensure_ascii=False, indent=2))
        return
    console = Console(highlight=False, markup=False, soft_wrap=True)
    for text, style in _lines(found):
        console.print(text, style=style)


def _lines(found: PlaybookDiff) -> Iterator[tuple[str, str]]:
    yield f"{found.before} → {found.after}", "bold"
    if found.same:
        yield pick("含义相同", "They mean the same"), ""
    for change in found.head:
        yield from _change(change, "")
    if found.reordered:
        yield pick("~ 检查项的顺序不同", "~ the checks stand in another order"), "yellow"
    if found.checks:
        yield pick("检查项", "Checks"), "bold"
    for check in found.checks:
        yield from _check(check)
    if found.parts:
        yield pick("词组、线索、条件", "Words, cues, conditions"), "bold"
    kinds = {"word": pick("词组", "word"), "cue": pick("线索", "cue"), "condition": pick("条件", "condition")}
    for part in found.parts:
        yield f"  {_SIGNS[part.how]} {kinds[part.kind]} {part.name}", _STYLES[part.how]
        for change in part.changes:
            yield from _change(change, "      ")


def _check(check: CheckChange) -> Iterator[tuple[str, str]]:
    from service.cli.screen import printable

    title = printable(pick(check.title.zh, check.title.en))
    yield f"  {_SIGNS[check.how]} {check.id} {title}", _STYLES[check.how]
    for change in check.changes:
        yield from _change(change, "      ")
    if check.through:
        yield "      " + pick("受影响于:", "affected through: ") + ", ".join(check.through), ""
    if check.how == "changed" and any(check.tests):
        added, removed = check.tests
        yield "      " + pick(f"测试 +{added} -{removed}", f"tests +{added} -{removed}"), ""


def _change(change: Change, indent: str) -> Iterator[tuple[str, str]]:
    name = change.field or pick("内容", "content")
    if change.added or change.removed:
        yield f"{indent}{name}:", ""
        yield from _items(change.removed, f"{indent}  - ", "red")
        yield from _items(change.added, f"{indent}  + ", "green")
    else:
        yield f"{indent}{name}: {_short(change.before)} → {_short(change.after)}", ""


def _items(items: Sequence[Any], sign: str, style: str) -> Iterator[tuple[str, str]]:
    for item in items:
        yield f"{sign}{_short(item)}", style


def _short(value: Any) -> str:
    from service.cli.screen import printable

    if value is None:
        return pick("无", "none")
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    line = " ".join(printable(text).split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"
