"""``attune import``: stores the conversations of a file; the worker scores them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.language import pick

if TYPE_CHECKING:
    from service.cli.report import Report
    from service.db.engine import Database
    from service.ingest import Accepted, Outcome

CHUNK = 200


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "import",
        short_help=pick("导入文件到数据库", "Store a file in the database"),
        help=pick(
            "把文件中的会话存入数据库,由后台任务评分。相同编号且内容相同则跳过;内容不同则拒绝,除非使用 --revise。"
            "退出码:0 全部完成,1 有行被拒绝,2 未完成。",
            "Store the conversations of a file; the worker scores them. The same id with the same content changes "
            "nothing; with other content it is refused, or with --revise becomes a new revision. "
            "Exit code: 0 all done, 1 some lines refused, 2 nothing done.",
        ),
    )(import_file)


def import_file(
    source: Annotated[
        str,
        typer.Argument(
            metavar="INPUT", help=pick("JSONL、CSV 或 XLSX,- 为标准输入", "JSONL, CSV or XLSX; - is standard input")
        ),
    ],
    revise: Annotated[
        bool,
        typer.Option(
            "--revise", help=pick("内容不同的同编号会话存为新修订", "Store changed content as a new revision")
        ),
    ] = False,
    timezone: Annotated[
        str | None,
        typer.Option(help=pick("表格中无时区时间的时区,如 +08:00", "Zone of zoneless times in tables, e.g. +08:00")),
    ] = None,
    refused: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help=pick("把被拒绝的行写入此文件", "Write refused lines to this file")),
    ] = None,
) -> None:
    """Read and store, chunk by chunk."""
    from service.cli.database import opened_database
    from service.cli.report import Report
    from service.cli.screen import progress, say
    from service.ingest import parse_timezone, read_conversations
    from service.ingest.write import refuse_same_file

    refuse_same_file(source, refused)
    zone = parse_timezone(timezone) if timezone else None
    share: list[float | None] = [None]
    with Report(refused) as report:
        outcomes = read_conversations(source, zone=zone, progress=lambda part: share.__setitem__(0, part))
        first = next(outcomes)  # a mistyped path is told before the database starts
        with opened_database() as database, progress("导入中", "importing") as advance:
            store_all(database, report, [first], revise)
            store_all(database, report, outcomes, revise, lambda done: advance(done, share[0]))
    code = report.finish("导入完成", "Imported")
    if report.summary.accepted + report.summary.revised:
        say(
            "评分由后台任务完成:attune serve(自带)或 attune worker",
            "The worker scores them: attune serve (has one) or attune worker",
        )
    raise typer.Exit(code)


def store_all(
    database: Database,
    report: Report,
    outcomes: Iterable[Outcome],
    revise: bool = False,
    advance: Callable[[int], None] = lambda _: None,
) -> None:
    """Store what was accepted, one transaction per chunk, and report every outcome."""
    remaining = iter(outcomes)
    done = 0
    while chunk := list(islice(remaining, CHUNK)):
        _store(database, report, chunk, revise)
        done += len(chunk)
        advance(done)


def _store(database: Database, report: Report, chunk: Sequence[Outcome], revise: bool) -> None:
    from service.cli.actor import this_actor
    from service.conversations.intake_audit import record_intake
    from service.conversations.store import store_conversations
    from service.ingest import Accepted, Unchanged

    incoming = [item for item in chunk if isinstance(item, Accepted)]
    with database.transaction() as session:
        outcomes = store_conversations(session, [item.conversation for item in incoming], revise)
        record_intake(session, this_actor(), outcomes)
    stored = iter(outcomes)
    for item in chunk:
        if not isinstance(item, Accepted):
            report.add(item)
            continue
        match next(stored).outcome:
            case "accepted":
                report.add(item)
            case "unchanged":
                report.add(Unchanged(item.line, item.conversation.id, item.line))
            case "revised":
                report.summary.revised += 1
            case "conflict":
                report.add(_conflict(item))


def _conflict(item: Accepted) -> Outcome:
    from service.core.errors import ConversationConflictError
    from service.ingest import Refused

    name = item.conversation.id
    error = ConversationConflictError(
        f'the id "{name}" is stored already, with other content',
        f"编号“{name}”已存在,且内容不同",
        hint="--revise stores it as a new revision / 使用 --revise 可存为新修订",
        location="$.id",
    )
    return Refused.because(item.line, error, name)
