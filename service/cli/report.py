"""Tells of refused lines while they come, and of everything at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from enum import IntEnum
from pathlib import Path
from types import TracebackType
from typing import Self

from service.cli.language import of_hint, pick
from service.cli.screen import notes, printable, say
from service.ingest import Accepted, Outcome, Refused, Summary, open_output
from service.ingest.write import WriteLine

SHOWN_REFUSALS = 20


class Exit(IntEnum):
    """What the process returns."""

    DONE = 0
    SOME_REFUSED = 1
    FAILED = 2


class Report:
    """Counts outcomes, prints the first refusals and writes all of them to a file where one is asked for."""

    def __init__(self, refused_file: Path | None = None) -> None:
        """Prepare; nothing is opened yet."""
        self.summary = Summary()
        self._refused_file = refused_file
        self._write: WriteLine | None = None
        self._closing = ExitStack()

    def __enter__(self) -> Self:
        """Open the file for refusals."""
        if self._refused_file:
            self._write = self._closing.enter_context(open_output(self._refused_file))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Finish the file for refusals."""
        self._closing.__exit__(kind, error, traceback)

    def add(self, outcome: Outcome) -> None:
        """Count an outcome; tell of a refusal."""
        self.summary.count(outcome)
        if isinstance(outcome, Refused):
            if self._write:
                self._write(outcome.to_json())
            if self.summary.refused <= SHOWN_REFUSALS:
                _show_refusal(outcome)

    def accepted(self, outcomes: Iterator[Outcome]) -> Iterator[Accepted]:
        """Pass on what was accepted, adding every outcome."""
        for outcome in outcomes:
            self.add(outcome)
            if isinstance(outcome, Accepted):
                yield outcome

    def finish(self, what_zh: str, what_en: str) -> Exit:
        """Print the summary and return the exit code: 1 where something was refused, 2 where nothing went in."""
        counts = self.summary
        hidden = counts.refused - SHOWN_REFUSALS
        if hidden > 0:
            hint_zh, hint_en = (
                ("", "") if self._refused_file else (";--refused 文件 可全部列出", "; --refused FILE lists all")
            )
            say(f"  … 另有 {hidden:,} 行被拒绝{hint_zh}", f"  … and {hidden:,} more refused{hint_en}")
        say(
            f"{what_zh}:接受 {counts.accepted:,} · 未变 {counts.unchanged:,} · 修订 {counts.revised:,} · "
            f"拒绝 {counts.refused:,}",
            f"{what_en}: accepted {counts.accepted:,} · unchanged {counts.unchanged:,} · revised {counts.revised:,} · "
            f"refused {counts.refused:,}",
        )
        if not counts.refused:
            return Exit.DONE
        return Exit.SOME_REFUSED if counts.accepted + counts.unchanged + counts.revised else Exit.FAILED


def _show_refusal(refused: Refused) -> None:
    from rich.text import Text

    line = Text(pick(f"✗ 第 {refused.line} 行 ", f"✗ line {refused.line} "), style="bold red")
    line.append(f"{printable(refused.path)}: ", style="red")
    line.append(printable(pick(refused.message_zh, refused.message_en)))
    if refused.hint:
        line.append(f" → {of_hint(refused.hint)}", style="yellow")
    notes().print(line)
