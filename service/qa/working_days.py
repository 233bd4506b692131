"""Deadlines in working days: mainland China's public holidays and make-up days (调休), else Monday to Friday."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar

ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Deadline:
    """When something is due.

    Attributes:
        at: The end of the last working day in China, in UTC: the moment after which it is too late.
        exact: Whether the holidays of all its days are known; where not, Monday to Friday were taken.
    """

    at: datetime
    exact: bool

    @property
    def note(self) -> tuple[str, str] | None:
        """What to know of it, in Chinese and English."""
        if self.exact:
            return None
        return (
            "该年份的法定节假日尚未公布，按周一至周五计算",
            "the public holidays of that year are not known yet: Monday to Friday were counted",
        )


def is_working_day(day: date) -> tuple[bool, bool]:
    """Return whether people work on that day, and whether that is known rather than taken from the weekday."""
    try:
        return chinese_calendar.is_workday(day), True
    except NotImplementedError:  # holidays are decreed a year at a time
        return day.weekday() < 5, False


def holidays_known(start: datetime, end: datetime) -> bool:
    """Return whether the holidays of all days from ``start`` to ``end`` are known."""
    day, last = start.astimezone(ZONE).date(), end.astimezone(ZONE).date()
    return all(is_working_day(date(year, 1, 1))[1] for year in range(day.year, last.year + 1))


def deadline(start: datetime, days: int) -> Deadline:
    """Return the end of the ``days``-th working day after the day of ``start``.

    Raises:
        ValueError: ``days`` is below 1.
    """
    if days < 1:
        raise ValueError("a deadline is at least one working day away")
    day, exact = start.astimezone(ZONE).date(), True
    while days:
        day += timedelta(days=1)
        works, known = is_working_day(day)
        exact = exact and known
        days -= works
    return Deadline(datetime.combine(day + timedelta(days=1), time(), ZONE).astimezone(UTC), exact)
