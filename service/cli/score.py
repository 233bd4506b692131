"""``attune score``: scores a file, without a database."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.language import pick

if TYPE_CHECKING:
    from service.core.settings import ScoringSettings
    from service.ingest import Accepted
    from service.ingest.write import WriteLine

CHUNK = 64


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "score",
        short_help=pick("给文件评分(不需要数据库)", "Score a file; needs no database"),
        help=pick(
            "给文件中的会话评分,每个会话输出一行 JSON;不需要数据库。INPUT 为 JSONL、CSV 或 XLSX(可 gzip),- 为标准输入。"
            "退出码:0 全部完成,1 有行被拒绝,2 未完成。",
            "Score the conversations of a file, one JSON line each; needs no database. INPUT is JSONL, CSV or XLSX "
            "(gzipped or not), - is standard input. Exit code: 0 all done, 1 some lines refused, 2 nothing done.",
        ),
    )(score)


def score(
    source: Annotated[str, typer.Argument(metavar="INPUT", help=pick("会话文件", "File of conversations"))],
    out: Annotated[
        Path, typer.Option("--out", "-o", help=pick("输出 .jsonl 或 .jsonl.gz", "Output, .jsonl or .jsonl.gz"))
    ],
    playbook: Annotated[
        str | None, typer.Option(metavar="ID|FILE", help=pick("话术手册", "Playbook to check scripts by"))
    ] = None,
    rubric: Annotated[
        str | None, typer.Option(metavar="ID|FILE", help=pick("质检评分规则", "Rubric of the QA score"))
    ] = None,
    artifact: Annotated[
        Path | None,
        typer.Option(
            metavar="NAME|DIR",
            help=pick("模型:default、fast 或模型目录", "Models: default, fast, or a directory of your own"),
        ),
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, help=pick("模型线程数", "Threads for the model"))] = None,
    timezone: Annotated[
        str | None,
        typer.Option(help=pick("表格中无时区时间的时区,如 +08:00", "Zone of zoneless times in tables, e.g. +08:00")),
    ] = None,
    refused: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help=pick("把被拒绝的行写入此文件", "Write refused lines to this file")),
    ] = None,
) -> None:
    """Read, score and write, chunk by chunk."""
    from service.cli.report import Report
    from service.ingest import parse_timezone, read_conversations
    from service.ingest.write import open_output, refuse_same_file

    settings = _settings(playbook, rubric, artifact, threads)
    refuse_same_file(source, out, refused)
    share: list[float | None] = [None]
    outcomes = read_conversations(
        source, zone=parse_timezone(timezone) if timezone else None, progress=lambda part: share.__setitem__(0, part)
    )
    # The first one is read before the model is loaded, so that a mistyped path is told at once.
    outcomes = chain([next(outcomes)], outcomes)
    begun = time.monotonic()
    # Where every line is refused nothing is written, and an output of before stays.
    with Report(refused) as report, open_output(out, when=lambda: report.summary.accepted > 0) as write:
        _run(settings, report.accepted(outcomes), write, share)
    seconds = time.monotonic() - begun
    target = f" → {out}" if report.summary.accepted else ""
    rate = f"{seconds:.1f} s, {report.summary.accepted / max(seconds, 1e-9):.1f}/s"
    raise typer.Exit(report.finish(f"评分完成({rate}){target}", f"Scored in {rate}{target}"))


def _run(settings: ScoringSettings, accepted: Iterator[Accepted], write: WriteLine, share: list[float | None]) -> None:
    from service.cli.screen import progress
    from service.scoring.gateway import open_engine

    done = 0
    engine = open_engine(settings)
    try:
        with progress("评分中", "scoring") as advance:
            while chunk := list(islice(accepted, CHUNK)):
                for bundle in engine.score([item.conversation for item in chunk]):
                    write(engine.to_json(bundle))
                done += len(chunk)
                advance(done, share[0])
    finally:
        engine.close()


def _settings(playbook: str | None, rubric: str | None, artifact: Path | None, threads: int | None) -> ScoringSettings:
    from service.core.settings import load_settings

    given = {"playbook": playbook, "rubric": rubric, "artifact": artifact, "threads": threads}
    return load_settings().scoring.model_copy(
        update={name: value for name, value in given.items() if value is not None}
    )
