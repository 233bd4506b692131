"""What is known about a conversation from elsewhere: survey, complaint and order, consistent with its story."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from service.samples.script import Skeleton

# By mood of the ending: how often a survey is answered, and the weights of 1 to 5. People at the extremes answer more,
# and a few answer against their own story.
_SURVEYS = {
    "great": (0.28, (4, 0, 1, 10, 85)),
    "good": (0.15, (6, 1, 7, 20, 66)),
    "ok": (0.11, (14, 6, 20, 25, 35)),
    "poor": (0.17, (55, 20, 15, 0, 10)),
    "bad": (0.26, (86, 9, 2, 0, 3)),
}
_RECOMMEND = {1: (0, 2), 2: (1, 4), 3: (4, 7), 4: (7, 9), 5: (8, 10)}


def known_facts(skeleton: Skeleton, start: datetime, slots: Mapping[str, str], rng: Random) -> dict[str, Any]:
    """Draw the facts; a complaint and an order that follows are dated later, when the end is known."""
    facts: dict[str, Any] = {}
    share, weights = _SURVEYS[skeleton.mood]
    if rng.random() < share:
        facts["csat"] = rng.choices(range(1, 6), weights)[0]
        if rng.random() < 0.4:
            facts["nps"] = rng.randint(*_RECOMMEND[facts["csat"]])
    if skeleton.resolved is not None and rng.random() < 0.6:
        facts["resolved"] = skeleton.resolved
    if skeleton.complaint and rng.random() < 0.45:
        facts["complaint"] = {
            "kind": skeleton.complaint,
            "attitude": "rude" in skeleton.planted,
            "escalated": rng.random() < 0.25,
        }
    if order := _order(skeleton, start, slots, rng):
        facts["order"] = order
    return facts


def _order(skeleton: Skeleton, start: datetime, slots: Mapping[str, str], rng: Random) -> dict[str, Any] | None:
    amount = round(int(slots["price"]) * rng.choice([1, 1, 1, 2]) - rng.choice([0, 0, 5, 10, 20]), 2)
    if skeleton.queue == "presale":
        # Bought after the talk, or not: the date is set once the end is known.
        likely = {"great": 0.7, "good": 0.5, "ok": 0.3}.get(skeleton.mood, 0.08)
        return {"placed_at": None, "amount": amount} if rng.random() < likely else None
    if skeleton.queue == "other" or rng.random() < 0.25:
        return None
    placed = start - timedelta(days=int(slots["days"]), minutes=rng.randint(0, 400))
    return {"placed_at": placed.isoformat(), "amount": amount}
