"""The conversations that a playbook's own tests describe."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Any

from models.domain.conversation import Conversation
from models.domain.playbook import PlaybookTest
from models.interchange import parse_conversation

_TURN = re.compile(
    r"\s*(?P<role>customer|agent|bot|system|[cabs])"
    r"(?:\s*\+\s*(?P<delay>\d+(?:\.\d+)?)\s*(?P<unit>s|m|h)?)?\s*[::]\s?(?P<text>.*)",
    re.DOTALL,
)
_ROLES = {"c": "customer", "a": "agent", "b": "bot", "s": "system"}
_SECONDS = {"s": 1, "m": 60, "h": 3600}
_LATEST = 366 * 86_400
_START = datetime(2026, 1, 5, 10, 0, tzinfo=timezone(timedelta(hours=8)))


def conversation_of(test: PlaybookTest) -> Conversation:
    """Return the conversation of a test; its messages have times if one of them says how much later it comes.

    Raises:
        ValueError: A turn is not written as ``role: text``; holds its place and the reason in English and Chinese.
        InvalidConversationError: The attributes are none of a conversation, or ``started_at`` comes after a turn.
    """
    if test.line is not None:
        turns: list[dict[str, Any]] = [{"role": test.by, "text": test.line}]
    else:
        turns = _turns(test)
    return parse_conversation({"id": test.name or "test", **test.attributes, "turns": turns})


def _turns(test: PlaybookTest) -> list[dict[str, Any]]:
    turns: list[dict[str, Any]] = []
    later: list[float | None] = []
    total = 0.0
    for place, written in enumerate(test.turns):
        match = _TURN.fullmatch(written)
        if match is None:
            raise ValueError(
                place,
                f"'{written}' is no turn: write 'customer: …', 'agent: …', 'bot: …' or 'system: …'",
                f"“{written}”不是一条消息:请写成 customer: …、agent: …、bot: … 或 system: …",
            )
        delay = match["delay"]
        later.append(None if delay is None else float(delay) * _SECONDS[match["unit"] or "s"])
        total += later[-1] or 0.0
        if total > _LATEST:
            raise ValueError(place, "a turn comes at most a year after the first", "消息最晚在第一条的一年之后")
        turns.append({"role": _ROLES[match["role"][0]], "text": match["text"]})
    if any(seconds is not None for seconds in later):
        at = _START
        for turn, seconds in zip(turns, later, strict=True):
            at += timedelta(seconds=seconds or 0.0)
            turn["at"] = at.isoformat()
    return turns
