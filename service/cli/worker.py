"""``attune worker``: scores what waits on the queue."""

from __future__ import annotations

from typing import Annotated

import typer

from service.cli.language import pick


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "worker",
        short_help=pick("启动评分任务", "Start a scoring worker"),
        help=pick(
            "处理队列中的评分任务,可同时启动多个。Ctrl-C 停止;--once 处理完即退出。",
            "Score what waits on the queue; several may run at once. Ctrl-C stops it; --once ends when all is scored.",
        ),
    )(worker)


def worker(
    once: Annotated[bool, typer.Option("--once", help=pick("队列为空时退出", "End when the queue is empty"))] = False,
) -> None:
    """Work until stopped."""
    from service.core.logs import configure_logging
    from service.core.settings import load_settings
    from service.worker import run_worker

    settings = load_settings()
    configure_logging(settings.service.log_level, settings.service.log_format)
    run_worker(settings, wait=not once)
