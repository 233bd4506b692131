"""The published schema is the one in the code, is a valid schema, and agrees with the parser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from models.errors import InvalidConversationError
from models.interchange import conversation_schema, parse_conversation

PUBLISHED = Path(__file__).parents[3] / "docs" / "reference" / "conversation.schema.json"
FULL = {
    "id": "c-20261012-0001",
    "channel": "chat",
    "queue": "aftersale",
    "language": "zh",
    "agent": {"id": "a-03", "name": "小李"},
    "customer": {"id": "u-11"},
    "started_at": "2026-10-12T09:00:00+08:00",
    "ended_at": "2026-10-12T09:12:40+08:00",
    "turns": [
        {"id": "t1", "role": "customer", "at": "2026-10-12T09:00:03+08:00", "text": "在吗,三天了还没发货"},
        {
            "id": "t2",
            "role": "agent",
            "at": "2026-10-12T09:00:11+08:00",
            "text": "非常抱歉让您久等了",
            "agent_id": "a-03",
        },
    ],
    "facts": {"csat": 4, "nps": 9, "resolved": True, "complaint": None, "order": {"placed_at": None, "amount": None}},
    "tags": ["物流"],
    "extra": {},
}


def test_published_file_is_the_schema_of_the_code() -> None:
    expected = json.dumps(conversation_schema(), ensure_ascii=False, indent=2) + "\n"
    assert PUBLISHED.read_text(encoding="utf-8") == expected, "run: attune schema conversation > docs/reference/…"


def test_it_is_a_valid_schema_with_a_description_for_every_field() -> None:
    schema = conversation_schema()
    assert jsonschema_rs.meta.is_valid(schema)
    for part in [schema, *schema["$defs"].values()]:
        for name, field in part["properties"].items():
            assert "description" in field, name


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"unknown": [1]},
        {"facts": None},
        {"id": 3},
        {"id": ""},
        {"id": " c"},
        {"id": "c\n"},
        {"id": "工单 7"},
        {"turns": []},
        {"turns": [{"role": "boss", "text": ""}]},
        {"turns": [{"role": "agent"}]},
        {"turns": [{"role": "agent", "text": "好" * 20_001}]},
        {"channel": "fax"},
        {"language": "中文"},
        {"facts": {"csat": "3"}},
        {"facts": {"csat": 6}},
        {"facts": {"resolved": 1}},
        {"tags": [1]},
        {"started_at": "gestern"},
        {"started_at": "2026-10-12T09:00:00"},
    ],
    ids=str,
)
def test_schema_and_parser_agree(change: dict[str, Any]) -> None:
    validator = jsonschema_rs.validator_for(conversation_schema(), validate_formats=True)
    value = FULL | change
    try:
        parse_conversation(value)
        parsed = True
    except InvalidConversationError:
        parsed = False
    assert validator.is_valid(value) == parsed
