"""A taxonomy of root causes: what can be at the bottom of a complaint, and by which signs it is told. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from models.domain.condition import Condition
from models.domain.conversation import Queue
from models.domain.cue import STRICT, Cue
from models.domain.playbook import Bilingual, Playbook
from models.domain.scores import CsatLabel, Direction, ResolutionLabel

Kind = Literal["service", "system", "undetermined"]
Nature = Literal["service", "system", "depends"]
KINDS: tuple[Kind, ...] = ("service", "system", "undetermined")


@dataclass(frozen=True, slots=True)
class Sign:
    """Something that speaks for a topic; all that is given has to hold.

    Attributes:
        points: How much it speaks for it, over 0.
        when: A condition over the messages, as in a playbook.
        failed: One of these checks of the playbook failed; ids that a playbook lacks never do.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    points: float
    when: Condition | None = None
    failed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a sign of nothing, or one that speaks against."""
        if self.when is None and not self.failed:
            raise ValueError("a sign has 'when', 'failed' or both")
        if not 0 < self.points < 1e3:
            raise ValueError("points are greater than 0")


@dataclass(frozen=True, slots=True)
class Topic:
    """One root cause.

    Attributes:
        id: Stable name.
        title: For people.
        kind: ``service``: by its nature the conduct of whoever served. ``system``: goods, partners, rules or systems.
            ``depends``: told by ``service_when`` and ``system_when``, and undetermined where they say nothing or both.
        department: Who is responsible where it is no matter of service.
        signs: What speaks for it.
        service_when: What makes it a matter of service.
        system_when: What makes it a matter of the system.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    id: str
    title: Bilingual
    kind: Nature
    department: str
    signs: tuple[Sign, ...]
    service_when: tuple[Sign, ...] = ()
    system_when: tuple[Sign, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a topic that nothing tells, and evidence for what is settled."""
        if not self.signs:
            raise ValueError("a topic has at least one sign")
        if (self.kind == "depends") != bool(self.service_when or self.system_when):
            raise ValueError("'service_when' and 'system_when' belong to topics of kind 'depends', which need one")


@dataclass(frozen=True, slots=True)
class Department:
    """Who can be responsible."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    id: str
    title: Bilingual


@dataclass(frozen=True, slots=True)
class Trigger:
    """Why a conversation needs a root cause; all that is given has to hold, and what is not known does not.

    Attributes:
        id: Stable name.
        title: For people.
        queue: The conversation's queue.
        complaint: Whether another system knows it as a complaint (``facts.complaint``).
        qa_passed: Whether the QA score reaches its pass mark.
        csat: The predicted satisfaction, where the model does not abstain.
        survey_at_most: The customer's own rating (``facts.csat``, 1…5).
        resolution: The predicted resolution, where the customer's matter is not known (``facts.resolved``) to be or not
            to be resolved; else that.
        direction: Where the customer's sentiment went.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    id: str
    title: Bilingual
    queue: tuple[Queue, ...] = ()
    complaint: bool | None = None
    qa_passed: bool | None = None
    csat: tuple[CsatLabel, ...] = ()
    survey_at_most: float | None = None
    resolution: tuple[ResolutionLabel, ...] = ()
    direction: tuple[Direction, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a trigger that every conversation pulls."""
        asked = (self.queue, self.csat, self.resolution, self.direction)
        if not any(asked) and self.complaint is None and self.qa_passed is None and self.survey_at_most is None:
            raise ValueError("a trigger asks for something")


@dataclass(frozen=True, slots=True)
class Certainty:
    """How points become probabilities, and from where a suggestion is made.

    The probability of a topic is exp(scale · points) over the sum of all topics' and of exp(scale · unknown), which
    stands for a cause that is none of them or not told. Topics without points have none.

    Attributes:
        scale: Fitted on labelled conversations.
        unknown: Likewise, in points.
        topic_least: A topic less probable is not suggested.
        kind_least: A kind less probable (its topics together) is undetermined.
        beside_head: Where a trained head reads along: what each point adds to its logarithm of odds, instead of
            ``scale`` and ``unknown``.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    scale: float = 1.0
    unknown: float = 1.5
    topic_least: float = 0.5
    kind_least: float = 0.6
    beside_head: float = 0.5

    def __post_init__(self) -> None:
        """Refuse what is no probability or no scale."""
        if not 0 < self.scale <= 100 or not 0 <= self.unknown <= 100:
            raise ValueError("'scale' lies over 0 and at most 100, 'unknown' between 0 and 100")
        if not 0 <= self.beside_head <= 100:
            raise ValueError("'beside_head' lies between 0 and 100")
        if not (0 <= self.topic_least <= 1 and 0 <= self.kind_least <= 1):
            raise ValueError("'topic_least' and 'kind_least' lie between 0 and 1")


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """Root causes with their signs; immutable, known by id, version and hash.

    Attributes:
        id: Stable name, e.g. ``ecommerce-zh``.
        version: Counts up with every change.
        title: For people.
        departments: Who can be responsible; one of them is ``service_department``.
        service_department: Who is responsible for matters of service.
        attribute_when: Conversations with one of these need a root cause.
        topics: In the order in which they are told.
        certainty: How sure a suggestion is.
        words: Pattern fragments by name, as in a playbook.
        cues: What can be seen in one message, as in a playbook.
        conditions: What several signs ask, as in a playbook.
        hash: ``sha256:…`` of the resolved content, filled in where it is loaded.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    id: str
    version: int
    title: Bilingual
    departments: tuple[Department, ...]
    service_department: str
    attribute_when: tuple[Trigger, ...]
    topics: tuple[Topic, ...]
    certainty: Certainty = Certainty()
    words: Mapping[str, str] = field(default_factory=dict)
    cues: Mapping[str, Cue] = field(default_factory=dict)
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    hash: str = ""

    @property
    def label(self) -> str:
        """``id@version``."""
        return f"{self.id}@{self.version}"

    def topic(self, topic_id: str) -> Topic | None:
        """Return a topic by its id."""
        return next((one for one in self.topics if one.id == topic_id), None)

    def department(self, department_id: str) -> Department | None:
        """Return a department by its id."""
        return next((one for one in self.departments if one.id == department_id), None)

    def responsible(self, topic: Topic, kind: Kind) -> str | None:
        """Return the department responsible for a topic of that kind, ``None`` where that is open."""
        if kind == "undetermined":
            return topic.department if topic.kind == "system" else None
        return self.service_department if kind == "service" else topic.department

    def as_playbook(self) -> Playbook:
        """Return words, cues and conditions as a playbook without checks, for the engine that reads them."""
        return Playbook(
            id=self.id,
            version=self.version,
            title=self.title,
            checks=(),
            words=self.words,
            cues=self.cues,
            conditions=self.conditions,
            hash=self.hash,
        )
