"""Reads JSON Lines, one conversation a line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from models.domain.conversation import Conversation
from models.errors import InvalidConversationError
from models.interchange import decode_json, parse_conversation
from service.ingest.lines import DamagedInputError, read_lines
from service.ingest.outcomes import Refused
from service.ingest.source import Source

Parser = Callable[[Mapping[str, Any]], Conversation]
_ARRAY_HINT = "the file is a JSON array; jq -c '.[]' IN > OUT.jsonl / 这是 JSON 数组,请转换为每行一个对象"


def read_jsonl(source: Source, parse: Parser = parse_conversation) -> Iterator[tuple[int, Conversation] | Refused]:
    """Yield each line's number and conversation, or why it is refused; blank lines are passed over."""
    try:
        for line in read_lines(source.stream, source.offset):
            if not line.data.strip() and not line.too_long:
                continue
            record: Mapping[str, Any] = {}
            try:
                text = line.text()
                record = decode_json(text)
                yield line.number, parse(record)
            except InvalidConversationError as error:
                if not record and line.data.lstrip()[:1] == b"[":
                    error.hint = _ARRAY_HINT
                yield Refused.because(line.number, error, record.get("id"))
    except DamagedInputError as error:
        yield Refused.because(error.line, error)
