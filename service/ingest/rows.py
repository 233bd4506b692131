"""Rows of a table, one turn a row, gathered to conversations wherever they stand in the file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from models.domain.conversation import Conversation
from models.errors import InvalidConversationError
from models.interchange import parse_conversation
from service.ingest.columns import known_field, map_header, read_cell
from service.ingest.outcomes import Refused

_PARTS = {"agent_id": ("agent", "id"), "agent_name": ("agent", "name")} | {
    "customer_id": ("customer", "id"), "customer_name": ("customer", "name"),
    "csat": ("facts", "csat"), "nps": ("facts", "nps"), "resolved": ("facts", "resolved"),
}  # fmt: skip
_SHARED = ("queue", "channel", "language", "started_at", "ended_at", "tags")
_TURN = {"role": "role", "text": "text", "at": "at", "turn_id": "id"}


@dataclass(frozen=True, slots=True)
class Row:
    """A row's cells as text, and what is wrong with it already, if anything is."""

    line: int
    cells: Sequence[str]
    fault: InvalidConversationError | None = None


def read_rows(
    header: Sequence[str], rows: Iterator[Row], zone: tzinfo | None, location: str
) -> Iterator[tuple[int, Conversation] | Refused]:
    """Yield each conversation with the line it begins in, or why it is refused, in order of first appearance.

    Rows of one conversation need not stand together: they are gathered in a temporary database on disk, so memory stays
    bounded. One bad row refuses its whole conversation.

    Raises:
        InputFormatError: A needed column lacks.
    """
    columns = map_header(header, location)
    titles = {field: header[index].strip() for field, index in columns.items()}
    with closing(sqlite3.connect("")) as spool:
        yield from _spool(spool, columns, titles, rows)
        for group in _groups(spool):
            try:
                yield group[0].line, _conversation(group, columns, titles, zone)
            except _RowError as error:
                yield Refused.because(error.line, error.cause, _id(group[0], columns))


class _RowError(Exception):
    """A fault in one row."""

    def __init__(self, line: int, cause: InvalidConversationError, column: str | None = None) -> None:
        super().__init__(str(cause))
        self.line = line
        self.cause = cause
        if column is not None:
            cause.location = f"column {column}"


def _spool(
    spool: sqlite3.Connection, columns: Mapping[str, int], titles: Mapping[str, str], rows: Iterator[Row]
) -> Iterator[Refused]:
    spool.execute("PRAGMA journal_mode = OFF")
    spool.execute("CREATE TABLE conversation (number INTEGER PRIMARY KEY, id BLOB UNIQUE)")
    spool.execute("CREATE TABLE row (conversation INTEGER, line INTEGER, row BLOB)")
    for row in rows:
        conversation_id = _id(row, columns)
        if not conversation_id:
            missing = InvalidConversationError(
                "the row has no conversation id", "该行缺少会话编号", location=f"column {titles['conversation_id']}"
            )
            yield Refused.because(row.line, row.fault or missing)
            continue
        key = conversation_id.encode("utf-8", "surrogatepass")
        spool.execute("INSERT OR IGNORE INTO conversation (id) VALUES (?)", (key,))
        fault = row.fault and (row.fault.message_en, row.fault.message_zh, row.fault.hint, row.fault.location)
        spool.execute(
            "INSERT INTO row SELECT number, ?, ? FROM conversation WHERE id = ?",
            (row.line, json.dumps([row.cells, fault]), key),
        )
    spool.execute("CREATE INDEX place ON row (conversation, line)")


def _groups(spool: sqlite3.Connection) -> Iterator[list[Row]]:
    group: list[Row] = []
    current = None
    for number, line, stored in spool.execute("SELECT conversation, line, row FROM row ORDER BY conversation, line"):
        if number != current and group:
            yield group
            group = []
        current = number
        cells, fault = json.loads(stored)
        error = InvalidConversationError(fault[0], fault[1], hint=fault[2], location=fault[3]) if fault else None
        group.append(Row(line, cells, error))
    if group:
        yield group


def _id(row: Row, columns: Mapping[str, int]) -> str:
    index = columns["conversation_id"]
    return row.cells[index].strip() if index < len(row.cells) else ""


def _conversation(
    group: Sequence[Row], columns: Mapping[str, int], titles: Mapping[str, str], zone: tzinfo | None
) -> Conversation:
    document: dict[str, Any] = {"turns": []}
    origin: dict[str, tuple[int, str]] = {}  # field → line and column that set it, to name them in a refusal
    for row in group:
        if row.fault:
            raise _RowError(row.line, row.fault)
        values = _values(row, columns, titles, zone)
        document["id"] = values.pop("conversation_id")
        turn: dict[str, Any] = {"role": "", "text": ""}
        for field, value in values.items():
            if field in _TURN:
                turn[_TURN[field]] = value
            elif field in _SHARED or field in _PARTS:
                if field == "agent_id" and turn["role"] == "agent":
                    turn["agent_id"] = value
                _share(document, origin, field, value, row.line, titles[field])
            else:
                turn.setdefault("extra", {})[field] = value
        document["turns"].append(turn)
    try:
        return parse_conversation(document)
    except InvalidConversationError as error:
        raise _RowError(*_place(error, group, origin, titles)) from None


def _values(row: Row, columns: Mapping[str, int], titles: Mapping[str, str], zone: tzinfo | None) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field, index in columns.items():
        cell = row.cells[index] if index < len(row.cells) else ""
        if field == "text":
            values[field] = cell
        elif cell.strip():
            try:
                values[field] = read_cell(field, cell, zone) if known_field(field) else cell
            except InvalidConversationError as error:
                raise _RowError(row.line, error, titles[field]) from None
    return values


def _share(
    document: dict[str, Any], origin: dict[str, tuple[int, str]], field: str, value: Any, line: int, title: str
) -> None:
    """Set a value that holds for the whole conversation; the first agent is its agent, other values may not differ."""
    target, key = (
        (document, field) if field in _SHARED else (document.setdefault(_PARTS[field][0], {}), _PARTS[field][1])
    )
    if key not in target:
        target[key] = value
        origin[field] = line, title
    elif target[key] != value and not field.startswith("agent_"):
        first, _ = origin[field]
        raise _RowError(
            line,
            InvalidConversationError(
                f"differs from row {first} of the same conversation", f"与同一会话第 {first} 行的值不一致"
            ),
            title,
        )


def _place(
    error: InvalidConversationError,
    group: Sequence[Row],
    origin: Mapping[str, tuple[int, str]],
    titles: Mapping[str, str],
) -> tuple[int, InvalidConversationError, str | None]:
    """Say which row and column a JSON path of the gathered conversation comes from."""
    steps = (error.location or "$").removeprefix("$").replace("[", ".").replace("]", "").strip(".").split(".")
    if steps[0] == "turns" and len(steps) > 1:
        row = group[int(steps[1])]
        by_key = {key: field for field, key in _TURN.items()} | {"agent_id": "agent_id"}
        name = by_key.get(steps[2]) if len(steps) > 2 else None
        return row.line, error, titles.get(name or "", ".".join(steps[3:]) or None)
    if steps[0] == "id":
        return group[0].line, error, titles["conversation_id"]
    for field, (line, title) in origin.items():
        if steps == [field] or steps == list(_PARTS.get(field, ())):
            return line, error, title
    return group[0].line, error, None
