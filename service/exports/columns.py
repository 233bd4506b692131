"""A column of an export as data: its names, how a row is read, and how codes are worded for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

import orjson

Language = Literal["zh", "en"]
ZONE = ZoneInfo("Asia/Shanghai")  # in which moments stand in tables


class Words(NamedTuple):
    """The same in Chinese and English."""

    zh: str
    en: str


class Coded(NamedTuple):
    """A code with what it is called, where that is no fixed glossary's: tables have the words, JSON the code."""

    code: str
    words: Words


Value = (
    str
    | int
    | float
    | bool
    | datetime
    | date
    | Words
    | Coded
    | Mapping[str, Any]
    | Sequence[str]
    | Sequence[int]
    | None
)
"""What ``Column.read`` returns; moments have a zone."""

Cell = str | int | float | bool | datetime | date | None
"""What stands in a cell of a table; moments are Beijing's, without a zone."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column.

    Attributes:
        id: Key in JSON; stable.
        title: Header in tables.
        read: Takes the value from a row of the dataset.
        words: What codes are called in tables; JSON keeps the codes. A code that is not here stays as it is.
    """

    id: str
    title: Words
    read: Callable[[Any], Value]
    words: Mapping[str, Words] | None = None


def cell(column: Column, row: Any, language: Language) -> Cell:
    """Return what stands in a table: codes in words, lists joined, objects as JSON, moments in Beijing time."""
    value = column.read(row)
    if isinstance(value, Coded):
        value = value.words
    if isinstance(value, Words):
        return getattr(value, language)  # type: ignore[no-any-return]
    if isinstance(value, str):
        return _worded(column, value, language)
    if isinstance(value, datetime):
        return value.astimezone(ZONE).replace(tzinfo=None)
    if value is None or isinstance(value, (bool, int, float, date)):
        return value
    if isinstance(value, Mapping):
        return orjson.dumps(value).decode() if value else None
    comma = "、" if language == "zh" else ", "
    return comma.join(_worded(column, str(part), language) for part in value) or None


def plain(column: Column, row: Any) -> Any:
    """Return what stands in JSON: codes as they are, moments with their zone, both languages where there are two."""
    value = column.read(row)
    if isinstance(value, Coded):
        return value.code
    return value._asdict() if isinstance(value, Words) else value


def _worded(column: Column, code: str, language: Language) -> str:
    words = column.words.get(code) if column.words else None
    return code if words is None else getattr(words, language)
