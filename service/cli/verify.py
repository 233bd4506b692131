"""``attune verify`` makes a stored score again; ``attune diff-scores`` compares two scores of one conversation."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.language import pick

if TYPE_CHECKING:
    from service.qa.provenance import ScoreVerification
    from service.qa.score_diff import ScoreDiff

_DIFFERS, _CANNOT = 1, 2
_JSON = typer.Option("--json", help=pick("输出 JSON", "Print JSON"))


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(
        "verify",
        short_help=pick("重新计算一个评分,看是否一致", "Make a score again and compare"),
        help=pick(
            "用评分所记录的修订、话术手册、评分标准和模型重新计算。退出码:0 一致,1 不同,2 缺少所需版本。",
            "Score the stored revision again with the playbook, rubric and model that the score names. "
            "Exit code: 0 identical, 1 differs, 2 something that made it is not here.",
        ),
    )(verify)
    app.command(
        "diff-scores",
        short_help=pick("逐项比较同一会话的两个评分", "Compare two scores of a conversation"),
        help=pick("逐项比较同一会话的两个评分;默认最近两个。", "Compare two scores, by default the last two."),
    )(diff_scores)


def verify(
    score_id: Annotated[int, typer.Argument(min=1, metavar="SCORE_ID", help=pick("评分编号", "Number of the score"))],
    as_json: Annotated[bool, _JSON] = False,
) -> None:
    """Make it again and say what came of it."""
    from service.audit.log import record_read
    from service.cli.actor import this_actor
    from service.cli.database import opened_database
    from service.core.settings import load_settings
    from service.qa.provenance import verify_score
    from service.scoring.on_demand import EngineOnDemand

    engine = EngineOnDemand(load_settings().scoring)
    try:
        with opened_database() as database:
            found = verify_score(database, engine, score_id)
            with database.transaction() as session:
                detail = {"conversation": found.conversation_id, "outcome": found.outcome}
                record_read(session, this_actor(), "score.verify", "score", score_id, detail)
    finally:
        engine.close()
    if as_json:
        typer.echo(json.dumps(asdict(found), ensure_ascii=False, indent=2))
    else:
        _tell(found)
    raise typer.Exit({"identical": 0, "differs": _DIFFERS, "cannot": _CANNOT}[found.outcome])


def diff_scores(
    conversation_id: Annotated[str, typer.Argument(metavar="ID", help=pick("会话编号", "Id of the conversation"))],
    before: Annotated[
        int | None, typer.Option("--from", metavar="SCORE_ID", help=pick("较早的评分", "The earlier score"))
    ] = None,
    after: Annotated[
        int | None, typer.Option("--to", metavar="SCORE_ID", help=pick("较晚的评分", "The later score"))
    ] = None,
    as_json: Annotated[bool, _JSON] = False,
) -> None:
    """Print what differs."""
    from service.audit.log import record_read
    from service.cli.actor import this_actor
    from service.cli.database import opened_database
    from service.qa.score_diff import diff_scores as compare

    with opened_database() as database, database.transaction() as session:
        found = compare(session, conversation_id, before, after)
        detail = {"scores": [found.before.id, found.after.id]}
        record_read(session, this_actor(), "scores.compare", "conversation", conversation_id, detail)
    if as_json:
        typer.echo(json.dumps(asdict(found), ensure_ascii=False, indent=2, default=str))
    else:
        _draw(found)


def _tell(found: ScoreVerification) -> None:
    from service.cli.screen import printable

    code = "" if found.code == found.code_here else f" · {found.code} → {found.code_here}"
    place = f"{printable(found.conversation_id)} #{found.revision}{code}"
    match found.outcome:
        case "identical":
            typer.echo(pick(f"✓ 一致:{place}", f"✓ identical: {place}"))
        case "differs":
            count = len(found.differences)
            typer.echo(pick(f"✗ 有 {count} 处不同:{place}", f"✗ differs at {count} places: {place}"))
            for one in found.differences:
                typer.echo(f"  {printable(one.path)}: {_value(one.stored)} → {_value(one.recomputed)}")
        case "cannot":
            typer.echo(pick(f"? 无法重算:{place}", f"? cannot be made again: {place}"))
            for missing in found.missing:
                typer.echo(f"  {printable(pick(missing.message, missing.message_en))}")
                for name in missing.available:
                    typer.echo(pick("    现有:", "    here: ") + printable(name))


def _draw(found: ScoreDiff) -> None:
    from rich.console import Console
    from rich.table import Table

    from service.cli.screen import printable

    console = Console(highlight=False, markup=False)
    before, after = found.before, found.after
    console.print(f"{printable(found.conversation_id)}: {before.id} → {after.id}")
    for one in found.versions:
        console.print(f"  {one.name}: {printable(str(one.before))} → {printable(str(one.after))}")
    table = Table(box=None, pad_edge=False)
    for zh, en in [("项目", "What"), ("之前", "Before"), ("之后", "After"), ("原因", "Why")]:
        table.add_column(pick(zh, en))
    table.add_row(pick("质检总分", "QA score"), _value(before.score), _value(after.score), "")
    for criterion in found.criteria:
        if criterion.changed:
            sides = [
                "–" if side is None else f"{side.points:.1f}/{side.max_points:.1f}"
                for side in (criterion.before, criterion.after)
            ]
            table.add_row(criterion.id, *sides, printable(_why(criterion.after or criterion.before)))
    for check in found.checks:
        if check.changed:
            verdicts = ["–" if side is None else side.verdict for side in (check.before, check.after)]
            table.add_row(check.id, *verdicts, printable(_why(check.after or check.before)))
    for figure in found.figures:
        table.add_row(figure.name, _value(figure.before), _value(figure.after), "")
    console.print(table)


def _why(side: Any) -> str:
    return pick(side.reason, side.reason_en) if side is not None else ""


def _value(value: Any) -> str:
    from service.cli.screen import printable

    text = json.dumps(value, ensure_ascii=False)
    return printable(text if len(text) <= 80 else text[:79] + "…")
