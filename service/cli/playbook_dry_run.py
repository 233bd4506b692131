"""``attune playbook dry-run``: scores history by two playbooks and shows what would change."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import AttuneError
from service.cli.language import pick

if TYPE_CHECKING:
    from models.domain.conversation import Conversation
    from service.scoring.dry_run import DryRun, Tally
    from service.scoring.gateway import Comparison

CHUNK = 200
Share = list[float | None]


class DryRunUsageError(AttuneError):
    """The options do not fit together, or there is nothing to try the playbook on."""

    code = "usage"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "dry-run",
        short_help=pick("启用前看看会改变什么", "See what would change before it does"),
        help=pick(
            "用新旧两个手册给历史会话评分,列出每个检查项有多少判定会改变、质检分如何变化,并给出例子;不写入数据库。"
            "会话来自 --input 文件,否则来自数据库(可用 --since、--until、--limit 限定)。",
            "Score history by two playbooks and show how many verdicts of each check would change, what becomes of the "
            "QA score, and examples; nothing is stored. Conversations come from --input, else from the database "
            "(narrowed by --since, --until and --limit).",
        ),
    )(dry_run)


def dry_run(
    new: Annotated[str, typer.Argument(metavar="NEW", help=pick("新手册:文件或编号", "The new one: file or id"))],
    against: Annotated[
        str | None,
        typer.Option(
            metavar="OLD", help=pick("旧手册,默认为设置中的手册", "The old one; by default the settings' own")
        ),
    ] = None,
    source: Annotated[
        str | None, typer.Option("--input", "-i", metavar="FILE", help=pick("会话文件", "File of conversations"))
    ] = None,
    since: Annotated[str | None, typer.Option(metavar="DATE", help=pick("最早日期(含)", "Earliest day"))] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help=pick("最晚日期(含)", "Latest day, included"))
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help=pick("最多多少个会话", "Conversations at most"))] = None,
    rubric: Annotated[
        str | None, typer.Option(metavar="ID|FILE", help=pick("质检评分规则", "Rubric of the QA score"))
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help=pick("把全部变化写入 .jsonl", "All changes, .jsonl")),
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, help=pick("模型线程数", "Threads for the model"))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=pick("输出 JSON", "Print JSON"))] = False,
) -> None:
    """Judge chunk by chunk, so that memory does not grow with the history."""
    from dataclasses import asdict

    from service.cli.playbook_dry_run_view import draw
    from service.cli.playbook_source import playbook_of
    from service.cli.screen import say
    from service.core.settings import load_settings
    from service.scoring.dry_run import Tally
    from service.scoring.gateway import Bench

    given = {"rubric": rubric, "threads": threads}
    settings = load_settings().scoring.model_copy(
        update={name: value for name, value in given.items() if value is not None}
    )
    before, after = playbook_of(against or settings.playbook), playbook_of(new)
    tally = Tally(before, after)
    begun = time.monotonic()
    with _conversations(source, since, until, limit) as (conversations, share):
        bench = Bench(settings)
        try:
            result = _run(bench.comparison(before, after), tally, conversations, share, source, out)
        finally:
            bench.close()
    seconds = time.monotonic() - begun
    if not result.conversations:
        raise DryRunUsageError(
            "there is no conversation to try the playbook on",
            "没有可供试运行的会话",
            hint="--input FILE, or other dates / 指定 --input 文件,或改用其他日期",
        )
    if as_json:
        typer.echo(json.dumps(asdict(result), ensure_ascii=False, indent=2))
    else:
        draw(result)
    target = f" → {out}" if out else ""
    rate = result.conversations / max(seconds, 1e-9)
    say(
        f"试运行 {result.conversations:,} 个会话,用时 {seconds:.0f} 秒({rate:.1f} 个/秒){target}",
        f"Tried on {result.conversations:,} conversations in {seconds:.0f} s ({rate:.1f}/s){target}",
    )


def _run(
    compare: Comparison,
    tally: Tally,
    conversations: Iterator[Conversation],
    share: Share,
    source: str | None,
    out: Path | None,
) -> DryRun:
    from service.cli.screen import progress
    from service.ingest import open_output
    from service.ingest.write import refuse_same_file

    done = 0
    with ExitStack() as closing:
        write = None
        if out is not None:
            refuse_same_file(source or "-", out)
            write = closing.enter_context(open_output(out))
        advance = closing.enter_context(progress("试运行中", "trying"))
        while chunk := list(islice(conversations, CHUNK)):
            for before, after in compare(chunk):
                change = tally.add(before, after)
                if change is not None and write is not None:
                    write(change)
            done += len(chunk)
            advance(done, share[0])
    return tally.result()


@contextmanager
def _conversations(
    source: str | None, since: str | None, until: str | None, limit: int | None
) -> Iterator[tuple[Iterator[Conversation], Share]]:
    """Yield the conversations and the share of them that was read so far."""
    share: Share = [None]
    if source is None:
        with _stored(since, until, limit, share) as conversations:
            yield conversations, share
        return
    if since or until:
        raise DryRunUsageError("--since and --until are for stored history", "--since 和 --until 只用于数据库中的会话")
    yield islice(_read(source, share), limit), share


def _read(source: str, share: Share) -> Iterator[Conversation]:
    from service.cli.report import Report
    from service.ingest import read_conversations

    with Report() as report:
        outcomes = read_conversations(source, progress=lambda part: share.__setitem__(0, part))
        for item in report.accepted(outcomes):
            yield item.conversation


@contextmanager
def _stored(since: str | None, until: str | None, limit: int | None, share: Share) -> Iterator[Iterator[Conversation]]:
    from zoneinfo import ZoneInfo

    from service.audit.log import record
    from service.cli.actor import this_actor
    from service.cli.database import opened_database
    from service.conversations.filters import ConversationFilter, conditions_for_audit
    from service.conversations.read import iter_ids
    from service.kpi.report import DEFAULT_TIMEZONE, end_of, start_of

    zone = ZoneInfo(DEFAULT_TIMEZONE)
    wanted = ConversationFilter(since=start_of(_day(since), zone), until=end_of(_day(until), zone))
    with opened_database() as database:
        with database.transaction() as session:
            ids = list(islice((one for page in iter_ids(session, wanted) for one in page), limit))
            detail = {"conditions": conditions_for_audit(wanted), "count": len(ids)}
            record(session, this_actor(), "playbook.dry_run", "conversation", None, detail)

        def read() -> Iterator[Conversation]:
            from models.interchange import parse_conversation
            from service.scoring.repository import current_documents

            for begin in range(0, len(ids), CHUNK):
                with database.transaction() as session:
                    stored = current_documents(session, ids[begin : begin + CHUNK])
                for one in stored:
                    yield parse_conversation(one.document)
                share[0] = min(1.0, (begin + CHUNK) / len(ids))

        yield read()


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError:
        raise DryRunUsageError(f'"{text}" is no day: write 2026-10-12', f"“{text}”不是日期:请写成 2026-10-12") from None
