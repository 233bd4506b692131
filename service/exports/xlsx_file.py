"""XLSX, a row at a time: the rows go through a temporary file, never all through memory."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from service.exports.columns import Cell, Language, cell
from service.exports.dataset import Dataset

SHEET_ROWS = 1_048_576  # as many as a sheet of Excel has, the header included
_CELL_CHARACTERS = 32_767  # as many as a cell of Excel holds
_PIECE = 256 * 1024
_OPTIONS = {"constant_memory": True, "strings_to_urls": False, "strings_to_formulas": False, "use_zip64": True}


def xlsx_pieces(dataset: Dataset, rows: Iterable[Any], language: Language) -> Iterator[bytes]:
    """Yield a workbook; what does not fit on a sheet goes on the next one. Texts are never formulas.

    The whole has to be there before the first byte: a ZIP names its parts at the end, and the library writes them then.
    """
    from xlsxwriter import Workbook

    with tempfile.TemporaryDirectory(prefix="attune-export-") as scratch:
        path = Path(scratch) / "book.xlsx"
        book = Workbook(path, {**_OPTIONS, "tmpdir": scratch})
        try:
            _write(book, dataset, rows, language)
        except BaseException:
            for sheet in book.worksheets():  # closing the book would write it; only the rows' files are closed
                sheet._opt_close()
            raise
        book.close()
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece


def _write(book: Any, dataset: Dataset, rows: Iterable[Any], language: Language) -> None:
    titles = [getattr(column.title, language) for column in dataset.columns]
    bold, moment = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    name = getattr(dataset.title, language)
    sheet, at = _new_sheet(book, name, titles, bold), 1
    for row in rows:
        if at == SHEET_ROWS:
            sheet, at = _new_sheet(book, f"{name} {len(book.worksheets()) + 1}", titles, bold), 1
        for place, column in enumerate(dataset.columns):
            _put(sheet, at, place, cell(column, row, language), moment, day)
        at += 1


def _new_sheet(book: Any, name: str, titles: Sequence[str], bold: Any) -> Any:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    for place, title in enumerate(titles):
        # Chinese characters are twice as wide; moments need 19 digits.
        width = sum(2 if ord(letter) > 0x2E80 else 1 for letter in title)
        sheet.set_column(place, place, min(max(width + 2, 10), 32))
        sheet.write_string(0, place, title, bold)
    return sheet


def _put(sheet: Any, row: int, place: int, value: Cell, moment: Any, day: Any) -> None:
    if value is None or value == "":
        return
    if isinstance(value, str):
        sheet.write_string(row, place, _fitting(value))
    elif isinstance(value, bool):
        sheet.write_boolean(row, place, value)
    elif isinstance(value, datetime):
        sheet.write_datetime(row, place, value, moment)
    elif isinstance(value, date):
        sheet.write_datetime(row, place, value, day)
    elif math.isfinite(value):
        sheet.write_number(row, place, value)


def _fitting(text: str) -> str:
    return text if len(text) <= _CELL_CHARACTERS else text[: _CELL_CHARACTERS - 1] + "…"
