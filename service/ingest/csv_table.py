"""Reads CSV: UTF-8, separated by commas, semicolons or tabs, quoted where needed."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import tzinfo

from models.domain.conversation import Conversation
from models.errors import InvalidConversationError
from service.ingest.columns import NEEDED, map_header
from service.ingest.errors import InputFormatError
from service.ingest.lines import DamagedInputError, Line, read_lines
from service.ingest.outcomes import Refused
from service.ingest.rows import Row, read_rows
from service.ingest.source import Source

MAX_CELL = 4 * 1024 * 1024
_SEPARATORS = (",", "\t", ";")


def read_csv(source: Source, zone: tzinfo | None = None) -> Iterator[tuple[int, Conversation] | Refused]:
    """Yield each conversation with its first line, or why it is refused.

    Raises:
        InputFormatError: A needed column lacks, the header is no UTF-8, or the quoting is broken: then no row after it
            can be trusted, so nothing is taken.
    """
    lines = _Lines(source)
    header_line = next((line for line in lines.read() if line.data.strip()), None)
    if header_line is None:
        return
    try:
        text = header_line.text()
    except InvalidConversationError as error:
        raise InputFormatError(
            error.message_en, error.message_zh, hint=error.hint, location=f"{source.name}, line {header_line.number}"
        ) from None
    separator = _separator(text)
    location = f"{source.name}, line {header_line.number}"
    header = next(csv.reader([text], delimiter=separator))
    try:
        yield from read_rows(header, _rows(source, lines, separator, len(header)), zone, location)
    except DamagedInputError as error:
        error.location = f"{source.name}, line {error.line}"
        error.hint = "nothing was taken; copy or export the file again / 未读取任何内容,请重新复制或导出该文件"
        raise


class _Lines:
    """The lines of the file as text for the csv module, remembering the first bad one of a row."""

    def __init__(self, source: Source) -> None:
        self._lines = read_lines(source.stream, source.offset)
        self.number = 0
        self.bad: InvalidConversationError | None = None

    def read(self) -> Iterator[Line]:
        for line in self._lines:
            self.number = line.number
            yield line

    def texts(self) -> Iterator[str]:
        for line in self.read():
            try:
                yield line.text() + "\n"
            except InvalidConversationError as error:
                self.bad = self.bad or error
                # The cells still tell which conversation it is that must be refused.
                yield line.data.decode("utf-8", "surrogateescape").replace("\x00", "") + "\n"


def _rows(source: Source, lines: _Lines, separator: str, width: int) -> Iterator[Row]:
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader(lines.texts(), delimiter=separator, strict=True)
    while True:
        first = lines.number + 1
        lines.bad = None
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise InputFormatError(
                f"broken CSV in the row that begins here: {error}",
                f"从此行开始的 CSV 记录已损坏:{error}",
                hint='a quote inside a cell is written twice (""), and the cell in quotes / 单元格内的引号应写作 ""',
                location=f"{source.name}, line {first}",
            ) from None
        if cells is None:
            return
        if not any(cell.strip() for cell in cells):
            continue
        fault = lines.bad
        if fault is None and len(cells) > width:
            fault = InvalidConversationError(
                f"{len(cells)} cells, but the header names {width}",
                f"该行有 {len(cells)} 个单元格,而表头只有 {width} 列",
                hint="put text that holds the separator in quotes / 含分隔符的文本请加引号",
                location="$",
            )
        yield Row(first, cells, fault)


def _separator(text: str) -> str:
    """Return the separator under which most needed columns are found."""

    def found(separator: str) -> int:
        header = next(csv.reader([text], delimiter=separator))
        try:
            return len(map_header(header, ""))
        except InputFormatError:
            return 0

    best = max(_SEPARATORS, key=found)
    return best if found(best) >= len(NEEDED) else max(_SEPARATORS, key=text.count)
