"""The logic of yes, no and unknown, and the arithmetic of order, against plain references."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.domain.condition import Condition, CsatTest, Least, Order
from models.domain.cue import Cue
from models.scorers.compliance.findings import kleene_all, kleene_any, kleene_least, kleene_not
from tests.models.scorers.compliance.stage import A, C, Line, holds

_VALUES = (True, False, None)
_MANY = st.lists(st.sampled_from(_VALUES), min_size=1, max_size=5)


def _worlds(values: Sequence[bool | None]) -> list[list[bool]]:
    """Return all ways the unknown values could turn out."""
    worlds: list[list[bool]] = [[]]
    for value in values:
        worlds = [[*world, one] for world in worlds for one in ((True, False) if value is None else (value,))]
    return worlds


def _agreed(outcomes: set[bool]) -> bool | None:
    return outcomes.pop() if len(outcomes) == 1 else None


@given(_MANY, st.integers(1, 5))
def test_a_connective_says_what_all_worlds_agree_on(values: list[bool | None], count: int) -> None:
    worlds = _worlds(values)
    assert kleene_all(values) == _agreed({all(world) for world in worlds})
    assert kleene_any(values) == _agreed({any(world) for world in worlds})
    assert kleene_least(count, values) == _agreed({sum(world) >= count for world in worlds})
    assert kleene_not(kleene_any(values)) == kleene_all([kleene_not(value) for value in values])


# Conditions that hold, do not, or cannot be known in the conversation below.
_PART = {
    True: Condition(seen=("anything",)),
    False: Condition(seen=("anything",), by="bot"),
    None: Condition(csat=CsatTest(below=3)),
}


@given(_MANY, st.integers(1, 5))
def test_conditions_combine_alike(values: list[bool | None], count: int) -> None:
    parts = tuple(_PART[value] for value in values)
    lines: list[Line] = [(C, "在吗"), (A, "您好")]
    assert holds(Condition(all=parts), lines) == kleene_all(values)
    assert holds(Condition(any=parts), lines) == kleene_any(values)
    assert holds(Condition(none=parts), lines) == kleene_not(kleene_any(values))
    if count <= len(parts):
        assert holds(Condition(least=Least(count, parts)), lines) == kleene_least(count, values)


_CUES = {"a": Cue(include=("甲",)), "b": Cue(include=("乙",))}
_TALK = st.lists(
    st.tuples(
        st.sampled_from([A, C]),
        st.text(alphabet="甲乙丙", min_size=1, max_size=3),
        st.one_of(st.none(), st.integers(0, 30)),
    ),
    min_size=1,
    max_size=7,
)


def _in_time_order(lines: list[Line]) -> list[Line]:
    """Add the seconds up, as times never run backwards."""
    added, now = [], 0.0
    for role, text, wait in lines:  # type: ignore[misc]
        now += wait or 0.0
        added.append((role, text, None if wait is None else now))
    return added  # type: ignore[return-value]


def _naive_order(lines: Sequence[Line], order: Order) -> bool | None:
    """Try every pair; times that are not known could turn out either way."""

    def shown(char: str, role: str) -> list[tuple[int, int]]:
        return [(t, c) for t, line in enumerate(lines) if line[0] == role for c, x in enumerate(line[1]) if x == char]

    firsts, thens = shown("甲", order.by or A), shown("乙", order.then_by or order.by or A)
    decided: list[bool | None] = []
    for turn, char in firsts:
        pairs: list[bool | None] = []
        for later, place in thens:
            if (later, place) < (turn, char + 1):
                continue
            between = [t for t in range(turn + 1, later + 1) if lines[t][0] == (order.then_by or order.by or A)]
            if order.within is not None and len(between) > order.within:
                continue
            pairs.append(_within_seconds(lines[turn], lines[later], turn == later, order.within_seconds))
        decided.append(kleene_any(pairs) if pairs else False)
    if not decided:
        return order.always
    return kleene_all(decided) if order.always else kleene_any(decided)


def _within_seconds(first: Line, then: Line, same: bool, limit: float | None) -> bool | None:
    if limit is None or same:
        return True
    start, end = first[2], then[2]  # type: ignore[misc]
    return None if start is None or end is None else end - start <= limit


@given(
    _TALK,
    st.builds(
        Order,
        first=st.just(("a",)),
        then=st.just(("b",)),
        by=st.sampled_from([None, "agent", "customer"]),
        then_by=st.sampled_from([None, "agent", "customer"]),
        within=st.one_of(st.none(), st.integers(1, 3)),
        within_seconds=st.one_of(st.none(), st.integers(1, 60)),
        always=st.booleans(),
    ),
)
def test_order_says_what_trying_every_pair_says(lines: list[Line], order: Order) -> None:
    lines = _in_time_order(lines)
    assert holds(Condition(order=order), lines, _CUES) == _naive_order(lines, order)


@pytest.mark.parametrize("always", [False, True])
def test_nothing_first_is_followed_only_where_all_of_them_are_asked_for(always: bool) -> None:
    order = Condition(order=Order(("a",), ("b",), always=always))
    assert holds(order, [(A, "乙")], _CUES) is always
