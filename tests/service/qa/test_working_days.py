from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.qa.working_days import ZONE, deadline, is_working_day


def test_holidays_and_make_up_days() -> None:
    assert is_working_day(date(2025, 10, 1)) == (False, True)  # National Day, a Wednesday
    assert is_working_day(date(2025, 10, 11)) == (True, True)  # a Saturday that makes up for it
    assert is_working_day(date(2025, 10, 18)) == (False, True)
    assert is_working_day(date(2099, 1, 1)) == (True, False)  # nobody knows its holidays yet


def test_the_golden_week_is_passed_over() -> None:
    due = deadline(datetime(2025, 9, 30, 10, tzinfo=ZONE), 1)
    assert (due.at, due.exact, due.note) == (datetime(2025, 10, 10, tzinfo=ZONE), True, None)
    # 9 and 10 October, and Saturday the 11th, which is worked.
    assert deadline(datetime(2025, 9, 30, 10, tzinfo=ZONE), 3).at == datetime(2025, 10, 12, tzinfo=ZONE)


def test_the_day_is_china_s() -> None:
    late = datetime(2025, 9, 22, 17, tzinfo=UTC)  # already Tuesday in Shanghai
    assert deadline(late, 1).at == datetime(2025, 9, 25, tzinfo=ZONE)


def test_outside_the_known_years() -> None:
    due = deadline(datetime(2099, 1, 2, tzinfo=ZONE), 1)
    assert (due.at, due.exact) == (datetime(2099, 1, 6, tzinfo=ZONE), False)
    assert due.note is not None


@given(st.datetimes(datetime(2005, 1, 1), datetime(2025, 11, 1)), st.integers(1, 20))
def test_so_many_working_days_lie_before_it(naive: datetime, days: int) -> None:
    start = naive.replace(tzinfo=UTC)
    due = deadline(start, days)
    first, last = start.astimezone(ZONE).date(), (due.at.astimezone(ZONE) - timedelta(days=1)).date()
    between = [first + timedelta(days=step + 1) for step in range((last - first).days)]
    assert sum(is_working_day(day)[0] for day in between) == days
    assert is_working_day(last)[0]


def test_no_deadline_at_once() -> None:
    with pytest.raises(ValueError, match="one working day"):
        deadline(datetime(2025, 1, 1, tzinfo=UTC), 0)
