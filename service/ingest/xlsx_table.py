"""Reads Excel workbooks (.xlsx): the first sheet, row by row."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date, datetime, tzinfo
from typing import Any

from models.domain.conversation import Conversation
from service.ingest.errors import InputFormatError
from service.ingest.outcomes import Refused
from service.ingest.rows import Row, read_rows
from service.ingest.source import Source

MAX_UNPACKED_BYTES = 2 * 1024**3
_EXACT_FLOAT = 1e15  # Excel keeps 15 digits


def read_xlsx(source: Source, zone: tzinfo | None = None) -> Iterator[tuple[int, Conversation] | Refused]:
    """Yield each conversation with its first row, or why it is refused.

    Raises:
        InputFormatError: It is no workbook, is too large unpacked, or lacks a needed column.
    """
    import openpyxl  # slow to import, and needed for this format only

    _check_archive(source)
    try:
        workbook = openpyxl.load_workbook(source.stream, read_only=True, data_only=True)
    except Exception as error:  # noqa: BLE001  openpyxl raises whatever its XML holds
        raise _damaged(source, error) from None
    with closing(workbook):
        if not workbook.worksheets:
            raise _damaged(source, ValueError("no worksheet"))
        sheet = workbook.worksheets[0]
        rows = _rows(source, sheet.iter_rows(values_only=True))
        header = next(rows, None)
        if header is not None:
            location = f"{source.name}, sheet {sheet.title}, row {header.line}"
            yield from read_rows(header.cells, rows, zone, location)


def _rows(source: Source, rows: Iterator[Sequence[Any]]) -> Iterator[Row]:
    number = 0
    while True:
        number += 1
        try:
            row = next(rows, None)
        except Exception as error:  # noqa: BLE001  openpyxl raises whatever its XML holds
            raise _damaged(source, error) from None
        if row is None:
            return
        cells = [_text(value) for value in row]
        if any(cell.strip() for cell in cells):
            yield Row(number, cells)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        if abs(value) >= _EXACT_FLOAT:
            return f"{value:.14E}"
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def _check_archive(source: Source) -> None:
    """Refuse a workbook that unpacks to more than memory should meet."""
    try:
        with zipfile.ZipFile(source.stream) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise _damaged(source, error) from None
    source.stream.seek(0)
    if size > MAX_UNPACKED_BYTES:
        raise InputFormatError(
            f"the workbook unpacks to {size / 2**30:.1f} GiB, at most {MAX_UNPACKED_BYTES / 2**30:.0f} allowed",
            f"工作簿解压后为 {size / 2**30:.1f} GiB,最多 {MAX_UNPACKED_BYTES / 2**30:.0f} GiB",
            hint="save it as CSV UTF-8 / 请另存为 CSV UTF-8",
            location=source.name,
        )


def _damaged(source: Source, error: Exception) -> InputFormatError:
    return InputFormatError(
        f"cannot be read as an Excel workbook (.xlsx): {error}",
        f"无法作为 Excel 工作簿(.xlsx)读取:{error}",
        hint="open it in a spreadsheet and save it as .xlsx again / 请用表格软件打开后重新另存为 .xlsx",
        location=source.name,
    )
