from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from models.interchange import parse_conversation
from service.conversations.filters import ConversationFilter
from service.conversations.paging import decode_cursor, encode_cursor
from service.conversations.read import iter_conversations, list_conversations
from service.conversations.store import store_conversations
from service.core.errors import InvalidCursorError

_IDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=200)


@given(st.datetimes(timezones=st.timezones()), _IDS)
def test_a_cursor_brings_its_position_back(moment: datetime, conversation_id: str) -> None:
    moment = moment.replace(fold=0)
    cursor = encode_cursor(moment, conversation_id)
    assert cursor.replace("-", "").replace("_", "").isalnum()
    found, found_id = decode_cursor(cursor)
    assert (found.astimezone(UTC), found_id) == (moment.astimezone(UTC), conversation_id)


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda data: data.hex()))
@pytest.mark.filterwarnings("error")
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursorError):
        decode_cursor(text)


@given(
    minutes=st.lists(st.integers(0, 3), min_size=1, max_size=12),
    limit=st.integers(1, 5),
)
def test_pages_hold_everything_once_in_order(session: Session, document, minutes: list[int], limit: int) -> None:
    savepoint = session.begin_nested()
    try:
        started = {f"c{number}": f"2026-10-12T09:0{minute}:00+08:00" for number, minute in enumerate(minutes)}
        turns = [{"role": "customer", "text": "在"}]
        store_conversations(
            session,
            [parse_conversation(document(one, started_at=time, turns=turns)) for one, time in started.items()],
        )
        seen: list[str] = []
        cursor = None
        while True:
            page = list_conversations(session, ConversationFilter(), limit, cursor)
            assert 0 < len(page.items) <= limit
            seen += [item.id for item in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert sorted(seen) == sorted(started)
        assert [started[one] for one in seen] == sorted(started.values(), reverse=True)
        assert sorted(one.id for one in iter_conversations(session)) == sorted(started)
    finally:
        savepoint.rollback()


def test_export_goes_on_beyond_its_chunks(session: Session, document) -> None:
    store_conversations(session, [parse_conversation(document(f"c-{number}")) for number in range(450)])
    assert len({one.id for one in iter_conversations(session)}) == 450
    assert list(iter_conversations(session, ConversationFilter(queue="complaint"))) == []
