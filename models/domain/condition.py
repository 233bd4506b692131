"""What can hold over the messages of a conversation, as a playbook says it. Standard library only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from models.domain.conversation import Channel, Queue
from models.domain.cue import STRICT
from models.domain.scores import Direction

Speaker = Literal["customer", "agent", "bot", "system"]


@dataclass(frozen=True, slots=True)
class Least:
    """So many of the conditions hold."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    count: int
    of: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """One thing, then another: one of ``first`` is seen and one of ``then`` follows, at least in the same message.

    Attributes:
        first: Cues.
        then: Cues.
        by: Who has to show ``first``; ``None`` is whom the check judges.
        then_by: Who has to show ``then``; ``None`` is the same as ``by``.
        within: Only in that speaker's next N messages.
        within_seconds: Only so many seconds later; unknown where messages have no times.
        always: Every ``first`` has to be followed, not only some; holds where there is none.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    first: tuple[str, ...]
    then: tuple[str, ...]
    by: Speaker | None = None
    then_by: Speaker | None = None
    within: int | None = None
    within_seconds: float | None = None
    always: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """How long an answer takes: seconds from the first message of a run of ``after`` to the next message of ``by``.

    Attributes:
        after: Who waits.
        by: Who answers.
        over: The gap is longer than this, in seconds.
        under: The gap is shorter than this.
        which: The first gap, any of them, or the last.
        unanswered: A last run that nobody answered counts as a gap longer than any.
        apart_from: Messages that show one of these cues ask for no answer.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    after: Speaker = "customer"
    by: Speaker = "agent"
    over: float | None = None
    under: float | None = None
    which: Literal["first", "any", "last"] = "any"
    unanswered: bool = False
    apart_from: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a gap that asks nothing."""
        if self.over is None and self.under is None:
            raise ValueError("a gap has 'over', 'under' or both", "gap 须有 over 或 under(或两者)")
        if self.after == self.by:
            raise ValueError("'after' and 'by' of a gap are two speakers", "gap 的 after 与 by 不能是同一方")


@dataclass(frozen=True, slots=True)
class Count:
    """How many messages there are: of ``by``, among the first or last N, with one of the cues ``of`` if given."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    by: Speaker | None = None
    of: tuple[str, ...] = ()
    at_least: int | None = None
    at_most: int | None = None
    first: int | None = None
    last: int | None = None

    def __post_init__(self) -> None:
        """Refuse a count that asks nothing."""
        if self.at_least is None and self.at_most is None:
            raise ValueError("a count has 'at_least', 'at_most' or both", "count 须有 at_least 或 at_most(或两者)")


@dataclass(frozen=True, slots=True)
class Repeated:
    """The same message again, or with ``of`` one of the cues in several messages; with both, in several alike.

    Attributes:
        by: Who repeats; ``None`` is whom the check judges.
        times: In so many messages, 2 or more.
        alike: From which similarity (0…1, edit ratio of normalised texts) two messages are the same. Without it
            0.9, or with ``of`` they need not be alike.
        within: Among N messages of the speaker that follow each other.
        of: Only messages that show one of these cues.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    by: Speaker | None = None
    times: int = 2
    alike: float | None = None
    within: int | None = None
    of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SentimentTest:
    """A figure of the customer's sentiment lies in the limits, or the sentiment went one of these ways."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    measure: Literal["start", "end", "lowest", "highest", "shift", "volatility"] = "end"
    below: float | None = None
    above: float | None = None
    direction: tuple[Direction, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a test that asks nothing or two things."""
        if bool(self.direction) == (self.below is not None or self.above is not None):
            raise ValueError(
                "a sentiment condition has either 'direction' or 'below' and 'above'",
                "sentiment 条件须有 direction,或者 below、above,不能兼有",
            )


@dataclass(frozen=True, slots=True)
class CsatTest:
    """A figure of the predicted satisfaction (mean 1…5, probabilities 0…1) lies in the limits."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    measure: Literal["mean", "p_dissatisfied", "p_resolved"] = "mean"
    below: float | None = None
    above: float | None = None

    def __post_init__(self) -> None:
        """Refuse a test that asks nothing."""
        if self.below is None and self.above is None:
            raise ValueError("a csat condition has 'below', 'above' or both", "csat 条件须有 below 或 above(或两者)")


@dataclass(frozen=True, slots=True)
class Attributes:
    """What a conversation is: for each that is given, one of the values. Empty: any conversation.

    ``agent_group`` is compared with ``agent.group`` or ``agent_group`` of the conversation.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    queue: tuple[Queue, ...] = ()
    channel: tuple[Channel, ...] = ()
    language: tuple[Literal["zh", "en"], ...] = ()
    agent_group: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that holds, does not hold or cannot be known over the turns so far. Has exactly one of these parts.

    The parts: ``seen``, ``left_by``, ``all``, ``any``, ``none``, ``holds``, ``least``, ``order``, ``gap``, ``count``,
    ``repeated``, ``sentiment``, ``csat``, ``conversation``; the other fields go with ``seen`` or ``left_by``.

    Attributes:
        seen: One of these cues is seen.
        left_by: The conversation ends with messages of this speaker …
        all: All of these hold.
        any: One of these holds.
        none: None of these holds.
        holds: The playbook's condition of that name holds.
        least: So many of these hold.
        order: One thing is followed by another.
        gap: An answer takes long, or comes soon.
        count: There are so many messages.
        repeated: Somebody repeats messages.
        sentiment: The customer's sentiment over the conversation.
        csat: The predicted satisfaction.
        conversation: Attributes of the conversation.
        by: Who has to show the cues of ``seen``; ``None`` is everybody, or in ``look_for`` whom the check judges.
        first: Only among the speaker's first N messages.
        last: Only among the speaker's last N messages.
        before: Only in messages no later than the first that shows one of these cues.
        before_by: Who has to show the cue named in ``before``; ``None`` is the speaker of ``seen``.
        after: Only after one of these cues; false without it.
        after_by: Who has to show the cue named in ``after``.
        pick: Which of several occurrences of ``after`` counts.
        within: With ``after``: only in the speaker's next N messages.
        within_seconds: With ``after``: only so many seconds later; unknown where messages have no times.
        apart_from: With ``left_by``: … that are not all of these cues only.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    seen: tuple[str, ...] = ()
    left_by: Speaker | None = None
    all: tuple[Condition, ...] = ()
    any: tuple[Condition, ...] = ()
    none: tuple[Condition, ...] = ()
    holds: str | None = None
    least: Least | None = None
    order: Order | None = None
    gap: Gap | None = None
    count: Count | None = None
    repeated: Repeated | None = None
    sentiment: SentimentTest | None = None
    csat: CsatTest | None = None
    conversation: Attributes | None = None
    by: Speaker | None = None
    first: int | None = None
    last: int | None = None
    before: tuple[str, ...] = ()
    before_by: Speaker | None = None
    after: tuple[str, ...] = ()
    after_by: Speaker | None = None
    pick: Literal["first", "last"] = "first"
    within: int | None = None
    within_seconds: float | None = None
    apart_from: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a condition that says nothing or two things."""
        if sum(bool(getattr(self, part)) for part in PARTS) != 1:
            given = [part for part in PARTS if getattr(self, part)]
            raise ValueError(
                f"a condition has exactly one of: {', '.join(PARTS)}; here: {', '.join(given) or 'none'}",
                f"一个条件须恰好有其中一项:{'、'.join(PARTS)};这里有:{'、'.join(given) or '无'}",
            )

    @property
    def parts(self) -> tuple[Condition, ...]:
        """The conditions this one is made of; not the one that ``holds`` names."""
        return (*self.all, *self.any, *self.none, *(self.least.of if self.least else ()))

    def walk(self) -> Iterator[Condition]:
        """Yield this condition and all that it is made of, however deep."""
        yield self
        for part in self.parts:
            yield from part.walk()

    def cues(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield where this condition itself, not its parts, names which cue."""
        for field in ("seen", "before", "after", "apart_from"):
            for place, name in enumerate(getattr(self, field)):
                yield (field, place), name
        for owner, fields in (
            ("order", ("first", "then")),
            ("gap", ("apart_from",)),
            ("count", ("of",)),
            ("repeated", ("of",)),
        ):
            part = getattr(self, owner)
            for field in fields if part else ():
                for place, name in enumerate(getattr(part, field)):
                    yield (owner, field, place), name


PARTS = (
    "seen",
    "left_by",
    "all",
    "any",
    "none",
    "holds",
    "least",
    "order",
    "gap",
    "count",
    "repeated",
    "sentiment",
    "csat",
    "conversation",
)
