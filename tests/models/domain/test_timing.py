from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.domain.conversation import ROLES, Turn
from models.domain.timing import TimingRule, first_response, handle_time, measure_timing, reply_gaps

START = datetime(2026, 10, 12, 1, 0, tzinfo=UTC)


def turns(*rows: tuple[str, float | None] | tuple[str, float | None, str]) -> list[Turn]:
    return [
        Turn(
            index=index,
            role=row[0],  # type: ignore[arg-type]
            text=row[2] if len(row) == 3 else "还没发货吗",
            at=None if row[1] is None else START + timedelta(seconds=row[1]),
        )
        for index, row in enumerate(rows)
    ]


def test_a_run_of_customer_messages_counts_once_from_its_first() -> None:
    assert reply_gaps(turns(("customer", 0), ("customer", 20), ("agent", 50), ("agent", 55), ("customer", 60))) == (
        50,
        600,
    )


def test_a_gap_counts_at_most_the_cap() -> None:
    assert reply_gaps(turns(("customer", 0), ("agent", 5000)), TimingRule(gap_cap_s=300)) == (300,)


@pytest.mark.parametrize("last", ["谢谢", "好的,谢谢亲~", "ok thanks!", "👌", "", "没有了,再见"])
def test_a_courteous_last_word_makes_nobody_wait(last: str) -> None:
    assert reply_gaps(turns(("customer", 0), ("agent", 10), ("customer", 20, last))) == (10,)


@pytest.mark.parametrize("last", ["人呢?", "?", "不行", "好的,那什么时候到", "hello??"])
def test_an_unanswered_question_counts_at_the_cap(last: str) -> None:
    assert reply_gaps(turns(("customer", 0), ("agent", 10), ("customer", 20, last))) == (10, 600)


def test_a_bot_is_no_reply() -> None:
    asked = turns(("customer", 0), ("bot", 1), ("agent", 30))
    assert first_response(asked) == 30
    assert reply_gaps(asked) == (30,)


def test_an_agent_who_speaks_first_has_no_response_yet() -> None:
    assert first_response(turns(("agent", 0), ("customer", 10))) is None


def test_idle_time_is_no_handle_time() -> None:
    assert handle_time(turns(("customer", 0), ("agent", 60), ("customer", 7260), ("agent", 7270))) == 70


def test_without_times_nothing_is_said() -> None:
    assert set(measure_timing(turns(("customer", None), ("agent", None))).values()) == {None}


@given(
    st.lists(st.tuples(st.sampled_from(ROLES), st.integers(0, 10_000) | st.none(), st.text(max_size=20)), max_size=30)
)
def test_figures_stay_in_range(rows: list[tuple[Any, int | None, str]]) -> None:
    times = iter(sorted(at for _, at, _ in rows if at is not None))
    ordered = turns(*((role, None if at is None else next(times), text) for role, at, text in rows))
    figures = measure_timing(ordered)
    assert all(value is None or value >= 0 for value in figures.values())
    mean, longest = figures["mean_response_s"], figures["longest_response_s"]
    assert (mean is None) == (longest is None)
    if mean is not None and longest is not None:
        assert mean <= longest <= 600
