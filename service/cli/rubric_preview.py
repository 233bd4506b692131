"""``attune rubric preview``: what a rubric would change on stored scores; no model runs."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import AttuneError
from service.cli.language import pick
from service.cli.moments import moment

if TYPE_CHECKING:
    from service.conversations.filters import ConversationFilter

_PAGE = 200


class PreviewUsageError(AttuneError):
    """There is nothing to try the rubric on."""

    code = "usage"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "preview",
        short_help=pick("启用前看看谁会合格、谁会不合格", "See who would pass and who would fail"),
        help=pick(
            "用新旧两个标准重新计算已存评分(不运行模型,不写入):谁由合格变不合格、谁相反、为什么;按客服、队列和评分项汇总。"
            "默认与每段会话当时使用的标准比较。--out 写出每一段变化的会话。",
            "Evaluate stored scores again by the old and the new rubric (no model runs, nothing is stored): who "
            "passes, who fails, and why; by agent, queue and criterion. By default each conversation is compared with "
            "the rubric in force for it. --out writes every conversation that changes.",
        ),
    )(preview)


def preview(
    new: Annotated[str, typer.Argument(metavar="NEW", help=pick("新标准:文件或编号", "The new one: file or id"))],
    against: Annotated[
        str | None, typer.Option(metavar="OLD", help=pick("旧标准:文件或编号", "The old one: file or id"))
    ] = None,
    since: Annotated[str | None, typer.Option(metavar="DATE", help=pick("最早日期(含)", "Earliest day"))] = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help=pick("最晚日期(含)", "Latest day"))] = None,
    queue: Annotated[str | None, typer.Option(help=pick("只看该队列", "Only this queue"))] = None,
    agent: Annotated[str | None, typer.Option(metavar="ID", help=pick("只看该客服", "Only this agent"))] = None,
    limit: Annotated[
        int, typer.Option(min=1, help=pick("最多多少段会话(最新的)", "At most so many, newest first"))
    ] = 10_000,
    every: Annotated[
        bool, typer.Option("--all-changes", help=pick("分数变化也列出", "List changed scores, too"))
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help=pick("写出变化的会话(JSONL)", "Write changes (JSONL)")),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help=pick("输出 JSON", "Print JSON"))] = False,
) -> None:
    """Compare, then print the figures and some of what changes."""
    from dataclasses import asdict

    from service.cli.actor import this_actor
    from service.cli.database import opened_database
    from service.cli.rubric_preview_view import draw
    from service.cli.rubric_source import rubric_in
    from service.cli.screen import say
    from service.core.settings import load_settings
    from service.qa import rubric_preview

    wanted = _filter(since, until, queue, agent)
    begun = time.monotonic()
    with opened_database() as database, database.transaction() as session:
        found = rubric_preview.preview(
            session,
            this_actor(),
            rubric_in(session, new),
            load_settings().scoring,
            wanted,
            against=rubric_in(session, against) if against else None,
            limit=limit,
            show="changes" if every else "flips",
            page=limit if out else _PAGE,
        )
    summary = found.summary
    if summary is None or not (summary.effective.conversations or summary.not_comparable):
        raise PreviewUsageError(
            "there is no scored conversation to try the rubric on",
            "没有可供试算的已评分会话",
            hint="other dates, or attune import first / 改用其他日期,或先导入会话",
        )
    if out is not None:
        lines = (json.dumps(asdict(one), ensure_ascii=False, default=str) for one in found.items)
        out.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    if as_json:
        typer.echo(json.dumps(asdict(found), ensure_ascii=False, indent=2, default=str))
    else:
        draw(found, summary)
    seconds, count = time.monotonic() - begun, summary.effective.conversations
    say(f"试算 {count:,} 段会话,用时 {seconds:.1f} 秒", f"Tried on {count:,} conversations in {seconds:.1f} s")


def _filter(since: str | None, until: str | None, queue: str | None, agent: str | None) -> ConversationFilter:
    from typing import get_args

    from models.domain.conversation import Queue
    from service.conversations.filters import ConversationFilter

    if queue is not None and queue not in get_args(Queue):
        known = ", ".join(get_args(Queue))
        raise PreviewUsageError(f'"{queue}" is none of {known}', f"“{queue}”不在可选值中:{known}")
    return ConversationFilter(
        since=moment(since),
        until=moment(until, whole_day=True),
        queue=queue,  # type: ignore[arg-type]  # asked above
        agent=agent,
    )
