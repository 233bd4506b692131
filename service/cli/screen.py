"""What the command line says beside its result: notes, errors and progress, all on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from models.errors import AttuneError
from service.cli.language import of_hint, pick

if TYPE_CHECKING:
    from rich.console import Console

Advance = Callable[[int, float | None], None]
_QUIET_SECONDS = 10.0


@cache
def notes() -> Console:
    """Return the console for everything that is not the result; one only, so that notes stand above a progress bar."""
    from rich.console import Console

    return Console(stderr=True, soft_wrap=True, highlight=False)


def say(zh: str, en: str) -> None:
    """Print a note."""
    from rich.text import Text

    notes().print(Text(pick(zh, en)))


def printable(text: str) -> str:
    """Return ``text`` without characters that could steer the terminal: it may come from a stranger."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in "\n\t" else "\N{REPLACEMENT CHARACTER}" for char in text)


def show_error(error: AttuneError) -> None:
    """Print an error as one red line: code, place, what, and what to do."""
    from rich.text import Text

    line = Text(f"✗ [{error.code}] ", style="bold red")
    line.append(f"{printable(error.location)}: " if error.location else "", style="red")
    line.append(printable(pick(error.message_zh, error.message_en)), style="red")
    if error.hint:
        line.append(f" → {of_hint(error.hint)}", style="yellow")
    notes().print(line)


@contextmanager
def progress(zh: str, en: str, unit: tuple[str, str] = ("个会话", "conversations")) -> Iterator[Advance]:
    """Show progress while the block runs: a bar at a terminal, else a line now and then.

    Args:
        zh: What is done.
        en: The same in English.
        unit: What is counted, in both languages.

    Yields:
        A function to call with how many are done and the share of the whole (``None`` if unknown).
    """
    if sys.stderr.isatty():
        with _bar(pick(zh, en), pick(*unit)) as advance:
            yield advance
        return
    yield _lines(zh, en, unit)


def _lines(zh: str, en: str, unit: tuple[str, str]) -> Advance:
    told = time.monotonic()

    def advance(done: int, share: float | None) -> None:
        nonlocal told
        if time.monotonic() - told >= _QUIET_SECONDS:
            told = time.monotonic()
            part = "" if share is None else f" ({share:.0%})"
            say(f"{zh}:{done:,} {unit[0]}{part}", f"{en}: {done:,} {unit[1]}{part}")

    return advance


@contextmanager
def _bar(title: str, unit: str) -> Iterator[Advance]:
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn(f"{{task.fields[done]}} {unit}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=notes(), transient=True) as shown:
        task = shown.add_task(title, total=None, done="0")

        def advance(done: int, share: float | None) -> None:
            shown.update(task, total=None if share is None else 1.0, completed=share or 0.0, done=f"{done:,}")

        yield advance
