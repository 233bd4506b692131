"""What root causes come to: counts, shares, and how far the model may be believed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from models.statistics import Estimate, wilson
from service.accounts.actor import Actor
from service.qa.repository import root_cause as repository
from service.qa.repository.root_cause import CauseFilter, Dimension

PERIODS: tuple[Dimension, ...] = ("day", "week", "month")


@dataclass(frozen=True, slots=True)
class CauseGroup:
    """Causes that are alike.

    Attributes:
        kind: Where it was grouped by that, as the next three; ``None`` is open.
        topic: Its topic.
        department: The department.
        period: The first day of it, in Asia/Shanghai.
        causes: How many.
        confirmed: How many of them a person confirmed.
        share: Of all causes that fit, or of those of the same period where it was grouped by one; Wilson's interval.
    """

    kind: str | None
    topic: str | None
    department: str | None
    period: str | None
    causes: int
    confirmed: int
    share: Estimate


@dataclass(frozen=True, slots=True)
class CauseReport:
    """Counts and shares; ``confirmed`` is the share that people have looked at."""

    total: int
    confirmed: Estimate
    groups: Sequence[CauseGroup]


@dataclass(frozen=True, slots=True)
class TopicPrecision:
    """How often a person agreed where the model suggested this topic; ``None`` is where it left the topic open."""

    topic: str | None
    precision: Estimate


@dataclass(frozen=True, slots=True)
class AgreementReport:
    """Model and person, over the suggestions that a person looked at.

    These are no random sample where people choose what they confirm: the list shows them the system's first.

    Attributes:
        judged: How many.
        kind: How often the kind was right, where the model told one.
        topic: How often the topic was right, where the model told one.
        by_topic: Per suggested topic.
        taken_for: Suggested and confirmed topic where they differ, the most frequent first: what is taken for what.
    """

    judged: int
    kind: Estimate
    topic: Estimate
    by_topic: Sequence[TopicPrecision]
    taken_for: Sequence[tuple[str | None, str | None, int]]


def cause_figures(session: Session, actor: Actor, wanted: CauseFilter, by: Sequence[Dimension]) -> CauseReport:
    """Return counts and shares of what stands, grouped; for agents of their own conversations."""
    rows = repository.counted(session, wanted, by, actor.only_agent)
    periods = [place for place, name in enumerate(by) if name in PERIODS]
    totals: Counter[tuple[str | None, ...]] = Counter()
    for key, causes, _ in rows:
        totals[tuple(key[place] for place in periods)] += causes
    groups = []
    for key, causes, confirmed in rows:
        named = dict(zip(("period" if name in PERIODS else name for name in by), key, strict=True))
        share = wilson(causes, totals[tuple(key[place] for place in periods)])
        groups.append(
            CauseGroup(
                kind=named.get("kind"),
                topic=named.get("topic"),
                department=named.get("department"),
                period=named.get("period"),
                causes=causes,
                confirmed=confirmed,
                share=share,
            )
        )
    total = sum(causes for _, causes, _ in rows)
    return CauseReport(total, wilson(sum(confirmed for *_, confirmed in rows), total), groups)


def agreement(session: Session, wanted: CauseFilter) -> AgreementReport:
    """Return how often people agreed with the model."""
    pairs = repository.judged(session, wanted)
    kinds = [one.kind == said.kind for one, said in pairs if one.kind != "undetermined"]
    topics = [one.topic == said.topic for one, said in pairs if one.topic is not None]
    by_topic: dict[str | None, list[bool]] = defaultdict(list)
    for one, said in pairs:
        by_topic[one.topic].append(one.topic == said.topic)
    wrong = Counter((one.topic, said.topic) for one, said in pairs if one.topic != said.topic)
    return AgreementReport(
        judged=len(pairs),
        kind=wilson(sum(kinds), len(kinds)),
        topic=wilson(sum(topics), len(topics)),
        by_topic=[
            TopicPrecision(topic, wilson(sum(hits), len(hits)))
            for topic, hits in sorted(by_topic.items(), key=lambda item: (item[0] is None, item[0] or ""))
        ],
        taken_for=[(one, said, count) for (one, said), count in wrong.most_common()],
    )
