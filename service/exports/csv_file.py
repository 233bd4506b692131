"""CSV that Excel opens rightly and that no cell of can run as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from service.exports.columns import Cell, Language, cell
from service.exports.dataset import Dataset

_PIECE = 64 * 1024
# What spreadsheets take for the beginning of a formula (OWASP, "CSV Injection"), full-width forms included.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_pieces(dataset: Dataset, rows: Iterable[Any], language: Language) -> Iterator[bytes]:
    """Yield CSV (RFC 4180) in UTF-8 with a byte order mark, by which Excel knows that it is no GBK."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    text.write("\ufeff")
    writer.writerow(getattr(column.title, language) for column in dataset.columns)
    for row in rows:
        writer.writerow(safe(cell(column, row, language)) for column in dataset.columns)
        if text.tell() > _PIECE:
            yield _taken(text)
    yield _taken(text)


def safe(value: Cell) -> str:
    """Return a cell's text; one that a spreadsheet would take for a formula begins with an apostrophe.

    Numbers stay as they are, negative ones too: they come from here and not from what somebody wrote.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, str):
        return "'" + value if value.startswith(_FORMULA) else value
    return str(value)


def _taken(text: io.StringIO) -> bytes:
    found = text.getvalue().encode("utf-8", "replace")
    text.seek(0)
    text.truncate()
    return found
