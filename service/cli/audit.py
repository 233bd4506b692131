"""``attune audit``: who read or changed what, and whether that log is whole."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from models.errors import AttuneError
from service.cli.language import pick

if TYPE_CHECKING:
    from service.audit.log import StoredEvent

_BROKEN = 1


class MomentError(AttuneError):
    """A time on the command line is none."""

    code = "usage"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    audit = typer.Typer(no_args_is_help=True)
    audit.command(
        "verify",
        help=pick(
            "沿哈希链检查日志,指出第一处改动、缺失或插入。退出码:0 完好,1 有问题。",
            "Walk the chain of hashes and name the first event that was changed, deleted or inserted. "
            "Exit code: 0 whole, 1 broken.",
        ),
    )(verify)
    audit.command("list", help=pick("列出事件,最新在前。", "List events, newest first."))(list_all)
    audit.command(
        "anchor",
        help=pick(
            "打印最后一条的哈希与编号,请保存到别处。", "Print hash and number of the last event, to be kept elsewhere."
        ),
    )(anchor)
    app.add_typer(audit, name="audit", help=pick("审计日志", "The audit log"))


def verify(
    start: Annotated[
        int | None,
        typer.Option("--from", min=1, metavar="N", help=pick("从第 N 条开始", "Begin at event N")),
    ] = None,
    kept: Annotated[
        list[str] | None,
        typer.Option(
            "--anchor",
            metavar="HASH@N",
            help=pick(
                "此前保存的锚点:可发现末尾被截断或全部重写",
                "An anchor kept before: shows that the end was cut off, or all written anew",
            ),
        ),
    ] = None,
) -> None:
    """Verify it, with every anchor given."""
    from service.audit.chain import parse_anchor
    from service.audit.chain import verify as walk
    from service.cli.database import opened_database
    from service.cli.screen import say

    anchors = [parse_anchor(text) for text in kept or ()]
    with opened_database() as database, database.transaction() as session:
        found = walk(session, start, anchors)
    if found.fault is not None:
        fault = found.fault
        say(
            f"✗ {fault.message};此前 {found.events:,} 条完好",
            f"✗ {fault.message_en}; the {found.events:,} before it are whole",
        )
        raise typer.Exit(_BROKEN)
    end = f" · {found.head}" if found.head else ""
    say(f"✓ {found.events:,} 条完好{end}", f"✓ {found.events:,} events are whole{end}")


def anchor() -> None:
    """Print it alone on standard output."""
    from service.audit.chain import anchor as last
    from service.cli.database import opened_database

    with opened_database() as database, database.transaction() as session:
        found = last(session)
    typer.echo(str(found))


def list_all(
    since: Annotated[
        str | None, typer.Option("--since", metavar="DAY", help=pick("从哪天或何时起", "From which day or moment on"))
    ] = None,
    actor: Annotated[str | None, typer.Option("--actor", help=pick("操作者", "Who did it"))] = None,
    action: Annotated[
        str | None,
        typer.Option("--action", help=pick("操作,如 conversation.read 或 playbook.*", "e.g. conversation.read, key.*")),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help=pick("最多几条", "At most"))] = 50,
    as_json: Annotated[bool, typer.Option("--json", help=pick("输出 JSON Lines", "Print JSON Lines"))] = False,
) -> None:
    """Print them; looking is an event, too."""
    from service.audit.log import EventFilter, list_events, record_read
    from service.cli.actor import this_actor
    from service.cli.database import opened_database

    wanted = EventFilter(since=_moment(since), actor=actor, action=action)
    with opened_database() as database, database.transaction() as session:
        events = list_events(session, wanted, limit).items
        given = {"since": since, "actor": actor, "action": action}
        conditions = sorted(name for name, value in given.items() if value is not None)
        record_read(
            session, this_actor(), "audit.read", "audit", None, {"count": len(events), "conditions": conditions}
        )
    if as_json:
        for one in events:
            typer.echo(json.dumps(asdict(one), ensure_ascii=False, default=_text))
        return
    _table(list(events))


def _table(events: list[StoredEvent]) -> None:
    from rich.console import Console
    from rich.table import Table

    from service.cli.screen import printable

    table = Table(box=None, pad_edge=False)
    titles = [("编号", "No."), ("时间", "At"), ("操作者", "Actor"), ("操作", "Action"), ("对象", "Object")]
    for zh, en in [*titles, ("详情", "Detail")]:
        table.add_column(pick(zh, en))
    for one in events:
        thing = one.object_type if one.object_id is None else f"{one.object_type} {one.object_id}"
        table.add_row(
            str(one.seq),
            f"{one.at:%Y-%m-%d %H:%M:%S}Z",
            printable(one.actor),
            one.action,
            printable(thing),
            printable(json.dumps(one.detail, ensure_ascii=False)),
        )
    Console(highlight=False, markup=False).print(table)


def _moment(text: str | None) -> datetime | None:
    from service.kpi.report import DEFAULT_TIMEZONE, start_of

    if text is None:
        return None
    try:
        moment = date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError:
        raise MomentError(f'"{text}" is no day: write 2026-10-12', f"“{text}”不是日期:请写成 2026-10-12") from None
    return start_of(moment, ZoneInfo(DEFAULT_TIMEZONE))


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
