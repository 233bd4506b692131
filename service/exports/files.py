"""The formats: rows in, bytes out, piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import orjson

from service.exports.columns import Language, plain
from service.exports.csv_file import csv_pieces
from service.exports.dataset import Dataset
from service.exports.xlsx_file import xlsx_pieces

Format = Literal["xlsx", "csv", "json", "jsonl"]
Pieces = Callable[[Dataset, Iterable[Any], Language], Iterator[bytes]]

_PIECE = 64 * 1024
# Numbers beyond 2**53 as they are; moments in UTC end in Z.
_OPTIONS = orjson.OPT_UTC_Z


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A format: its media type, and what writes it."""

    media_type: str
    pieces: Pieces


def jsonl_pieces(dataset: Dataset, rows: Iterable[Any], _language: Language) -> Iterator[bytes]:
    """Yield an object a line; codes as they are."""
    piece = bytearray()
    for row in rows:
        piece += _line(dataset, row) + b"\n"
        if len(piece) > _PIECE:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece)


def json_pieces(dataset: Dataset, rows: Iterable[Any], _language: Language) -> Iterator[bytes]:
    """Yield one object with all rows in ``items``; only what came to its end is closed, and has ``count``."""
    head = orjson.dumps({"dataset": dataset.id, "exported_at": datetime.now(UTC)}, option=_OPTIONS)
    piece = bytearray(head[:-1] + b',"items":[')
    count = 0
    for row in rows:
        piece += (b",\n" if count else b"\n") + _line(dataset, row)
        count += 1
        if len(piece) > _PIECE:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece) + b'\n],"count":%d}\n' % count


def _line(dataset: Dataset, row: Any) -> bytes:
    return orjson.dumps({column.id: plain(column, row) for column in dataset.columns}, option=_OPTIONS)


FORMATS: Mapping[Format, FileFormat] = {
    "xlsx": FileFormat("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", xlsx_pieces),
    "csv": FileFormat("text/csv; charset=utf-8", csv_pieces),
    "json": FileFormat("application/json", json_pieces),
    "jsonl": FileFormat("application/x-ndjson", jsonl_pieces),
}
