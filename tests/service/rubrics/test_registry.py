"""Published rubrics never change, and the one in force is the narrowest at the conversation's start."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from models.domain.rubric import RubricScope, Traits
from models.errors import AttuneError, InvalidRubricError
from models.interchange import parse_conversation
from models.qa import claims, list_rubrics
from models.scorers.compliance import list_playbooks, load_playbook
from models.scorers.compliance.scopes import covers
from service.core.errors import AmbiguousRubricError, InvalidRequestError, NotFoundError, RubricConflictError
from service.playbooks import activation as playbooks
from service.playbooks.registry import publish_text as publish_playbook
from service.rubrics.activation import activate, choose, choose_for, in_force, retire
from service.rubrics.overview import all_known
from service.rubrics.registry import find_published, find_rubric, publish_text, rubrics_called
from tests.service.playbooks.shops import shop
from tests.service.rubrics.sheets import check, sheet

START = datetime(2026, 10, 1, tzinfo=UTC)
DAY = timedelta(days=1)
BOOKS = list_playbooks()
OWN = load_playbook("ecommerce-zh")


def publish(session: Session, *texts: str) -> None:
    for text in texts:
        publish_text(session, text, "me", BOOKS)


def put(session: Session, spec: str, start: datetime = START, end: datetime | None = None, **scope: tuple[str, ...]):
    return activate(session, spec, "me", default=OWN, scope=RubricScope(**scope), start=start, end=end)  # type: ignore[arg-type]


def chosen(session: Session, document, at: datetime = START, **fields: object) -> str | None:
    found = choose(in_force(session), parse_conversation(document(**fields)), at)
    return f"{found.id}@{found.version}" if found else None


def test_a_version_is_published_once(session: Session) -> None:
    first = publish_text(session, sheet(), "me", BOOKS)
    assert (first.new, first.published_by) == (True, "me")
    assert "ecommerce-zh@2" in first.goes_with
    again = publish_text(session, "# a comment\n" + sheet(), "you", BOOKS)
    assert (again.new, again.published_by, again.rubric.hash) == (False, "me", first.rubric.hash)
    with pytest.raises(RubricConflictError) as refused:
        publish_text(session, sheet(mark=70), "me", BOOKS)
    assert "mine@1" in refused.value.message_en
    assert publish_text(session, sheet(version=2, mark=70), "me", BOOKS).new
    assert find_rubric(session, "mine").version == 2
    assert find_rubric(session, "mine@1") == first.rubric
    assert find_published(session, "mine@1").yaml == sheet()
    assert rubrics_called(session, "mine@1+12345678") == [first.rubric]
    assert [one.version for one in rubrics_called(session, "default@1")] == [1]
    for unknown in ("mine@3", "yours", "mine@x", "mine@99999999999", "pyproject.toml", "x" * 200):
        with pytest.raises(NotFoundError):
            find_rubric(session, unknown, "default")


def test_a_packaged_version_is_not_taken(session: Session) -> None:
    with pytest.raises(RubricConflictError):
        publish_text(session, sheet("aftersale"), "me", BOOKS)


def test_checks_that_no_playbook_has_are_refused(session: Session) -> None:
    with pytest.raises(InvalidRubricError, match="greetnig"):
        publish_text(session, sheet("mine", 1, check("greetnig"), check("closing")), "me", BOOKS)
    assert publish_text(session, sheet("mine", 1, check("greetnig", optional=True)), "me", BOOKS).new


@pytest.mark.parametrize("statement", ["UPDATE rubric_version SET yaml = ''", "DELETE FROM rubric_version"])
def test_the_database_itself_refuses_changes(session: Session, statement: str) -> None:
    publish(session, sheet())
    with pytest.raises(sa.exc.DBAPIError, match="never changed"):
        session.execute(sa.text(statement))


def test_the_narrowest_in_force_judges(session: Session, document) -> None:
    for name in ("aftersale", "presale", "complaint"):
        put(session, f"{name}@1", queue=(name,))
    publish(session, sheet(), sheet("vip"), sheet("new"))
    put(session, "mine@1")
    put(session, "vip@1", queue=("aftersale",), agent_group=("vip",))
    put(session, "new@1", queue=("aftersale",), agent_group=("vip",), agent_role=("trainee",))
    assert chosen(session, document, START - DAY) is None
    assert chosen(session, document) == "aftersale@1"
    assert chosen(session, document, queue="complaint") == "complaint@1"
    assert chosen(session, document, queue="other") == "mine@1"
    assert chosen(session, document, agent={"id": "a", "group": "vip"}) == "vip@1"
    assert chosen(session, document, agent={"id": "a", "group": "vip", "role": "trainee"}) == "new@1"
    retire(session, "aftersale", end=START + DAY)
    assert chosen(session, document, START + DAY) == "mine@1"


def test_a_newer_version_takes_the_place_of_the_same_scope(session: Session, document) -> None:
    publish(session, sheet(), sheet(version=2), sheet(version=3))
    put(session, "mine@1")
    put(session, "mine@2", START + DAY)
    put(session, "mine@3", queue=("presale",))
    assert [chosen(session, document, START + day * DAY) for day in range(3)] == ["mine@1", "mine@2", "mine@2"]
    assert chosen(session, document, queue="presale") == "mine@3"
    assert len(retire(session, "mine", scope=RubricScope(queue=("presale",)), end=START)) == 1
    assert chosen(session, document, queue="presale") == "mine@1"
    with pytest.raises(NotFoundError):
        retire(session, "mine@3")
    with pytest.raises(NotFoundError):
        retire(session, "yours")


def test_for_a_time_only(session: Session, document) -> None:
    publish(session, sheet(), sheet(version=2))
    put(session, "mine@1")
    done = put(session, "mine@2", START + DAY, START + 3 * DAY)
    assert done.ends_at == START + 3 * DAY
    days = [chosen(session, document, START + day * DAY) for day in range(5)]
    assert days == ["mine@1", "mine@2", "mine@2", "mine@1", "mine@1"]
    with pytest.raises(InvalidRequestError):
        put(session, "mine@2", START, START)


def test_a_version_goes_on_where_its_successor_never_begins(session: Session, document) -> None:
    publish(session, sheet(), sheet(version=2), sheet("other"))
    put(session, "mine@1")
    put(session, "mine@2", START + 2 * DAY)
    assert chosen(session, document, START + 3 * DAY) == "mine@2"
    retire(session, "mine@2", end=START + DAY)
    assert chosen(session, document, START + 3 * DAY) == "mine@1"
    put(session, "mine@2", START + 2 * DAY)
    retire(session, "mine@2", end=START + 4 * DAY)  # it had begun: nothing of the rubric is in force after it
    days = [chosen(session, document, START + day * DAY) for day in range(5)]
    assert days == ["mine@1", "mine@1", "mine@2", "mine@2", None]
    retire(session, "mine", end=START + DAY)
    put(session, "mine@1", queue=("aftersale",))
    put(session, "mine@2", START + 2 * DAY, queue=("aftersale",))
    retire(session, "mine@1", end=START + 2 * DAY - DAY / 2)
    put(session, "other@1", START + 2 * DAY - DAY / 2, START + 2 * DAY, channel=("chat",))


def test_what_would_be_ambiguous_is_refused(session: Session) -> None:
    publish(session, sheet(), sheet("other"))
    put(session, "mine@1", queue=("aftersale", "complaint"))
    for scope in ({"channel": ("chat",)}, {"queue": ("complaint", "aftersale")}, {"queue": ("aftersale", "presale")}):
        with pytest.raises(AmbiguousRubricError, match="mine@1"):
            put(session, "other@1", START + DAY, **scope)
    put(session, "other@1", queue=("presale",), channel=("chat",))
    retire(session, "mine", end=START + DAY)
    put(session, "other@1", START + DAY, channel=("chat",))


def test_a_rubric_has_to_go_with_the_playbooks_of_its_conversations(session: Session) -> None:
    publish_playbook(session, shop(more="scope: {queue: [complaint]}"), "me")
    publish_playbook(session, shop(version=2, more="scope: {queue: [complaint]}"), "me")
    publish(session, sheet("mine", 1, check("greeting")), sheet("full", 1, check("empathy")))
    put(session, "full@1", queue=("presale",))
    playbooks.activate(session, "shop@1", "me", start=START)
    playbooks.activate(session, "shop@2", "me", start=START + DAY)
    put(session, "mine@1", queue=("complaint",))
    retire(session, "mine", end=START)
    with pytest.raises(InvalidRubricError, match=r"shop@1.*empathy"):
        put(session, "full@1", queue=("complaint",))
    with pytest.raises(InvalidRubricError, match="shop@2"):
        put(session, "full@1", START + DAY)
    put(session, "full@1", queue=("aftersale",))
    # Those that the shop's playbook judges may be asked for what only it has.
    publish_playbook(session, shop("own", more="scope: {queue: [other]}").replace("greeting", "hello"), "me")
    publish_text(session, sheet("hello", 1, check("hello")), "me", [])
    playbooks.activate(session, "own@1", "me", start=START)
    put(session, "hello@1", queue=("other",))
    for scope, start in (({"queue": ("other", "aftersale")}, START + DAY), ({"queue": ("other",)}, START - DAY)):
        with pytest.raises(InvalidRubricError, match="hello"):
            put(session, "hello@1", start, **scope)


def test_packaged_rubrics_need_no_publishing(session: Session, document) -> None:
    put(session, "complaint@1")
    assert chosen(session, document) == "complaint@1"
    for wrong, error in (("complaint", InvalidRequestError), ("complaint@9", NotFoundError)):
        with pytest.raises(error):
            put(session, wrong)
    known = all_known(session, "default", START + DAY)
    assert (known[0].rubric.id, known[0].default) == ("default", True)
    assert len(known) == len(list_rubrics())
    [shown] = [one for one in known if one.rubric.id == "complaint"]
    assert [span.now for span in shown.activations] == [True]


_QUEUES = st.sets(st.sampled_from(("presale", "aftersale", "complaint")), max_size=2).map(
    lambda one: tuple(sorted(one))
)
_ROLES = st.sets(st.sampled_from(("new", "lead")), max_size=1).map(tuple)
_STEPS = st.lists(
    st.tuples(st.sampled_from(("a@1", "a@2", "b@1")), _QUEUES, _ROLES, st.integers(0, 6), st.integers(0, 4)),
    min_size=1,
    max_size=10,
)
_TRAITS = [Traits(queue=queue, agent_role=role) for queue in ("presale", "complaint") for role in (None, "new", "lead")]


def test_never_are_two_in_force_for_one_conversation(session: Session) -> None:
    publish(session, sheet("a"), sheet("a", 2), sheet("b"))

    @settings(max_examples=80)
    @given(steps=_STEPS)
    def check_steps(steps) -> None:
        with session.begin_nested() as undone:
            for spec, queue, role, day, length in steps:
                begin = START + day * DAY
                end = begin + length * DAY if length else None
                try:
                    with session.begin_nested():
                        if length == 4:
                            retire(session, spec.partition("@")[0], end=begin)
                        else:
                            put(session, spec, begin, end, queue=queue, agent_role=role)
                except AttuneError:
                    continue
                if length != 4:  # what was just put in force for this very scope judges, but for what is narrower
                    last = [one for one in in_force(session) if covers(one.period, begin) and one.scope.queue == queue]
                    assert spec in {f"{one.rubric.id}@{one.rubric.version}" for one in last}
            known = in_force(session)
            for traits in _TRAITS:
                for moment in (START + half * DAY / 2 for half in range(24)):
                    fitting = [one for one in known if covers(one.period, moment) and claims(one.scope, traits)]
                    for one, other in combinations(fitting, 2):
                        assert one.scope != other.scope
                    assert (choose_for(known, traits, moment) is None) == (not fitting)
            undone.rollback()

    check_steps()
