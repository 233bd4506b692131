"""What breaks a rule is refused with its path, what was found and what is allowed."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import InvalidConversationError
from models.interchange import decode_json, parse_conversation

GOOD = {"id": "c1", "turns": [{"role": "customer", "text": "在吗"}]}
T0, T1 = "2026-10-12T09:00:00+08:00", "2026-10-12T09:00:01+08:00"


def turn(**fields: Any) -> dict[str, Any]:
    return {"turns": [{"role": "agent", "text": "好", **fields}]}


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


CASES: list[tuple[dict[str, Any], str, str]] = [
    ({"id": 3}, "$.id", "the number 3"),
    ({"id": None}, "$.id", "null"),
    ({"id": ""}, "$.id", "empty"),
    ({"id": " c1"}, "$.id", "blank"),
    ({"id": "c1\n"}, "$.id", "blank"),
    ({"id": "c" * 201}, "$.id", "201 characters, at most 200"),
    ({"turns": None}, "$.turns", "expected a list"),
    ({"turns": []}, "$.turns", "empty list"),
    ({"turns": {}}, "$.turns", "found an object"),
    ({"turns": ["hi"]}, "$.turns[0]", "expected an object"),
    ({"turns": [{"role": "customer", "text": ""}] * 10_001}, "$.turns", "10,001"),
    ({"turns": [{"role": "customer"}]}, "$.turns[0].text", "missing"),
    ({"turns": [{"text": "a"}]}, "$.turns[0].role", "missing"),
    (turn(role="boss"), "$.turns[0].role", "allowed: customer, agent, bot, system"),
    (turn(role=["agent"]), "$.turns[0].role", "found a list"),
    (turn(text=None), "$.turns[0].text", "expected a string"),
    (turn(text=5), "$.turns[0].text", "expected a string"),
    (turn(text="好" * 20_001), "$.turns[0].text", "20,001 characters, at most 20,000"),
    (turn(text="a\0b"), "$.turns[0].text", "NUL"),
    (turn(text="a\ud83d"), "$.turns[0].text", "surrogate"),
    (turn(at="2026-10-12T09:00:00"), "$.turns[0].at", "no time zone"),
    (turn(at="2026-02-30T09:00:00Z"), "$.turns[0].at", "calendar"),
    (turn(at="gestern"), "$.turns[0].at", "ISO 8601"),
    (turn(at=1_760_000_000), "$.turns[0].at", "not a time"),
    (turn(at="0001-01-01T00:00:00+14:00"), "$.turns[0].at", "1970"),
    (turn(agent_id=7), "$.turns[0].agent_id", "expected a string"),
    (
        {"turns": [{"role": "agent", "text": "", "at": at} for at in (T1, None, T0)]},
        "$.turns[2].at",
        "lies before turns[0].at",
    ),
    ({"started_at": T1, "ended_at": T0}, "$.ended_at", "lies before started_at"),
    ({"facts": {"complaint": {"received_at": T1, "closed_at": T0}}}, "$.facts.complaint.closed_at", "received_at"),
    ({"channel": "fax"}, "$.channel", "allowed: chat, voice, email, social, other"),
    ({"queue": 1}, "$.queue", "allowed: presale"),
    ({"language": "中文"}, "$.language", "language tag"),
    ({"agent": "小李"}, "$.agent", "expected an object"),
    ({"customer": {"name": ""}}, "$.customer.name", "empty"),
    ({"facts": []}, "$.facts", "expected an object"),
    ({"facts": {"csat": "3"}}, "$.facts.csat", "expected a whole number"),
    ({"facts": {"csat": True}}, "$.facts.csat", "found true"),
    ({"facts": {"csat": 4.5}}, "$.facts.csat", "whole number"),
    ({"facts": {"csat": 0}}, "$.facts.csat", "≥ 1"),
    ({"facts": {"nps": 11}}, "$.facts.nps", "≤ 10"),
    ({"facts": {"resolved": 1}}, "$.facts.resolved", "true or false"),
    ({"facts": {"complaint": {"kind": "rude"}}}, "$.facts.complaint.kind", "service, system"),
    ({"facts": {"order": {"amount": -1}}}, "$.facts.order.amount", "≥ 0"),
    ({"tags": "物流"}, "$.tags", "expected a list"),
    ({"tags": [1]}, "$.tags[0]", "expected a string"),
    ({"x": float("nan")}, "$.x", "not a JSON number"),
    ({"x": [float("inf")]}, "$.x[0]", "not a JSON number"),
    ({"x": 2**63}, "$.x", "64 bits"),
    ({"x": {1, 2}}, "$.x", "no JSON value"),
    ({"x": {3: 1}}, "$.x", "not a string"),
    ({"x": nested(40)}, "$.x[0][0][0]", "deeper"),
    ({"a b": {"\0": 1}}, '$["a b"]', "NUL"),
    ({"x": 1, "extra": {"x": 2}}, "$.x", "twice"),
]


@pytest.mark.parametrize(("change", "path", "words"), CASES, ids=lambda case: case if isinstance(case, str) else "")
def test_refused_with_path_and_reason(change: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(InvalidConversationError) as caught:
        parse_conversation(GOOD | change)
    assert caught.value.location == path
    assert words in caught.value.message_en
    assert caught.value.message_zh != caught.value.message_en


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "broken JSON at character 1"),
        ('{"id": "c1"', "broken JSON"),
        ("{} {}", "Extra data"),
        ("[1, 2]", "a list of 2"),
        ("null", "null"),
        ('{"a": 1, "b": {"c": 1, "c": 2}}', '"c" stands twice'),
        ('{"a": NaN}', "NaN"),
        ('{"a": -Infinity}', "-Infinity"),
        ('{"a": ' + "9" * 5000 + "}", "64 bits"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_text_that_is_no_json_object(text: str, words: str) -> None:
    with pytest.raises(InvalidConversationError) as caught:
        decode_json(text)
    assert words in caught.value.message_en


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(st.dictionaries(st.sampled_from(["id", "turns", "facts", "extra", "agent", "tags", "at", "?"]), JSON))
def test_anything_is_taken_or_refused_never_broken(value: dict[str, Any]) -> None:
    with suppress(InvalidConversationError):
        assert parse_conversation(GOOD | value).turns


def test_absent_and_null_are_the_same_and_defaults_hold() -> None:
    names = ["channel", "queue", "language", "agent", "customer", "started_at", "ended_at", "facts", "tags", "extra"]
    conversation = parse_conversation(GOOD | dict.fromkeys(names))
    assert conversation == parse_conversation(GOOD)
    assert (conversation.channel, conversation.queue) == ("chat", "other")


def test_unknown_fields_are_kept_at_their_level() -> None:
    conversation = parse_conversation(
        {
            "id": "c1",
            "shop": "s1",
            "extra": {"old": 1},
            "agent": {"team": "夜班"},
            "turns": [{"role": "bot", "text": "", "score": [1.5]}],
        }
    )
    assert conversation.extra == {"old": 1, "shop": "s1"}
    assert conversation.agent.extra == {"team": "夜班"}
    assert conversation.turns[0].extra == {"score": [1.5]}


@pytest.mark.parametrize(
    "text",
    ["2026-10-12T09:00:00Z", "2026-10-12 09:00:00.123456789+0800", "2026-10-12T09:00+08:00", "2026-10-12T09:00z"],
)
def test_iso_times_in_their_forms(text: str) -> None:
    assert parse_conversation(GOOD | {"started_at": text}).started_at is not None
