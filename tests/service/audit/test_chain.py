"""The chain shows whatever is done to it, also by somebody who may do everything in the database."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from service.accounts.actor import WORKER, Actor
from service.audit.chain import Anchor, anchor, parse_anchor, verify
from service.audit.event import START, Event, as_stored, canonical, link_hash
from service.audit.log import list_events, record, record_read
from service.core.errors import InvalidRequestError, NotFoundError
from service.db.engine import Database

LIN = Actor("林夏", "qa", person_id="lin", key_prefix="att_12345678", request_id="r-1")

_texts = st.text(st.characters(exclude_categories=["Cs"]))
_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _texts
    | st.datetimes(timezones=st.just(UTC) | st.just(timezone(timedelta(hours=8)))),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(_texts, below, max_size=4),
    max_leaves=12,
)


def write(database: Database, count: int, **detail: Any) -> None:
    for number in range(count):
        with database.transaction() as session:
            record(session, LIN, "playbook.publish", "playbook", f"p-{number}", detail or {"version": number})


def outcome(database: Database, *anchors: Anchor, start: int | None = None):
    with database.transaction() as session:
        return verify(session, start, anchors)


@pytest.fixture
def superuser(database: Database) -> Callable[..., None]:
    """Return a function that runs a statement in spite of the trigger."""
    write(database, 8)

    def run(*statements: str) -> None:
        with database.engine.begin() as connection:
            connection.execute(sa.text("ALTER TABLE audit_event DISABLE TRIGGER audit_event_keep"))
            for statement in statements:
                connection.execute(sa.text(statement))
            connection.execute(sa.text("ALTER TABLE audit_event ENABLE TRIGGER audit_event_keep"))

    return run


@given(_values)
def test_one_spelling(value: Any) -> None:
    spelt = canonical(value)
    stored = json.loads(spelt)
    assert canonical(stored) == spelt
    assert canonical({"b": value, "a": 1}) == canonical({"a": 1.0, "b": value})
    assert canonical(json.loads(json.dumps(stored))) == spelt


@given(_values, _values)
def test_other_values_are_spelt_otherwise(one: Any, other: Any) -> None:
    plain = json.loads(canonical(one)), json.loads(canonical(other))
    same = json.dumps(plain[0], sort_keys=True) == json.dumps(plain[1], sort_keys=True)
    assert (canonical(one) == canonical(other)) == same


@pytest.mark.parametrize(
    ("value", "spelt"),
    [
        ({"名": "客服\n", "a": [1.0, 0.1, -0.0, 1e300]}, '{"a":[1,0.1,0,1e+300],"名":"客服\\n"}'),
        (datetime(2026, 10, 12, 9, tzinfo=timezone(timedelta(hours=8))), '"2026-10-12T01:00:00.000000Z"'),
        ((True, 1, None), "[true,1,null]"),
    ],
)
def test_spellings(value: Any, spelt: str) -> None:
    assert canonical(value).decode() == spelt


@pytest.mark.parametrize("value", [float("nan"), float("inf"), datetime(2026, 1, 1), b"x", {1: 2}, {1, 2}, "\ud800"])
def test_what_cannot_be_spelt(value: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        canonical({"x": value})


@given(st.dictionaries(_texts.filter(lambda key: "\0" not in key), _values, max_size=4))
def test_whatever_is_recorded_is_read_again_and_verified(database: Database, detail: dict[str, Any]) -> None:
    with database.transaction() as session:
        record(session, LIN, "test", "thing", "会话-😀", detail)
    with database.transaction() as session:
        stored = list_events(session, limit=1).items[0]
        assert canonical(stored.detail) == canonical(as_stored(detail))
        assert verify(session, stored.seq).fault is None


def test_who_what_and_where(database: Database) -> None:
    with database.transaction() as session:
        record(session, LIN, "a", "thing", 7, {"at": datetime(2026, 1, 1, tzinfo=UTC)})
        record_read(session, WORKER, "b", "thing")
        assert list_events(session).items == []  # they are written with the transaction's end
    with database.transaction() as session:
        second, first = list_events(session).items
    assert (first.seq, first.actor, first.actor_role, first.object_id, first.request_id) == (1, "lin", "qa", "7", "r-1")
    assert first.detail == {"at": "2026-01-01T00:00:00.000000Z"}
    assert (second.seq, second.actor, second.object_id, second.request_id) == (2, "worker", None, None)


def test_an_event_goes_with_its_change_or_not_at_all(database: Database) -> None:
    def fail() -> None:
        with database.transaction() as session:
            record(session, LIN, "a", "thing")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with database.transaction() as session:
        assert list_events(session).items == []
        assert verify(session).head is None
        with pytest.raises(NotFoundError):
            anchor(session)


def test_many_at_once_make_one_chain(database: Database) -> None:
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: write(database, 10), range(6)))
    found = outcome(database)
    assert (found.events, found.fault) == (60, None)
    assert found.head is not None
    assert found.head.seq == 60


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET actor = 'x' WHERE seq = 1",
        "UPDATE audit_event SET actor = 'x' WHERE false",
        "DELETE FROM audit_event",
        "TRUNCATE audit_event",
    ],
)
def test_the_database_refuses(database: Database, statement: str) -> None:
    write(database, 1)
    with pytest.raises(sa.exc.DatabaseError, match="append-only"), database.engine.begin() as connection:
        connection.execute(sa.text(statement))


@pytest.mark.parametrize(
    "column",
    [
        "actor = 'somebody'",
        "actor_role = 'viewer'",
        "action = 'conversation.read'",
        "object_id = NULL",
        "request_id = NULL",
        """detail = '{"version": 99}'""",
        "detail = '[]'",
        "at = at + interval '1 microsecond'",
        "hash = repeat('a', 64)",
        "prev_hash = repeat('a', 64)",
    ],
)
def test_a_changed_event(database: Database, superuser, column: str) -> None:
    superuser(f"UPDATE audit_event SET {column} WHERE seq = 4")
    found = outcome(database)
    assert found.fault is not None
    assert (found.fault.kind, found.fault.first, found.events) == ("changed", 4, 3)
    assert "4" in found.fault.message
    assert "event 4" in found.fault.message_en
    assert outcome(database, start=6).fault is None
    assert outcome(database, start=3).fault is not None


def rehash(database: Database, start: int, **changes: Any) -> None:
    """Change an event and write its hash anew; with ``all_after`` those that follow, too."""
    all_after = changes.pop("all_after", False)
    with database.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE audit_event DISABLE TRIGGER audit_event_keep"))
        rows = connection.execute(sa.text("SELECT * FROM audit_event ORDER BY seq")).mappings().all()
        before = START
        for row in rows:
            values = {name: row[name] for name in Event.__slots__}
            if row["seq"] == start:
                values |= changes
            if row["seq"] == start or (all_after and row["seq"] > start):
                new = link_hash(before, Event(**values))
                update = "UPDATE audit_event SET actor = :actor, prev_hash = :before, hash = :new WHERE seq = :seq"
                given = {"actor": values["actor"], "before": before, "new": new, "seq": row["seq"]}
                connection.execute(sa.text(update), given)
                before = new
            else:
                before = row["hash"]
        connection.execute(sa.text("ALTER TABLE audit_event ENABLE TRIGGER audit_event_keep"))


@pytest.mark.usefixtures("superuser")
def test_a_changed_event_with_a_new_hash(database: Database) -> None:
    rehash(database, 4, actor="somebody")
    fault = outcome(database).fault
    assert fault is not None
    assert (fault.kind, fault.first) == ("changed", 4)


@pytest.mark.usefixtures("superuser")
def test_all_written_anew_is_found_by_an_anchor_only(database: Database) -> None:
    with database.transaction() as session:
        kept = anchor(session)
    rehash(database, 4, actor="somebody", all_after=True)
    assert outcome(database).fault is None
    for start in (None, 7, 9):
        fault = outcome(database, kept, start=start).fault
        assert fault is not None
        assert (fault.kind, fault.first) == ("changed", 8)


def test_deleted_events(database: Database, superuser) -> None:
    superuser("DELETE FROM audit_event WHERE seq IN (3, 4)")
    fault = outcome(database).fault
    assert fault is not None
    assert (fault.kind, fault.first, fault.last) == ("deleted", 3, 4)
    assert fault.message_en == "events 3 to 4 are missing"
    assert outcome(database, start=5).fault is not None


def test_the_first_event_deleted(database: Database, superuser) -> None:
    superuser("DELETE FROM audit_event WHERE seq = 1")
    fault = outcome(database).fault
    assert fault is not None
    assert (fault.kind, fault.first) == ("deleted", 1)


def test_deleted_and_the_others_moved_up(database: Database, superuser) -> None:
    superuser("DELETE FROM audit_event WHERE seq IN (3, 4)", "UPDATE audit_event SET seq = -seq WHERE seq > 4")
    superuser("UPDATE audit_event SET seq = -seq - 2 WHERE seq < 0")
    fault = outcome(database).fault
    assert fault is not None
    assert (fault.kind, fault.first, fault.last) == ("deleted", 3, 4)


def test_a_tail_cut_off_is_found_by_an_anchor_only(database: Database, superuser) -> None:
    with database.transaction() as session:
        kept = anchor(session)
    assert outcome(database, kept).fault is None
    superuser("DELETE FROM audit_event WHERE seq > 6")
    assert outcome(database).fault is None
    fault = outcome(database, kept).fault
    assert fault is not None
    assert (fault.kind, fault.first, fault.last) == ("deleted", 7, 8)
    assert parse_anchor(str(kept)) == kept


def insert(seq: int, prev: str) -> str:
    columns = "at, actor, actor_role, action, object_type, object_id, request_id, detail"
    return (
        f"INSERT INTO audit_event (seq, {columns}, prev_hash, hash) "
        f"SELECT {seq}, {columns}, {prev}, repeat('b', 64) FROM audit_event LIMIT 1"
    )


@pytest.mark.parametrize("seq", [0, -5])
def test_an_event_before_the_first(database: Database, superuser, seq: int) -> None:
    superuser(insert(seq, "repeat('c', 64)"))
    fault = outcome(database).fault
    assert fault is not None
    assert (fault.kind, fault.first) == ("inserted", seq)


def test_an_event_at_the_end(database: Database, superuser) -> None:
    superuser(insert(9, "(SELECT hash FROM audit_event WHERE seq = 8)"))
    fault = outcome(database).fault
    assert fault is not None
    assert (fault.kind, fault.first) == ("changed", 9)  # it has no hash of its own


def test_an_event_put_in_between_with_a_good_hash(database: Database, superuser) -> None:
    superuser(
        "ALTER TABLE audit_event DROP CONSTRAINT uq_audit_event_prev_hash",
        "UPDATE audit_event SET seq = -seq WHERE seq > 4",
        "UPDATE audit_event SET seq = 1 - seq WHERE seq < 0",
        insert(5, "(SELECT hash FROM audit_event WHERE seq = 4)"),
    )
    rehash(database, 5, actor="somebody")
    fault = outcome(database).fault
    assert fault is not None
    assert (fault.kind, fault.first, fault.last) == ("inserted", 5, 5)


def test_two_cannot_follow_the_same_one(superuser) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        superuser(insert(9, "(SELECT hash FROM audit_event WHERE seq = 3)"))


@pytest.mark.parametrize(
    "text", ["", "x@1", "a" * 64, f"{'a' * 64}@", f"{'A' * 64}@1", f"{'a' * 64}@１", f"{'a' * 64}@-1"]
)
def test_what_is_no_anchor(text: str) -> None:
    with pytest.raises(InvalidRequestError):
        parse_anchor(text)


@given(st.integers(1, 10**6), _texts)
def test_a_place_or_a_letter_changes_the_hash(seq: int, actor: str) -> None:
    event = Event(seq, datetime(2026, 1, 1, tzinfo=UTC), actor, "qa", "a", "b", None, None, {})
    assert link_hash(START, event) != link_hash(START, event, seq + 1)
    assert link_hash(START, event) != link_hash("1" * 64, event)
    assert link_hash(START, event) == link_hash(START, event, seq)
