"""``attune export``: writes out what is stored."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from service.cli import export_dataset
from service.cli.language import pick


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "export",
        short_help=pick("导出会话或评分", "Write out conversations or scores"),
        help=pick(
            "导出数据库中的全部会话(交换格式,已脱敏);加 --scores 则导出最新评分;"
            "加 --dataset 则导出表格(.xlsx、.csv)或 JSON(.json、.jsonl)。",
            "Write out all stored conversations (interchange format, masked), or with --scores their newest scores, "
            "or with --dataset a table (.xlsx, .csv) or JSON (.json, .jsonl).",
        ),
    )(export)


def export(
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            help=pick(
                "输出文件(会话与评分为 .jsonl 或 .jsonl.gz),- 为标准输出",
                "Output (conversations and scores: .jsonl or .jsonl.gz); - is standard output",
            ),
        ),
    ] = Path("-"),
    scores: Annotated[bool, typer.Option("--scores", help=pick("导出评分", "Write scores instead"))] = False,
    dataset: Annotated[str | None, typer.Option("--dataset", metavar="NAME", help=export_dataset.help_text())] = None,
    since: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help=pick("数据集:从哪天起", "Dataset: from this day on"))
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--to", metavar="DAY", help=pick("数据集:到哪天止(含)", "Dataset: to this day, included")),
    ] = None,
    queue: Annotated[str | None, typer.Option("--queue", help=pick("数据集:业务队列", "Dataset: queue"))] = None,
    channel: Annotated[str | None, typer.Option("--channel", help=pick("数据集:渠道", "Dataset: channel"))] = None,
    agent: Annotated[
        str | None, typer.Option("--agent", help=pick("数据集:客服编号", "Dataset: id of the agent"))
    ] = None,
    group_by: Annotated[
        list[str] | None,
        typer.Option("--group-by", metavar="day|agent|queue", help=pick("kpis:分组", "kpis: by what to group")),
    ] = None,
) -> None:
    """Write line by line, in order of id; or a dataset."""
    if dataset is not None:
        conditions = {"queue": queue, "channel": channel, "agent": agent}
        export_dataset.export_dataset(dataset, out, since, until, conditions, group_by or ())
        return
    if any(one is not None for one in (since, until, queue, channel, agent, group_by)):
        raise export_dataset.ExportOptionError(
            "conditions go with --dataset", "筛选条件须与 --dataset 同用", location="--dataset"
        )
    from service.audit.log import record
    from service.cli.actor import this_actor
    from service.cli.database import opened_database
    from service.cli.screen import progress, say
    from service.conversations.read import iter_conversations
    from service.ingest import open_output

    done = waiting = 0
    actor, action = this_actor(), "scores.export" if scores else "conversations.export"
    with opened_database() as database, open_output(out) as write, progress("导出中", "exporting") as advance:
        # Before the first line leaves; how many they were is a second event, for one may stop in the middle.
        with database.transaction() as session:
            record(session, actor, action, "conversation", None, {"stage": "begun"})
        with database.transaction() as session:
            for stored in iter_conversations(session):
                line = stored.score if scores else stored.document
                if line is None:
                    waiting += 1
                    continue
                write(line)
                done += 1
                advance(done, None)
            record(session, actor, action, "conversation", None, {"stage": "done", "count": done})
    missing_zh, missing_en = (f",{waiting:,} 个尚无评分", f", {waiting:,} have no score yet") if waiting else ("", "")
    say(f"已导出 {done:,} 个会话{missing_zh}", f"Exported {done:,} conversations{missing_en}")
