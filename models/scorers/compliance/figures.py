"""What else a conversation is measured by: sentiment, predicted satisfaction, attributes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from models.domain.condition import Attributes, CsatTest, SentimentTest
from models.domain.conversation import Conversation
from models.domain.scores import SentimentScore
from models.scorers.compliance.findings import NO, YES, Finding, Hit, Missing, kleene_all, unknown
from models.scorers.compliance.talk import Talk
from models.text.language import detect_language

SENTIMENT, CSAT = "sentiment", "csat"


def read_sentiment(talk: Talk, test: SentimentTest) -> Finding:
    """Return whether the customer's sentiment is as asked; unknown where nobody measured it."""
    score: SentimentScore | None = talk.context.scores.get(SENTIMENT)
    if score is None or score.start is None:
        return unknown("sentiment")
    if test.direction:
        return Finding(score.direction in test.direction)
    if test.measure in ("lowest", "highest"):
        levels = score.levels
        if not levels:
            return unknown("sentiment")
        chosen = (min if test.measure == "lowest" else max)(levels, key=lambda one: one.level)
        shown = tuple(talk.whole(place) for place, turn in enumerate(talk.turns) if turn.index == chosen.turn)
        return _limited(chosen.level, test.below, test.above, shown)
    value: float | None = getattr(score, test.measure)
    return unknown("sentiment") if value is None else _limited(value, test.below, test.above)


def read_csat(talk: Talk, test: CsatTest) -> Finding:
    """Return whether the predicted satisfaction is as asked; unknown where there is none or it abstains."""
    outcome: Any = talk.context.scores.get(CSAT)
    if outcome is None or (test.measure != "p_resolved" and outcome.csat.abstain):
        return unknown("csat")
    source = outcome.resolution if test.measure == "p_resolved" else outcome.csat
    return _limited(float(getattr(source, test.measure)), test.below, test.above)


def _limited(value: float, below: float | None, above: float | None, hits: tuple[Hit, ...] = ()) -> Finding:
    holds = (below is None or value < below) and (above is None or value > above)
    return Finding(holds, hits if holds else ())


def read_attributes(talk: Talk, asked: Attributes) -> Finding:
    """Return whether the conversation is one of those asked for; unknown where it does not say."""
    head = talk.context.head
    decided: dict[str, bool | None] = {}
    for field in fields(asked):
        wanted = getattr(asked, field.name)
        if wanted and field.name == "tags":
            decided["tags"] = not set(wanted).isdisjoint(head.tags)
        elif wanted:
            value = _attribute(field.name, head, talk)
            decided[field.name] = None if value is None else value in wanted
    holds = kleene_all(decided.values())
    if holds is None:
        return Finding(None, missing=frozenset(_LACKS[name] for name, value in decided.items() if value is None))
    return YES if holds else NO


_LACKS: Mapping[str, Missing] = {"language": "language", "agent_group": "agent_group"}


def _attribute(name: str, head: Conversation, talk: Talk) -> str | None:
    if name == "language":
        if head.language:
            return head.language.split("-")[0].lower()
        detected = detect_language(talk.context.texts)
        return None if detected == "und" else detected
    if name == "agent_group":
        group = head.agent.extra.get("group", head.extra.get("agent_group"))
        return None if group is None else str(group)
    return str(getattr(head, name))
