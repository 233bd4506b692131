"""A playbook: what agents should say and must not say, as data. Standard library only.

The same classes are the schema of a playbook file; ``models.scorers.compliance.loading`` reads and validates one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

Kind = Literal["required", "conditional", "forbidden"]
Speaker = Literal["customer", "agent", "bot", "system"]
Reach = Literal["match", "clause", "sentence", "message"]

# Read by pydantic where a file is validated; means nothing to the standard library.
_STRICT: dict[str, Any] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class Bilingual:
    """A text for people, in Chinese and English."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Guard:
    """Another cue near a match: in the same clause, sentence or message, or overlapping the match itself."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT

    cue: str
    within: Reach = "match"


@dataclass(frozen=True, slots=True)
class ActCue:
    """An act of ``models.domain.acts`` that the trained heads find in the message, at least that probable (0…1)."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT

    name: str
    least: float


@dataclass(frozen=True, slots=True)
class Cue:
    """Something that can be seen in one message.

    Attributes:
        include: Patterns (RE2 syntax, over normalised text) that show it. ``{word}`` is replaced from ``words``.
        exclude: Patterns that take a match back which they overlap: negation, refusal, another sense of the word.
        unless: Cues that take a match back when near it.
        needs: Cues of which one has to be near a match for it to count.
        sentiment_below: A scored message with a sentiment score (−1…1) under this shows the cue, too.
        act: A message in which the heads find this act shows the cue, too, as a whole.
        backed_by: A pattern's match counts only where the heads find this act, too; mostly with a low ``least``, to
            take back what is surely something else. Where an artifact has no such heads, patterns decide alone.
        rest_of: Instead of patterns: a clause in which none of these cues is seen …
        min_chars: … and which has at least this many letters, digits or Chinese characters.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    unless: tuple[Guard, ...] = ()
    needs: tuple[Guard, ...] = ()
    sentiment_below: float | None = None
    act: ActCue | None = None
    backed_by: ActCue | None = None
    rest_of: tuple[str, ...] = ()
    min_chars: int = 4

    def __post_init__(self) -> None:
        """Refuse a cue that can never be seen or that says two things."""
        if bool(self.rest_of) == bool(self.include or self.sentiment_below is not None or self.act):
            raise ValueError("a cue has either 'include' (or 'sentiment_below', or 'act') or 'rest_of'")


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that holds, or not, over the turns so far. Has exactly one of the first six fields.

    Attributes:
        seen: One of these cues is seen.
        left_by: The conversation ends with messages of this speaker …
        all: All of these hold.
        any: One of these holds.
        none: None of these holds.
        holds: The playbook's condition of that name holds.
        by: Who has to show the cues of ``seen``; ``None`` is everybody.
        first: Only among the speaker's first N messages.
        last: Only among the speaker's last N messages.
        before: Only in messages no later than the first that shows one of these cues.
        before_by: Who has to show the cue named in ``before``; ``None`` is the speaker of ``seen``.
        after: Only after one of these cues; false without it.
        after_by: Who has to show the cue named in ``after``.
        pick: Which of several occurrences of ``after`` counts.
        within: With ``after``: only in the speaker's next N messages.
        apart_from: With ``left_by``: … that are not all of these cues only.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT

    seen: tuple[str, ...] = ()
    left_by: Speaker | None = None
    all: tuple[Condition, ...] = ()
    any: tuple[Condition, ...] = ()
    none: tuple[Condition, ...] = ()
    holds: str | None = None
    by: Speaker | None = None
    first: int | None = None
    last: int | None = None
    before: tuple[str, ...] = ()
    before_by: Speaker | None = None
    after: tuple[str, ...] = ()
    after_by: Speaker | None = None
    pick: Literal["first", "last"] = "first"
    within: int | None = None
    apart_from: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a condition that says nothing or two things."""
        said = (self.seen, self.left_by, self.all, self.any, self.none, self.holds)
        if sum(bool(part) for part in said) != 1:
            raise ValueError("a condition has exactly one of: seen, left_by, all, any, none, holds")
        if not self.seen and (self.first or self.last or self.before or self.after or self.within):
            raise ValueError("first, last, before, after and within belong to 'seen'")


@dataclass(frozen=True, slots=True)
class Confidence:
    """How sure a rule's verdict is, 0…1: its author's estimate, not calibrated on data.

    ``without_acts`` multiplies the others where cues ask for acts and the artifact has no heads for them.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT

    passed: float = 0.8
    failed: float = 0.8
    na: float = 0.8
    no_evidence: float = 0.5
    without_acts: float = 1.0

    def __post_init__(self) -> None:
        """Refuse figures outside 0…1."""
        if not all(
            0 <= value <= 1 for value in (self.passed, self.failed, self.na, self.no_evidence, self.without_acts)
        ):
            raise ValueError("a confidence lies between 0 and 1")


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why a verdict was given. ``{message}`` and ``{after}`` stand for message numbers, ``{quote}`` for words."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT

    passed: Bilingual
    failed: Bilingual
    na: Bilingual
    no_evidence: Bilingual | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One rule.

    Attributes:
        id: Stable name.
        kind: ``required`` and ``conditional`` fail where ``look_for`` does not hold, ``forbidden`` where it does.
        title: For people.
        look_for: What the agent should (must not) do.
        applies: Where this does not hold the verdict is ``na``.
        decidable: Where this does not hold (and ``look_for`` neither) the verdict is ``no_evidence``.
        weight: Share in the compliance score; over 0.
        critical: Whether a failure is one that zeroes a QA score.
        suggest: Sentences to offer an agent.
        confidence: How sure each verdict is.
        reasons: Why, for people.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT

    id: str
    kind: Kind
    title: Bilingual
    look_for: Condition
    reasons: Reasons
    applies: Condition | None = None
    decidable: Condition | None = None
    weight: float = 1.0
    critical: bool = False
    suggest: tuple[str, ...] = ()
    confidence: Confidence = Confidence()

    def __post_init__(self) -> None:
        """Refuse a weight that is no weight."""
        if not 0 < self.weight < 1e6:
            raise ValueError("a weight is greater than 0")


@dataclass(frozen=True, slots=True)
class Playbook:
    """Checks with the cues and conditions they are made of; immutable, known by id, version and hash.

    Attributes:
        id: Stable name, e.g. ``ecommerce-zh``.
        version: Counts up with every change.
        title: For people.
        checks: In the order they are reported.
        words: Pattern fragments by name, for ``{name}`` in patterns.
        cues: What can be seen in one message, by name.
        conditions: What several checks ask, by name.
        hash: ``sha256:…`` of the content, filled in where the playbook is loaded.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT

    id: str
    version: int
    title: Bilingual
    checks: tuple[Check, ...]
    words: Mapping[str, str] = field(default_factory=dict)
    cues: Mapping[str, Cue] = field(default_factory=dict)
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    hash: str = ""
