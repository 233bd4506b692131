"""``attune root-causes``: suggestions for what was scored before there were any, and what causes come to."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from service.cli.language import pick

_PAGE = 500


def register(app: typer.Typer) -> None:
    """Add the commands."""
    causes = typer.Typer(no_args_is_help=True)
    causes.command(
        "suggest",
        help=pick("为已评分但尚无归因建议的会话补做建议。", "Suggest causes for scored conversations that have none."),
    )(suggest)
    causes.command("figures", help=pick("按类型、主题或部门统计归因。", "Count causes by kind, topic or department."))(
        figures
    )
    app.add_typer(causes, name="root-causes", help=pick("投诉归因", "Root causes of complaints"))


def suggest() -> None:
    """Go through all conversations; what has a suggestion keeps it."""
    from service.cli.database import opened_database
    from service.cli.screen import say
    from service.conversations.filters import ConversationFilter
    from service.conversations.repository import ids_page
    from service.core.settings import load_settings
    from service.qa.root_cause import attribute
    from service.scoring.on_demand import EngineOnDemand

    settings = load_settings().scoring
    engine, added, after = EngineOnDemand(settings), 0, None
    try:
        with opened_database() as database:
            while True:
                with database.transaction() as session:
                    ids = ids_page(session, ConversationFilter(), _PAGE, after)
                if not ids:
                    break
                added += attribute(database, engine, ids, settings.taxonomy)
                after = ids[-1]
    finally:
        engine.close()
    say(f"新增归因建议 {added:,} 条", f"{added:,} suggestion(s) added")


def figures(
    by: Annotated[
        list[str] | None,
        typer.Option("--by", help="kind | topic | department | day | week | month"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help=pick("输出 JSON", "Print JSON"))] = False,
) -> None:
    """Print counts and shares with their 95 % intervals."""
    from typing import get_args

    from service.cli.actor import this_actor
    from service.cli.database import opened_database
    from service.cli.screen import printable
    from service.qa.repository.root_cause import CauseFilter, Dimension
    from service.qa.root_cause_figures import PERIODS, cause_figures

    wanted = [name for name in get_args(Dimension) if name in (by or ["kind"])]
    if unknown := set(by or ()) - set(wanted):
        raise typer.BadParameter(", ".join(sorted(unknown)))
    if len(set(wanted) & set(PERIODS)) > 1:
        raise typer.BadParameter(pick("day、week、month 只能选一个", "at most one of day, week and month"))
    with opened_database() as database, database.transaction() as session:
        report = cause_figures(session, this_actor(), CauseFilter(), wanted)
    if as_json:
        typer.echo(json.dumps(asdict(report), ensure_ascii=False, indent=2))
        return
    typer.echo(pick(f"共 {report.total:,} 条", f"{report.total:,} cause(s)"))
    for group in report.groups:
        names = [group.period, group.kind, group.topic, group.department]
        shown = " · ".join(printable(name) for name in names if name) or pick("待定", "open")
        share = group.share
        typer.echo(
            f"  {shown}: {group.causes:,} ({share.value or 0:.1%}, {share.low or 0:.1%}–{share.high or 0:.1%}), "
            + pick(f"已确认 {group.confirmed:,}", f"{group.confirmed:,} confirmed")
        )
