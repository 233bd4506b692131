from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from models.interchange import parse_conversation
from service.conversations.read import get_conversation
from service.conversations.repository import lock_existing
from service.conversations.store import store_conversations
from service.db.engine import Database


def outcomes(session: Session, *conversations, revise: bool = False) -> list[tuple[str, int]]:
    return [(one.outcome, one.revision) for one in store_conversations(session, conversations, revise)]


def test_the_same_again_changes_nothing(session: Session, document) -> None:
    conversation = parse_conversation(document())
    assert outcomes(session, conversation) == [("accepted", 1)]
    assert outcomes(session, conversation) == [("unchanged", 1)]
    assert session.execute(sa.text("SELECT count(*) FROM procrastinate_jobs")).scalar_one() == 1


def test_other_content_is_a_conflict_or_a_revision(session: Session, document) -> None:
    assert outcomes(session, parse_conversation(document())) == [("accepted", 1)]
    other = parse_conversation(document(text="换一句"))
    assert outcomes(session, other) == [("conflict", 1)]
    assert get_conversation(session, "c-1").document["turns"][0]["text"] == "在吗，怎么还没发货"
    assert outcomes(session, other, revise=True) == [("revised", 2)]
    session.expire_all()
    stored = get_conversation(session, "c-1")
    assert (stored.revision, stored.document["turns"][0]["text"]) == (2, "换一句")
    texts = session.execute(sa.text("SELECT document -> 'turns' -> 0 ->> 'text' FROM conversation_revision")).scalars()
    assert set(texts) == {"在吗，怎么还没发货", "换一句"}


def test_the_same_id_twice_in_one_call(session: Session, document) -> None:
    first, second = parse_conversation(document()), parse_conversation(document(text="另一句"))
    assert outcomes(session, first, first, second) == [("accepted", 1), ("unchanged", 1), ("conflict", 1)]
    assert outcomes(session, second, first, second, revise=True) == [("revised", 2), ("revised", 3), ("revised", 4)]


def test_personal_data_are_masked_before_they_are_stored(session: Session, document) -> None:
    store_conversations(session, [parse_conversation(document(text="我的电话13812345678"))])
    everything = session.execute(sa.text("SELECT document::text FROM conversation_revision")).scalar_one()
    assert "13812345678" not in everything
    # A stored document taken back in is the same content.
    again = parse_conversation(get_conversation(session, "c-1").document)
    assert outcomes(session, again) == [("unchanged", 1)]


def test_jobs_hold_at_most_200_conversations(session: Session, document) -> None:
    one = parse_conversation(document())
    stored = store_conversations(session, [replace(one, id=f"c-{number}") for number in range(450)])
    lengths = session.execute(
        sa.text("SELECT jsonb_array_length(args -> 'conversation_ids') FROM procrastinate_jobs ORDER BY id")
    ).scalars()
    assert list(lengths) == [200, 200, 50]
    assert len({outcome.job_id for outcome in stored}) == 3


def test_a_failed_transaction_leaves_neither_conversation_nor_job(database: Database, document) -> None:
    class Interrupted(Exception):
        pass

    try:
        with database.transaction() as session:
            store_conversations(session, [parse_conversation(document())])
            raise Interrupted
    except Interrupted:
        pass
    with database.transaction() as session:
        rows = session.execute(
            sa.text("SELECT (SELECT count(*) FROM conversation), (SELECT count(*) FROM procrastinate_jobs)")
        ).one()
    assert tuple(rows) == (0, 0)


@given(texts=st.lists(st.sampled_from(["甲", "乙", "丙"]), min_size=1, max_size=8), revise=st.booleans())
def test_revisions_count_changes_of_content(session: Session, document, texts: list[str], revise: bool) -> None:
    savepoint = session.begin_nested()
    try:
        results = []
        for text in texts:
            results += outcomes(session, parse_conversation(document(text=text)), revise=revise)
        changes = sum(before != after for before, after in itertools.pairwise(texts))
        assert results[0] == ("accepted", 1)
        assert max(revision for _, revision in results) == (1 + changes if revise else 1)
        assert sum(outcome == "accepted" for outcome, _ in results) == 1
        for text, (outcome, _) in list(zip(texts, results, strict=True))[1:]:
            if not revise:
                assert outcome == ("unchanged" if text == texts[0] else "conflict")
    finally:
        savepoint.rollback()


def test_many_writers_of_the_same_conversations(database: Database, document) -> None:
    one = parse_conversation(document())
    ids = [f"c-{number}" for number in range(30)]

    def write(writer: int) -> list[str]:
        order = ids if writer % 2 else ids[::-1]
        with database.transaction() as session:
            return [
                outcome.outcome for outcome in store_conversations(session, [replace(one, id=each) for each in order])
            ]

    with ThreadPoolExecutor(8) as pool:
        written = [outcome for batch in pool.map(write, range(8)) for outcome in batch]
    assert written.count("accepted") == len(ids)
    assert written.count("unchanged") == 7 * len(ids)
    with database.transaction() as session:
        assert session.execute(sa.text("SELECT count(*) FROM conversation_revision")).scalar_one() == len(ids)


def test_many_writers_of_different_revisions(database: Database, document) -> None:
    def write(number: int) -> tuple[str, int]:
        with database.transaction() as session:
            return outcomes(session, parse_conversation(document(text=f"第{number}句")), revise=True)[0]

    with ThreadPoolExecutor(8) as pool:
        written = list(pool.map(write, range(16)))
    assert sorted(revision for _, revision in written) == list(range(1, 17))
    assert [outcome for outcome, _ in written].count("accepted") == 1


def test_a_revision_without_times_stays_at_its_place(session: Session, document) -> None:
    def undated(text: str):
        return parse_conversation(document(text=text, started_at=None, turns=[{"role": "customer", "text": text}]))

    occurred = sa.text("SELECT occurred_at FROM conversation")
    store_conversations(session, [undated("一")])
    first = session.execute(occurred).scalar_one()
    assert outcomes(session, undated("二"), revise=True) == [("revised", 2)]
    assert session.execute(occurred).scalar_one() == first


def test_rows_are_locked_in_the_order_in_which_a_worker_updates_them(session: Session, document) -> None:
    ids = ["Z", "a", "中", "_b", "B"]
    store_conversations(session, [parse_conversation(document(one)) for one in ids])
    assert list(lock_existing(session, ids)) == sorted(ids)
