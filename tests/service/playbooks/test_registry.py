"""Published playbooks never change, and the one in force is the narrowest at the conversation's start."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from models.errors import InvalidPlaybookError, InvalidRubricError
from models.interchange import parse_conversation
from models.qa import load_rubric
from models.scorers.compliance import list_playbooks
from service.conversations.read import get_conversation
from service.conversations.store import store_conversations
from service.core.errors import AmbiguousPlaybookError, InvalidRequestError, NotFoundError, PlaybookConflictError
from service.core.settings import ScoringSettings
from service.db.engine import Database
from service.playbooks.activation import activate, choose, in_force, retire
from service.playbooks.registry import find_published, load_published, made_with, publish_file, publish_text
from service.scoring.fake import FakeEngine
from service.scoring.gateway import open_engine
from service.scoring.run import score_batch
from tests.service.playbooks.shops import shop

START = datetime(2026, 10, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def publish(session: Session, *texts: str) -> None:
    for text in texts:
        publish_text(session, text, "me")


def chosen(session: Session, document, at: datetime, **fields: object) -> str | None:
    found = choose(in_force(session), parse_conversation(document(**fields)), at)
    return f"{found.id}@{found.version}" if found else None


def test_a_version_is_published_once(session: Session) -> None:
    first = publish_text(session, shop(), "me")
    assert (first.new, first.published_by) == (True, "me")
    again = publish_text(session, "# a comment\n" + shop(), "you")
    assert (again.new, again.published_by, again.playbook.hash) == (False, "me", first.playbook.hash)
    with pytest.raises(PlaybookConflictError) as refused:
        publish_text(session, shop(hello="你好"), "me")
    assert "shop@1" in refused.value.message_en
    assert "version" in (refused.value.hint or "")
    assert publish_text(session, shop(version=2, hello="你好"), "me").new
    assert load_published(session, "shop").version == 2
    assert load_published(session, "shop@1") == first.playbook
    assert find_published(session, "shop@1").yaml == shop()
    for unknown in ("shop@3", "shops", "shop@x", "shop@99999999999", "shop@"):
        if unknown != "shop@":
            with pytest.raises(NotFoundError):
                load_published(session, unknown)


def test_a_packaged_version_is_not_taken(session: Session) -> None:
    with pytest.raises(PlaybookConflictError):
        publish_text(session, shop("ecommerce-zh", 2), "me")


@pytest.mark.parametrize("statement", ["UPDATE playbook_version SET yaml = ''", "DELETE FROM playbook_version"])
def test_the_database_itself_refuses_changes(session: Session, statement: str) -> None:
    publish(session, shop())
    with pytest.raises(sa.exc.DBAPIError, match="never changed"):
        session.execute(sa.text(statement))


def test_what_is_extended_is_published_with_it(session: Session, tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(shop("base"), encoding="utf-8")
    own = tmp_path / "own.yaml"
    own.write_text("extends: base.yaml\nid: own\nversion: 1\ntitle: {zh: 我, en: own}\n", encoding="utf-8")
    made = publish_file(session, own, "me").playbook
    (tmp_path / "base.yaml").unlink()
    loaded = load_published(session, "own@1")
    assert loaded.hash == made.hash
    assert [check.id for check in loaded.checks] == ["greeting"]
    further = publish_text(session, "extends: own@1\nid: third\nversion: 1\n", "me").playbook
    assert [check.id for check in further.checks] == ["greeting"]


@pytest.mark.parametrize("base", ["/etc/passwd", "base.yaml", "nothing@1"])
def test_a_text_cannot_reach_for_files(session: Session, base: str) -> None:
    with pytest.raises(InvalidPlaybookError):
        publish_text(session, f"extends: {base}\nid: own\nversion: 1\n", "me")


def test_dates_survive(session: Session) -> None:
    made = publish_text(
        session, shop(more="effective: {from: 2026-11-01, until: '2027-01-01T00:00:00+08:00'}"), "me"
    ).playbook
    session.expire_all()
    from service.playbooks import registry

    registry._PARSED.clear()
    assert load_published(session, "shop@1").effective == made.effective


def test_one_version_follows_the_other(session: Session, document) -> None:
    publish(session, shop(), shop(version=2, hello="你好"), shop(version=3, hello="嗨"))
    assert chosen(session, document, START) is None
    activate(session, "shop@1", "me", start=START)
    activate(session, "shop@3", "me", start=START + 20 * DAY)
    activate(session, "shop@2", "me", start=START + 10 * DAY)
    told = {days: chosen(session, document, START + days * DAY) for days in (-1, 0, 9, 10, 19, 20, 300)}
    assert told == {-1: None, 0: "shop@1", 9: "shop@1", 10: "shop@2", 19: "shop@2", 20: "shop@3", 300: "shop@3"}
    with pytest.raises(NotFoundError):
        retire(session, "shop@2", end=START + 20 * DAY)


def test_retiring(session: Session, document) -> None:
    publish(session, shop(), shop(version=2, hello="你好"))
    activate(session, "shop@1", "me", start=START)
    activate(session, "shop@2", "me", start=START + 10 * DAY)
    retire(session, "shop", end=START + 5 * DAY)
    assert chosen(session, document, START + 4 * DAY) == "shop@1"
    assert chosen(session, document, START + 5 * DAY) is None
    assert chosen(session, document, START + 30 * DAY) is None
    with pytest.raises(NotFoundError):
        retire(session, "shop", end=START + 5 * DAY)
    with pytest.raises(NotFoundError):
        retire(session, "other")


def test_what_was_to_follow_is_taken_back(session: Session, document) -> None:
    publish(session, shop(), shop(version=2, hello="你好"), shop(version=3, hello="嗨"))
    activate(session, "shop@1", "me", start=START)
    activate(session, "shop@3", "me", start=START + 20 * DAY)
    assert activate(session, "shop@2", "me", start=START + 10 * DAY).ends_at == START + 20 * DAY
    done = retire(session, "shop@2", end=START + 5 * DAY)
    assert [one.version for one in done.ended] == [2]
    assert [(one.version, one.ends_at) for one in done.resumed] == [(1, START + 20 * DAY)]
    told = {days: chosen(session, document, START + days * DAY) for days in (0, 9, 10, 19, 20)}
    assert told == {0: "shop@1", 9: "shop@1", 10: "shop@1", 19: "shop@1", 20: "shop@3"}
    assert [one.version for one in retire(session, "shop@3", end=START + 6 * DAY).resumed] == [1]
    assert chosen(session, document, START + 300 * DAY) == "shop@1"


def test_what_follows_already_is_not_taken_back(session: Session, document) -> None:
    publish(session, shop(), shop(version=2, hello="你好"))
    activate(session, "shop@1", "me", start=START)
    activate(session, "shop@2", "me", start=START + 10 * DAY)
    assert retire(session, "shop@2", end=START + 12 * DAY).resumed == []
    told = {days: chosen(session, document, START + days * DAY) for days in (9, 11, 12)}
    assert told == {9: "shop@1", 11: "shop@2", 12: None}


def test_of_two_that_begin_at_once_the_last_holds_and_the_first_returns(session: Session, document) -> None:
    publish(session, shop(), shop(version=2, hello="你好"), shop(version=3, hello="嗨"))
    for version in (1, 2, 3):
        activate(session, f"shop@{version}", "me", start=START + (version > 1) * 10 * DAY)
    assert chosen(session, document, START + 10 * DAY) == "shop@3"
    assert [one.version for one in retire(session, "shop@3", end=START + 5 * DAY).resumed] == [2]
    assert chosen(session, document, START + 10 * DAY) == "shop@2"


def test_a_version_goes_on_until_the_next_ones_own_date(session: Session, document) -> None:
    publish(session, shop(), shop(version=2, hello="你好", more="effective: {from: '2026-10-08T00:00:00+00:00'}"))
    activate(session, "shop@1", "me", start=START)
    activate(session, "shop@2", "me", start=START + 2 * DAY)
    told = {days: chosen(session, document, START + days * DAY) for days in (3, 6, 7, 30)}
    assert told == {3: "shop@1", 6: "shop@1", 7: "shop@2", 30: "shop@2"}


def test_what_would_go_on_must_not_be_ambiguous(session: Session) -> None:
    publish(
        session,
        shop(more="scope: {queue: [aftersale]}"),
        shop(version=2, more="scope: {queue: [complaint]}"),
        shop("other", more="scope: {queue: [aftersale]}"),
    )
    activate(session, "shop@1", "me", start=START)
    activate(session, "shop@2", "me", start=START + 10 * DAY)
    activate(session, "other@1", "me", start=START + 10 * DAY)
    with pytest.raises(AmbiguousPlaybookError, match="shop@1 and other@1"):
        retire(session, "shop@2", end=START + 5 * DAY)
    session.rollback()


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("{line: 您好, expect: pass}", "{line: 您好呀, expect: pass}", "greeting"),
        ("    tests:\n      - {line: 您好, expect: pass}\n", "", "greeting"),
        ("cues:", "tests: [{line: 您好, expect: {greeting: pass}}]\ncues:", "tests"),
    ],
)
def test_other_tests_are_not_lost(session: Session, old: str, new: str, where: str) -> None:
    publish(session, shop())
    assert old in shop()
    with pytest.raises(PlaybookConflictError, match=f"other tests .{where}.") as refused:
        publish_text(session, shop().replace(old, new), "you")
    assert "测试不同" in refused.value.message_zh
    assert find_published(session, "shop@1").yaml == shop()


def test_its_own_dates_hold_too(session: Session, document) -> None:
    publish(session, shop(more="effective: {from: 2026-10-05, until: 2026-10-08}"))
    activate(session, "shop@1", "me", start=START)
    midnight = datetime.fromisoformat("2026-10-05T00:00:00+08:00")
    assert chosen(session, document, midnight - timedelta(seconds=1)) is None
    assert chosen(session, document, midnight) == "shop@1"
    assert chosen(session, document, midnight + 3 * DAY) is None
    with pytest.raises(InvalidRequestError):
        activate(session, "shop@1", "me", start=START + 300 * DAY)


def test_the_narrowest_scope_wins(session: Session, document) -> None:
    publish(
        session,
        shop("all"),
        shop("queue", more="scope: {queue: [aftersale]}"),
        shop("both", more="scope: {queue: [aftersale], language: [en]}"),
        shop("group", more="scope: {queue: [aftersale], language: [en], agent_group: [vip]}"),
    )
    for name in ("both", "all", "group", "queue"):
        activate(session, f"{name}@1", "me", start=START)
    assert chosen(session, document, START, queue="presale") == "all@1"
    assert chosen(session, document, START) == "queue@1"
    assert chosen(session, document, START, language="en-US") == "both@1"
    vip = {"language": "en", "agent": {"id": "a", "group": "vip"}}
    assert chosen(session, document, START, **vip) == "group@1"


def test_what_would_be_ambiguous_is_refused(session: Session) -> None:
    publish(
        session,
        shop("queue", more="scope: {queue: [aftersale, complaint]}"),
        shop("channel", more="scope: {channel: [chat]}"),
        shop("same", more="scope: {queue: [complaint, aftersale]}"),
        shop("later", more="scope: {channel: [chat]}\neffective: {from: 2027-01-01}"),
        shop("apart", more="scope: {queue: [presale], channel: [chat]}"),
    )
    activate(session, "queue@1", "me", start=START)
    for name in ("channel", "same", "later"):
        with pytest.raises(AmbiguousPlaybookError, match="queue@1"):
            activate(session, f"{name}@1", "me", start=START)
    activate(session, "apart@1", "me", start=START)
    retire(session, "queue", end=datetime(2026, 12, 1, tzinfo=UTC))
    activate(session, "later@1", "me", start=START)


def test_packaged_playbooks_need_no_publishing(session: Session, document) -> None:
    activate(session, "ecommerce-zh@1", "me", start=START)
    assert chosen(session, document, START) == "ecommerce-zh@1"
    with pytest.raises(InvalidRequestError):
        activate(session, "ecommerce-zh", "me")
    with pytest.raises(NotFoundError):
        activate(session, "ecommerce-zh@99", "me")


def test_a_rubric_that_does_not_go_with_it(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "rubric.yaml"
    path.write_text(
        "id: mine\nversion: 1\ntitle: {zh: 我, en: Mine}\npass_mark: 80\n"
        "criteria:\n  - {id: empathy, source: 'check:empathy', weight: 1}\n",
        encoding="utf-8",
    )
    publish(session, shop())
    with pytest.raises(InvalidRubricError, match="empathy"):
        activate(session, "shop@1", "me", start=START, rubric=load_rubric(path))


def test_each_conversation_is_scored_by_its_own(database: Database, document) -> None:
    with database.transaction() as session:
        publish(session, shop(more="scope: {queue: [complaint]}"))
        activate(session, "shop@1", "me", start=datetime(2020, 1, 1, tzinfo=UTC))
        documents = [
            document("a"),
            document("b", queue="complaint"),
            document(
                "c", queue="complaint", started_at="2019-09-01T09:00:00+08:00", turns=[{"role": "agent", "text": "x"}]
            ),
            document("d", queue="complaint", started_at=None, turns=[{"role": "agent", "text": "x"}]),
        ]
        store_conversations(session, [parse_conversation(one) for one in documents])
    assert score_batch(database, FakeEngine(), ["a", "b", "c", "d"]).scored == 4
    with database.transaction() as session:
        by = {name: get_conversation(session, name).score["versions"]["playbook"] for name in "abcd"}
    # The last has no time of its own: when it came in counts.
    assert by == {"a": "ecommerce-zh@fake", "b": "shop@1", "c": "ecommerce-zh@fake", "d": "shop@1"}


def test_the_real_pipeline_takes_another_playbook(database: Database, document) -> None:
    engine = open_engine(ScoringSettings(encoder="hashing"))
    with database.transaction() as session:
        publish(session, shop(hello="马上"))
        activate(session, "shop@1", "me", start=START)
        store_conversations(session, [parse_conversation(document())])
    assert score_batch(database, engine, ["c-1"]).scored == 1
    assert score_batch(database, engine, ["c-1"]).known == 1
    with database.transaction() as session:
        retire(session, "shop")
        before = get_conversation(session, "c-1").score
    assert before["versions"]["playbook"].startswith("shop@1+")
    assert [check["id"] for check in before["compliance"]["checks"]] == ["greeting"]
    engine.close()


def test_what_a_score_was_made_with(session: Session) -> None:
    packaged = list_playbooks()[0]
    assert made_with(session, f"{packaged.id}@{packaged.version}+abc") == packaged
    assert made_with(session, "shop@1") is None
    publish(session, shop())
    assert made_with(session, "shop@1") == load_published(session, "shop@1")
