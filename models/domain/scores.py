"""What scoring returns: values with their evidence and versions. All are immutable and JSON-ready by field name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

Direction = Literal["improved", "worsened", "flat"]
CsatLabel = Literal["dissatisfied", "neutral", "satisfied"]
ResolutionLabel = Literal["yes", "no", "unclear"]
Verdict = Literal["pass", "fail", "na", "no_evidence", "abstain"]
Style = Literal["weighted", "deduction", "bonus"]

# Digits kept of a figure where it is stored: more than any can bear, and hides what differs between processors.
DECIMALS = 4
# A field with this metadata is left out of the JSON while it has its default: bundles of old rubrics stay as they were.
UNLESS_DEFAULT: Mapping[str, bool] = MappingProxyType({"unless_default": True})


@dataclass(frozen=True, slots=True)
class Evidence:
    """A piece of a turn: ``quote == turn.text[start:end]`` (offsets in characters, end exclusive)."""

    turn: int
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class TurnContribution:
    """A turn that carried a score.

    Attributes:
        turn: Zero-based index in the input.
        effect: How far this turn moved the score, in the score's own unit, negative where it lowered it.
    """

    turn: int
    effect: float


@dataclass(frozen=True, slots=True)
class TurnSentiment:
    """Sentiment of one customer turn.

    Attributes:
        turn: Zero-based index in the input.
        role: Always ``customer`` for now.
        score: P(positive) − P(negative), −1…1.
        probs: ``negative``, ``neutral``, ``positive``; they sum to 1.
        intensity: How strong the feeling is, whichever it is, 0 (none) … 1 (as strong as can be); ``None`` from models
            that do not tell, and in scores made before there was one.
    """

    turn: int
    role: str
    score: float
    probs: Mapping[str, float]
    intensity: float | None = None


@dataclass(frozen=True, slots=True)
class TurningPoint:
    """A customer turn at which the sentiment turned, with the agent turn before it.

    Attributes:
        turn: The customer turn at which the new level shows.
        change: Size of the step in smoothed score, −2…2.
        agent_turn: The latest agent turn before it, or ``None`` where the agent had not spoken.
    """

    turn: int
    change: float
    agent_turn: int | None


@dataclass(frozen=True, slots=True)
class SentimentLevel:
    """The smoothed sentiment after a customer turn.

    Attributes:
        turn: Zero-based index in the input.
        level: −1…1.
        error: Its standard error, from how unsure the turns' sentiments are; 0…1.
    """

    turn: int
    level: float
    error: float


@dataclass(frozen=True, slots=True)
class SentimentScore:
    """The customer's sentiment over the conversation; ``None`` where no customer turn carries text.

    Attributes:
        turns: The scored customer turns.
        start: Smoothed level of the opening, −1…1.
        end: Smoothed level after the last turn, −1…1.
        shift: ``end − start``, −2…2.
        direction: What the shift is called; ``flat`` also where it is too uncertain to call it a move.
        volatility: 0 (still) … 1.
        turning_points: Where the level stepped.
        direction_probs: P of ``improved``, ``flat`` and ``worsened``; they sum to 1.
        levels: The smoothed trajectory, one a scored turn.
        carried_by: The turns after the opening that moved the level most, strongest first, at most three; the effects
            of all of them together make the shift.
    """

    turns: tuple[TurnSentiment, ...]
    start: float | None
    end: float | None
    shift: float | None
    direction: Direction | None
    volatility: float | None
    turning_points: tuple[TurningPoint, ...]
    direction_probs: Mapping[str, float] | None = None
    levels: tuple[SentimentLevel, ...] = ()
    carried_by: tuple[TurnContribution, ...] = ()


@dataclass(frozen=True, slots=True)
class CsatScore:
    """Predicted customer satisfaction.

    Attributes:
        distribution: Probabilities of 1…5; sum to 1.
        mean: Its mean, 1…5.
        p_dissatisfied: P(1 or 2), 0…1.
        interval: Where a rating lies with the coverage named: lower and upper bound, 1…5.
        coverage: The nominal coverage of ``interval``, e.g. 0.9.
        label: The decision.
        abstain: True where the model should not be relied on (nothing to read, too uncertain).
        carried_by: The turns without which ``mean`` would differ most, strongest first, at most three; an effect is
            the mean with the turn less the mean without it.
    """

    distribution: tuple[float, ...]
    mean: float
    p_dissatisfied: float
    interval: tuple[float, float]
    coverage: float
    label: CsatLabel
    abstain: bool
    carried_by: tuple[TurnContribution, ...] = ()


@dataclass(frozen=True, slots=True)
class ResolutionScore:
    """Whether the customer's matter was resolved in the conversation.

    Attributes:
        p_resolved: 0…1.
        label: The decision.
        carried_by: As in :class:`CsatScore`, for ``p_resolved``.
    """

    p_resolved: float
    label: ResolutionLabel
    carried_by: tuple[TurnContribution, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Verdict of one playbook check; only ``fail`` costs points."""

    id: str
    verdict: Verdict
    confidence: float
    critical: bool
    evidence: tuple[Evidence, ...]
    reason: str
    reason_en: str


@dataclass(frozen=True, slots=True)
class ComplianceScore:
    """All checks of a playbook; ``score`` is the weighted share passed of those that apply, ``None`` if none does."""

    score: float | None
    checks: tuple[CheckResult, ...]


@dataclass(frozen=True, slots=True)
class CriterionResult:
    """One criterion of a rubric.

    Attributes:
        id: Its id in the rubric.
        source: Where its value comes from, e.g. ``check:greeting``, ``csat.mean`` or ``manual:accuracy``.
        value: Share of its weight earned, 0…1; ``None`` where it does not apply (its weight goes to the rest).
        weight: Its weight as written in the rubric; in a deduction or bonus section the points at stake.
        points: Points earned, of ``max_points``, after spreading; both 0 where it does not apply. Negative for a
            deduction.
        max_points: Points it could earn, of 100; 0 for a deduction.
        auto_fail: True where it is critical and failed: the whole score is 0.
        reason: Why the machine says so, in Chinese.
        reason_en: The same in English.
        section: Id of its section, or empty.
        style: How its section counts.
        machine_value: Where ``decided_by`` is set: what ``value`` would be without the decision; else ``None``.
        decided_by: The decision's reference, where a person decided.
        decision_kind: The decision's kind, where a person decided.
        open: Whether it is a question that a person still has to answer.
        cap: Where it failed and the score is capped for it: at this.
    """

    id: str
    source: str
    value: float | None
    weight: float
    points: float
    max_points: float
    auto_fail: bool
    reason: str
    reason_en: str
    section: str = field(default="", metadata=UNLESS_DEFAULT)
    style: Style = field(default="weighted", metadata=UNLESS_DEFAULT)
    machine_value: float | None = field(default=None, metadata=UNLESS_DEFAULT)
    decided_by: str | None = field(default=None, metadata=UNLESS_DEFAULT)
    decision_kind: str | None = field(default=None, metadata=UNLESS_DEFAULT)
    open: bool = field(default=False, metadata=UNLESS_DEFAULT)
    cap: float | None = field(default=None, metadata=UNLESS_DEFAULT)


@dataclass(frozen=True, slots=True)
class SectionResult:
    """One section of a rubric.

    Attributes:
        id: Its id in the rubric.
        style: How it counts.
        score: Of a section that shares in the 100: its own score, 0…100. ``None`` for others, and where nothing of it
            applies.
        points: What it brings to the whole score; negative for a deduction from the whole.
        max_points: What it could bring.
    """

    id: str
    style: Style
    score: float | None
    points: float
    max_points: float


@dataclass(frozen=True, slots=True)
class QaScore:
    """The auto-QA score, ``None`` (and not passed) where no criterion applies.

    Attributes:
        score: 0…100, or more where the rubric lets bonus points lift it so far.
        passed: Whether it reaches the pass mark.
        auto_fail: Whether a critical failure zeroed it.
        criteria: In the rubric's order.
        capped_at: The cap that holds because of a critical failure, if one does; also where the score lies below it.
        band: The grade, if the rubric has grades and one is reached.
        pass_mark: Where a variant of the rubric set another than the rubric's own: this.
        sections: In the rubric's order; empty for a rubric without sections.
        variants: The variants of the rubric that were applied.
        open: Criteria that a person still has to answer; they do not count so far.
    """

    score: float | None
    passed: bool | None
    auto_fail: bool
    criteria: tuple[CriterionResult, ...]
    capped_at: float | None = field(default=None, metadata=UNLESS_DEFAULT)
    band: str | None = field(default=None, metadata=UNLESS_DEFAULT)
    pass_mark: float | None = field(default=None, metadata=UNLESS_DEFAULT)
    sections: tuple[SectionResult, ...] = field(default=(), metadata=UNLESS_DEFAULT)
    variants: tuple[str, ...] = field(default=(), metadata=UNLESS_DEFAULT)
    open: tuple[str, ...] = field(default=(), metadata=UNLESS_DEFAULT)


@dataclass(frozen=True, slots=True)
class Versions:
    """What a score was made of: hash of the input, and id@version (or id@version+hash) of everything applied to it."""

    input: str
    playbook: str
    rubric: str
    model: str
    code: str


@dataclass(frozen=True, slots=True)
class ScoreBundle:
    """Everything said of one conversation (revision)."""

    id: str
    versions: Versions
    sentiment: SentimentScore
    csat: CsatScore
    resolution: ResolutionScore
    compliance: ComplianceScore
    qa: QaScore
    timing: Mapping[str, float | None] = field(default_factory=dict)
