"""``attune convert``: turns other formats into the interchange format."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from service.cli.language import pick


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "convert",
        short_help=pick("转换为会话交换格式", "Turn other formats into the interchange format"),
        help=pick(
            "把其他格式转换为会话交换格式(JSONL)。FORMAT:stc3、csv、xlsx。",
            "Turn other formats into the interchange format (JSONL). FORMAT: stc3, csv, xlsx.",
        ),
    )(convert)


def convert(
    format_name: Annotated[str, typer.Argument(metavar="FORMAT", help="stc3 | csv | xlsx")],
    source: Annotated[
        str, typer.Argument(metavar="INPUT", help=pick("输入文件,- 为标准输入", "Input, - is standard input"))
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help=pick("输出 .jsonl 或 .jsonl.gz", "Output, .jsonl or .jsonl.gz"))
    ],
    timezone: Annotated[
        str | None, typer.Option(help=pick("无时区时间的时区,如 +08:00", "Zone of zoneless times, e.g. +08:00"))
    ] = None,
    refused: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help=pick("把被拒绝的行写入此文件", "Write refused lines to this file")),
    ] = None,
) -> None:
    """Convert line by line."""
    from models.interchange import conversation_to_json
    from service.cli.report import Report
    from service.cli.screen import progress
    from service.ingest import convert as converted
    from service.ingest import parse_timezone
    from service.ingest.write import open_output, refuse_same_file

    refuse_same_file(source, out, refused)
    zone = parse_timezone(timezone) if timezone else None
    share: list[float | None] = [None]
    with (
        Report(refused) as report,
        open_output(out, when=lambda: report.summary.accepted > 0) as write,
        progress("转换中", "converting") as advance,
    ):
        outcomes = converted(format_name, source, zone=zone, progress=lambda part: share.__setitem__(0, part))
        for item in report.accepted(outcomes):
            write(conversation_to_json(item.conversation))
            advance(report.summary.accepted, share[0])
    target = f" → {out}" if report.summary.accepted else ""
    raise typer.Exit(report.finish(f"转换完成{target}", f"Converted{target}"))
