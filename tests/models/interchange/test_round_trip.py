"""Whatever conversation there is: written, read, masked and hashed, it stays the same."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from models.domain.conversation import CHANNELS, QUEUES, ROLES, Conversation, Party, Turn
from models.interchange import (
    content_hash,
    conversation_to_json,
    decode_json,
    mask_conversation,
    parse_conversation,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)
LABEL = TEXT.filter(bool)
IDS = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=20)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TIMES = st.datetimes(datetime(1970, 1, 3), datetime(2999, 12, 30), timezones=ZONES)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
KNOWN = {"id", "name", "role", "text", "at", "agent_id", "extra", "channel", "queue", "language", "agent", "customer"}
KNOWN |= {"started_at", "ended_at", "turns", "facts", "tags"}
EXTRA = st.dictionaries(TEXT.filter(lambda key: key not in KNOWN), VALUES, max_size=3)
FACTS = st.fixed_dictionaries(
    {},
    optional={
        "csat": st.integers(1, 5) | st.none(),
        "nps": st.integers(0, 10),
        "resolved": st.booleans() | st.none(),
        "complaint": st.none() | st.fixed_dictionaries({"kind": st.sampled_from(["service", "system"]), "note": TEXT}),
        "order": st.fixed_dictionaries({"amount": st.floats(0, 1e9), "placed_at": TIMES.map(datetime.isoformat)}),
        "ticket": VALUES,
    },
)
PARTIES = st.builds(Party, id=st.none() | IDS, name=st.none() | LABEL, extra=EXTRA)


@st.composite
def conversations(draw: st.DrawFn) -> Conversation:
    count = draw(st.integers(1, 5))
    times = sorted(draw(st.lists(TIMES, min_size=count, max_size=count)))
    timed = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    turns = tuple(
        Turn(
            index,
            draw(st.sampled_from(ROLES)),
            draw(TEXT),
            times[index] if timed[index] else None,
            draw(st.none() | IDS),
            draw(st.none() | IDS),
            draw(EXTRA),
        )
        for index in range(count)
    )
    started, ended = sorted(draw(st.tuples(TIMES, TIMES)))
    return Conversation(
        id=draw(IDS),
        turns=turns,
        channel=draw(st.sampled_from(CHANNELS)),
        queue=draw(st.sampled_from(QUEUES)),
        language=draw(st.sampled_from([None, "zh", "en-GB", "zh-Hant"])),
        agent=draw(PARTIES),
        customer=draw(PARTIES),
        started_at=draw(st.sampled_from([None, started])),
        ended_at=draw(st.sampled_from([None, ended])),
        facts=draw(FACTS),
        tags=tuple(draw(st.lists(LABEL, max_size=3))),
        extra=draw(EXTRA),
    )


@given(conversations())
def test_read_after_written_is_the_same(conversation: Conversation) -> None:
    line = json.dumps(conversation_to_json(conversation), ensure_ascii=False)
    assert parse_conversation(decode_json(line)) == conversation


@given(conversations())
def test_masking_twice_changes_nothing_and_masked_hashes_alike(conversation: Conversation) -> None:
    masked = mask_conversation(conversation)
    assert mask_conversation(masked) == masked
    assert content_hash(masked) == content_hash(conversation)
    assert [len(turn.text) for turn in masked.turns] == [len(turn.text) for turn in conversation.turns]


@given(conversations())
def test_hash_does_not_depend_on_how_it_was_written(conversation: Conversation) -> None:
    moved = replace(
        conversation,
        started_at=conversation.started_at and conversation.started_at.astimezone(UTC),
        turns=tuple(replace(turn, at=turn.at and turn.at.astimezone(UTC)) for turn in conversation.turns),
    )
    stored = json.loads(json.dumps(conversation_to_json(moved), sort_keys=True))
    assert content_hash(parse_conversation(stored)) == content_hash(conversation)


def test_hash_tells_other_content_apart() -> None:
    base = {"id": "c1", "turns": [{"role": "customer", "text": "在吗"}]}
    variants = [
        base,
        base | {"id": "c2"},
        base | {"queue": "aftersale"},
        base | {"facts": {"csat": 1}},
        base | {"extra": {"a": 1}},
        base | {"turns": [{"role": "agent", "text": "在吗"}]},
        base | {"turns": [{"role": "customer", "text": "在吗?"}]},
        base | {"turns": [{"role": "customer", "text": "在吗", "at": "2026-10-12T09:00:00+08:00"}]},
    ]
    assert len({content_hash(parse_conversation(variant)) for variant in variants}) == len(variants)


def test_hash_is_stable_over_releases() -> None:
    conversation = parse_conversation(
        {"id": "c1", "turns": [{"role": "customer", "text": "在吗"}], "facts": {"csat": 5}}
    )
    # Stored hashes are compared with this: a change here makes every stored conversation look revised.
    assert content_hash(conversation) == "sha256:7f3cd4ae285631f87841aafac2e81bce14390d79271a940b155ce9c82ffe489b"


def test_personal_data_is_masked_everywhere_but_in_ids_and_the_agents_name() -> None:
    phone = "13812345678"
    conversation = parse_conversation(
        {
            "id": "c1",
            "agent": {"id": "a1", "name": "小李"},
            "customer": {"id": "u1", "name": "王小明", "note": f"电话{phone}"},
            "turns": [{"role": "customer", "text": f"我的电话是{phone}", "raw": [phone]}],
            "facts": {
                "ticket": {"contact": phone, "ticket_id": phone, "phone_no": phone, "mobile": int(phone)},
                "order": {
                    "order_no": 6222020000000000000,
                    "wechat_id": "xiaoming_88",
                    "收货地址": {"line": "青石巷5号"},
                },
            },
            "source": {"deep": [{"phone": phone, "seen": int(phone), phone: 1}], "reason": "wechat is down"},
        }
    )
    masked = conversation_to_json(mask_conversation(conversation))
    assert masked["customer"]["name"] == "***"
    assert masked["agent"] == {"id": "a1", "name": "小李"}
    assert masked["facts"]["ticket"]["ticket_id"] == phone
    del masked["facts"]["ticket"]["ticket_id"]
    assert masked["facts"]["order"] == {
        "order_no": 6222020000000000000,
        "wechat_id": "*" * 11,
        "收货地址": {"line": "*" * 5},
    }
    assert masked["extra"]["source"]["reason"] == "wechat is down"
    assert phone not in json.dumps(masked)
