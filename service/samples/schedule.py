"""When the sample's conversations happen: six weeks, shifts, rush hours and each agent's pace."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from random import Random
from typing import Any

from service.samples.verdicts import Said

ZONE = timezone(timedelta(hours=8))
FIRST_DAY = date(2026, 9, 28)
DAYS = 42
CRISIS = (date(2026, 10, 19), date(2026, 10, 25))
_WINDOWS = {
    "any": (FIRST_DAY, date(2026, 11, 8)),
    "crisis": CRISIS,
    "after_crisis": (date(2026, 10, 26), date(2026, 11, 1)),
    "rush": (date(2026, 10, 26), date(2026, 11, 8)),
    "early": (FIRST_DAY, date(2026, 10, 18)),
}
_HOUR_WEIGHTS = {
    8: 0.4, 9: 0.8, 10: 1.2, 11: 1.1, 12: 0.7, 13: 0.8, 14: 1.1, 15: 1.1,
    16: 1.0, 17: 0.8, 18: 0.6, 19: 0.9, 20: 1.5, 21: 1.6, 22: 0.5,
}  # fmt: skip


def start_time(window: str, channel: str, agent: Mapping[str, Any], rng: Random) -> datetime:
    """Draw when a conversation starts: a day of the window on which the agent works, an hour of the shift."""
    first, last = _WINDOWS[window]
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    working = [day for day in days if day.weekday() not in agent["days_off"]]
    day = rng.choices(working, [_day_weight(day) for day in working])[0]
    begin, end = agent["shift"]
    # Mail is answered hours later: let it arrive early in the shift.
    hours = list(range(begin, begin + 3 if channel == "email" else end))
    hour = rng.choices(hours, [_HOUR_WEIGHTS[h] for h in hours])[0]
    last_minute = 25 if hour == end - 1 else 59
    return datetime(day.year, day.month, day.day, hour, rng.randint(0, last_minute), rng.randint(0, 59), tzinfo=ZONE)


def _day_weight(day: date) -> float:
    weight = 1.2 if day.weekday() >= 5 else 1.0
    if date(2026, 10, 1) <= day <= date(2026, 10, 7):  # the National Day holiday
        weight *= 0.7
    if day >= date(2026, 10, 28):  # the run-up to 11.11
        weight *= 1.5 if day < date(2026, 11, 4) else 2.0
    return weight


def send_times(
    start: datetime, said: Sequence[Said], agents: Mapping[str, Mapping[str, Any]], channel: str, rng: Random
) -> list[datetime]:
    """Return when each message is sent, to the second and never backwards."""
    now, before, times = start, "", []
    for message in said:
        now += timedelta(seconds=round(_pause(message, before, now, agents, channel, rng)) + message.gap)
        times.append(now)
        before = message.speaker
    return times


def _pause(
    message: Said, before: str, now: datetime, agents: Mapping[str, Mapping[str, Any]], channel: str, rng: Random
) -> float:
    slowness = {"email": 90.0, "social": 12.0}.get(channel, 1.0)
    if message.speaker in "BS":
        return rng.uniform(0, 2)
    if not before:
        return rng.uniform(0, 3)
    same_side = before[0] == message.speaker[0]
    if message.speaker == "C":
        typing = len(message.text) * rng.uniform(0.25, 0.5)
        reading = rng.lognormvariate(math.log(3 if same_side else 14), 0.6)
        return min(reading + typing, 240) * (1 if same_side else slowness)
    if same_side:
        return rng.uniform(3, 9) + len(message.text) * 0.12
    pause = rng.lognormvariate(math.log(agents[message.speaker]["delay"]), 0.45) * _load(now)
    return (pause + len(message.text) * 0.1) * slowness


def _load(now: datetime) -> float:
    """How much busier than usual it is: evenings, the crisis week, the days before 11.11."""
    load = 1.25 if now.hour in (20, 21) else 1.0
    if CRISIS[0] <= now.date() <= CRISIS[1]:
        load *= 1.8
    if now.date() >= date(2026, 11, 4):
        load *= 1.35
    return load
