"""How long customers waited: pure rules over the turns' times. Bot messages never count as a reply."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from models.domain.conversation import Turn

# The pieces of a last word that asks for nothing: leaving it unanswered makes nobody wait.
_COURTESY = re.compile(
    r"好的|好|可以|知道了|明白|收到|谢谢|谢了|多谢|感谢|辛苦|再见|拜拜|没有|没|不用|别的|其他|客服|非常|[行嗯恩哦噢亲啦了哈呀吧您你很]"
    r"|\b(?:ok|okay|bye|great|got it|sure|thank you|thanks|so much|a lot|very much|no|that'?s all|you|yes)\b"
    r"|[\s,，.。!！~～、^_]|[^\w\s?？]",
    re.IGNORECASE,
)


def _asks_nothing(text: str) -> bool:
    return not _COURTESY.sub("", text)


@dataclass(frozen=True, slots=True)
class TimingRule:
    """The definition behind the figures; a change of it is a new ``version``.

    Attributes:
        version: Named in a score's provenance.
        gap_cap_s: A reply gap counts at most this many seconds, and an unanswered one exactly this.
        idle_limit_s: A silence longer than this is idle time and not handle time.
    """

    version: str = "timing@1"
    gap_cap_s: float = 600.0
    idle_limit_s: float = 1800.0


DEFAULT_TIMING = TimingRule()


def reply_gaps(turns: Sequence[Turn], rule: TimingRule = DEFAULT_TIMING) -> tuple[float, ...]:
    """Return the customer-to-agent waiting times in seconds, in order.

    A run of customer messages counts once, from its first, and at most at the cap. A last run nobody answered counts
    at the cap, unless it only says thanks or goodbye. Turns without a time are passed over.
    """
    gaps: list[float] = []
    waiting: list[Turn] = []
    for turn in turns:
        if turn.at is None:
            continue
        if turn.role == "customer":
            waiting.append(turn)
        elif turn.role == "agent" and waiting and waiting[0].at is not None:
            gaps.append(min((turn.at - waiting[0].at).total_seconds(), rule.gap_cap_s))
            waiting = []
    if waiting and not all(_asks_nothing(turn.text) for turn in waiting):
        gaps.append(rule.gap_cap_s)
    return tuple(gaps)


def first_response(turns: Sequence[Turn]) -> float | None:
    """Return seconds from the first customer message to the first human reply after it; ``None`` if either lacks."""
    asked = next((turn.at for turn in turns if turn.role == "customer" and turn.at is not None), None)
    if asked is None:
        return None
    replies = (turn.at for turn in turns if turn.role == "agent" and turn.at is not None and turn.at >= asked)
    answered = next(replies, None)
    return (answered - asked).total_seconds() if answered is not None else None


def handle_time(turns: Sequence[Turn], rule: TimingRule = DEFAULT_TIMING) -> float | None:
    """Return seconds from the first to the last message without idle silences; ``None`` with fewer than two times."""
    times = [turn.at for turn in turns if turn.at is not None]
    if len(times) < 2:
        return None
    steps = [(after - before).total_seconds() for before, after in pairwise(times)]
    return sum(step for step in steps if step <= rule.idle_limit_s)


def measure_timing(turns: Sequence[Turn], rule: TimingRule = DEFAULT_TIMING) -> dict[str, float | None]:
    """Return the response-time figures of one conversation in seconds; ``None`` means not enough data."""
    gaps = reply_gaps(turns, rule)
    return {
        "first_response_s": first_response(turns),
        "mean_response_s": sum(gaps) / len(gaps) if gaps else None,
        "longest_response_s": max(gaps) if gaps else None,
        "handle_s": handle_time(turns, rule),
    }
