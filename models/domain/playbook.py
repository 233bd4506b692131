"""A playbook: what agents should say and must not say, as data. Standard library only.

The same classes are the schema of a playbook file; ``models.scorers.compliance.loading`` reads and validates one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, tzinfo
from typing import Any, ClassVar, Literal

from models.domain.condition import Attributes, Condition, Speaker
from models.domain.conversation import Channel, Queue
from models.domain.cue import STRICT, Cue
from models.domain.scores import Verdict

Kind = Literal["required", "conditional", "forbidden", "ordered", "timed"]


def _written(name: str) -> str:
    return {"since": "from"}.get(name, name)


@dataclass(frozen=True, slots=True)
class Bilingual:
    """A text for people, in Chinese and English."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Confidence:
    """How sure a rule's verdict is, 0…1: its author's estimate, or measured by ``python -m training tune-playbook``.

    ``without_acts`` multiplies the others where cues ask for acts and the artifact has no heads for them.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    passed: float = 0.8
    failed: float = 0.8
    na: float = 0.8
    no_evidence: float = 0.5
    without_acts: float = 1.0

    def __post_init__(self) -> None:
        """Refuse figures outside 0…1."""
        for name in ("passed", "failed", "na", "no_evidence", "without_acts"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError("a confidence lies between 0 and 1", "置信度应在 0 与 1 之间", name)


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why a verdict was given. ``{message}`` and ``{after}`` stand for message numbers, ``{quote}`` for words."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    passed: Bilingual
    failed: Bilingual
    na: Bilingual
    no_evidence: Bilingual | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """Which conversations something is for: for each that is given, one of the values. Empty: all."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    queue: tuple[Queue, ...] = ()
    channel: tuple[Channel, ...] = ()
    language: tuple[Literal["zh", "en"], ...] = ()
    agent_group: tuple[str, ...] = ()

    @property
    def attributes(self) -> Attributes:
        """The same as a condition asks it."""
        return Attributes(self.queue, self.channel, self.language, self.agent_group)


@dataclass(frozen=True, slots=True)
class Effective:
    """When a playbook is in force: ``since`` (``from`` in a file) inclusive, ``until`` exclusive; both optional."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {**STRICT, "alias_generator": _written}

    since: date | datetime | None = None
    until: date | datetime | None = None

    def period(self, zone: tzinfo) -> tuple[datetime | None, datetime | None]:
        """Return its moments; a date begins at midnight in ``zone``."""
        return _moment(self.since, zone), _moment(self.until, zone)

    def covers(self, at: datetime, zone: tzinfo) -> bool:
        """Tell whether ``at`` (with a zone) lies within."""
        since, until = self.period(zone)
        return (since is None or since <= at) and (until is None or at < until)


def _moment(day: date | datetime | None, zone: tzinfo) -> datetime | None:
    if day is None or isinstance(day, datetime):
        return day
    return datetime.combine(day, time(), zone)


@dataclass(frozen=True, slots=True)
class PlaybookTest:
    """A conversation or a line with the verdict that it has to get.

    Attributes:
        name: For people.
        turns: ``"role: text"``, the role ``customer``, ``agent``, ``bot``, ``system`` or its first letter; with
            ``"agent +65s: text"`` the message is sent 65 seconds after the one before.
        line: Instead of ``turns``: a single message.
        by: Who writes ``line``.
        attributes: Of the conversation, as in the interchange format.
        expect: The verdict; in a playbook's own tests verdicts by check.
        quote: Words that have to occur in the evidence.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    expect: Verdict | Mapping[str, Verdict]
    name: str = ""
    turns: tuple[str, ...] = ()
    line: str | None = None
    by: Speaker = "agent"
    attributes: Mapping[str, Any] = field(default_factory=dict)
    quote: str | None = None

    def __post_init__(self) -> None:
        """Refuse a test of nothing or of two things."""
        if bool(self.turns) == (self.line is not None):
            raise ValueError("a test has either 'turns' or 'line'", "测试须有 turns 或 line 之一,且只能有一个")


@dataclass(frozen=True, slots=True)
class Check:
    """One rule.

    Attributes:
        id: Stable name.
        kind: ``forbidden`` fails where ``look_for`` holds, all others where it does not; ``ordered`` asks for an
            ``order``, ``timed`` for a ``gap`` or ``within_seconds``.
        title: For people.
        look_for: What the speaker should (must not) do.
        speaker: Who is judged.
        applies: Where this does not hold the verdict is ``na``.
        scope: Outside it the verdict is ``na``, too.
        decidable: Where this does not hold (and ``look_for`` neither) the verdict is ``no_evidence``.
        weight: Share in the compliance score; over 0.
        critical: Whether a failure is one that zeroes a QA score.
        suggest: Sentences to offer an agent.
        say_instead: For a forbidden check: what to say instead.
        confidence: How sure each verdict is.
        abstain_below: A ``pass`` or ``fail`` less sure than this is an ``abstain``.
        reasons: Why, for people.
        tests: Conversations with the verdict that this check has to give.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    id: str
    kind: Kind
    title: Bilingual
    look_for: Condition
    reasons: Reasons
    speaker: Speaker = "agent"
    applies: Condition | None = None
    scope: Scope = Scope()
    decidable: Condition | None = None
    weight: float = 1.0
    critical: bool = False
    suggest: tuple[str, ...] = ()
    say_instead: tuple[str, ...] = ()
    confidence: Confidence = Confidence()
    abstain_below: float = 0.0
    tests: tuple[PlaybookTest, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a weight that is no weight, and a certainty that is none."""
        if not 0 < self.weight < 1e6:
            raise ValueError(
                "a weight is greater than 0 and less than 1000000", "权重应大于 0 且小于 1000000", "weight"
            )
        if not 0 <= self.abstain_below <= 1:
            raise ValueError("'abstain_below' lies between 0 and 1", "abstain_below 应在 0 与 1 之间", "abstain_below")

    @property
    def conditions(self) -> tuple[tuple[str, Condition], ...]:
        """The conditions of the check by the field they stand in."""
        given = (("look_for", self.look_for), ("applies", self.applies), ("decidable", self.decidable))
        return tuple((name, condition) for name, condition in given if condition is not None)


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
        extends: The playbook this one starts from; resolved where it is loaded, kept for people.
        remove: Checks of that playbook that are left out.
        thresholds: By cue, inherited or not, another ``least`` for its ``act`` and ``backed_by``.
        scope: Which conversations it is for; all verdicts are ``na`` for others.
        effective: When it is in force; for whoever chooses a playbook, judging does not ask.
        tests: Conversations with the verdicts that its checks have to give.
        hash: ``sha256:…`` of the resolved content without tests, filled in where the playbook is loaded.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    id: str
    version: int
    title: Bilingual
    checks: tuple[Check, ...]
    words: Mapping[str, str] = field(default_factory=dict)
    cues: Mapping[str, Cue] = field(default_factory=dict)
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    extends: str | None = None
    remove: tuple[str, ...] = ()
    thresholds: Mapping[str, Mapping[Literal["act", "backed_by"], float]] = field(default_factory=dict)
    scope: Scope = Scope()
    effective: Effective = Effective()
    tests: tuple[PlaybookTest, ...] = ()
    hash: str = ""
