"""Reads conversations from any kind of input that Attune takes."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import tzinfo

from models.domain.conversation import Conversation
from models.errors import InvalidConversationError
from models.interchange import content_hash
from service.ingest.csv_table import read_csv
from service.ingest.errors import EmptyInputError
from service.ingest.jsonl import read_jsonl
from service.ingest.outcomes import Accepted, Outcome, Refused, Unchanged
from service.ingest.source import Kind, Source, open_source
from service.ingest.xlsx_table import read_xlsx

Items = Iterator[tuple[int, Conversation] | Refused]


def read_conversations(
    path: str | os.PathLike[str],
    *,
    zone: tzinfo | None = None,
    progress: Callable[[float | None], None] | None = None,
) -> Iterator[Outcome]:
    """Yield what became of each conversation of ``path``: JSON Lines, CSV or XLSX, gzipped or not; ``-`` is stdin.

    Streams: memory does not grow with the input.

    Args:
        path: The input.
        zone: The zone of times in tables that name none; without it such a time is refused.
        progress: Called after each outcome with the share of the input read (0…1), or ``None`` where it is unknown.

    Raises:
        InputError: Nothing of the input can be read (see ``service.ingest.errors``), or there is nothing in it.
    """
    with open_source(path) as source:
        yield from classify(read_source(source, zone), source, progress)


def read_source(source: Source, zone: tzinfo | None = None, kind: Kind | None = None) -> Items:
    """Yield the conversations of an opened input by its kind, duplicates included."""
    match kind or source.kind:
        case "csv":
            return read_csv(source, zone)
        case "xlsx":
            return read_xlsx(source, zone)
        case _:
            return read_jsonl(source)


def classify(items: Items, source: Source, progress: Callable[[float | None], None] | None = None) -> Iterator[Outcome]:
    """Yield the outcome of each item, telling repeated ids apart by content.

    Raises:
        EmptyInputError: There is no item at all.
    """
    empty = True
    with closing(sqlite3.connect("")) as seen:
        seen.execute("PRAGMA journal_mode = OFF")
        seen.execute("CREATE TABLE seen (id TEXT PRIMARY KEY, hash TEXT, line INTEGER) WITHOUT ROWID")
        for item in items:
            empty = False
            yield item if isinstance(item, Refused) else _outcome(seen, *item)
            if progress:
                progress(source.fraction())
    if empty:
        raise EmptyInputError(
            "holds no conversation",
            "其中没有任何会话",
            hint="one JSON object per line, or a table with a header / 每行一个 JSON 对象,或带表头的表格",
            location=source.name,
        )


def _outcome(seen: sqlite3.Connection, line: int, conversation: Conversation) -> Outcome:
    fingerprint = content_hash(conversation)
    row = seen.execute("SELECT hash, line FROM seen WHERE id = ?", (conversation.id,)).fetchone()
    if row is None:
        seen.execute("INSERT INTO seen VALUES (?, ?, ?)", (conversation.id, fingerprint, line))
        return Accepted(line, conversation, fingerprint)
    if row[0] == fingerprint:
        return Unchanged(line, conversation.id, row[1])
    clash = InvalidConversationError(
        f'the id "{conversation.id}" stands in line {row[1]} already, with other content',
        f"编号“{conversation.id}”在第 {row[1]} 行已出现,且内容不同",
        hint="give each conversation its own id / 每个会话须有唯一编号",
        location="$.id",
    )
    return Refused.because(line, clash, conversation.id)
