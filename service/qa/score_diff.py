"""Two scores of one conversation, criterion by criterion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from service.core.errors import NotFoundError
from service.scoring.history import score_history
from service.scoring.repository import StoredScore

_FIGURES = (
    "csat.mean",
    "csat.p_dissatisfied",
    "csat.label",
    "sentiment.shift",
    "sentiment.direction",
    "resolution.p_resolved",
    "resolution.label",
    "compliance.score",
)


@dataclass(frozen=True, slots=True)
class ScoreSide:
    """One of the two scores; ``score`` is 0…100, ``None`` where no criterion applies."""

    id: int
    revision: int
    created_at: datetime
    versions: Mapping[str, str]
    score: float | None
    passed: bool | None
    auto_fail: bool


@dataclass(frozen=True, slots=True)
class CriterionSide:
    """One criterion in one of the scores; ``value`` is 0…1, ``None`` where it does not apply."""

    value: float | None
    points: float
    max_points: float
    auto_fail: bool
    reason: str
    reason_en: str


@dataclass(frozen=True, slots=True)
class CriterionDiff:
    """One criterion in both; ``None`` where a score does not have it."""

    id: str
    changed: bool
    before: CriterionSide | None
    after: CriterionSide | None


@dataclass(frozen=True, slots=True)
class CheckSide:
    """One check in one of the scores."""

    verdict: str
    confidence: float
    reason: str
    reason_en: str


@dataclass(frozen=True, slots=True)
class CheckDiff:
    """One check in both; ``changed`` tells of the verdict only."""

    id: str
    changed: bool
    before: CheckSide | None
    after: CheckSide | None


@dataclass(frozen=True, slots=True)
class ValueDiff:
    """A version or figure that differs."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class ScoreDiff:
    """What differs.

    Attributes:
        conversation_id: Whose scores.
        before: The earlier one.
        after: The later one.
        versions: The versions that differ: why the scores may.
        criteria: Every criterion of either, those of the later one first.
        checks: Every check of either, in the same way.
        figures: The further figures that differ.
    """

    conversation_id: str
    before: ScoreSide
    after: ScoreSide
    versions: Sequence[ValueDiff]
    criteria: Sequence[CriterionDiff]
    checks: Sequence[CheckDiff]
    figures: Sequence[ValueDiff]


def diff_scores(
    session: Session,
    conversation_id: str,
    before: int | None = None,
    after: int | None = None,
    *,
    only_agent: str | None = None,
) -> ScoreDiff:
    """Compare two scores of a conversation.

    Args:
        session: An open transaction.
        conversation_id: Whose.
        before: Id of the earlier score; without one the last before ``after``.
        after: Id of the later score; without one the newest.
        only_agent: Who may see this agent's conversations only.

    Raises:
        NotFoundError: There is no such conversation, or it has no such scores.
    """
    scores = score_history(session, conversation_id, only_agent=only_agent)
    new = _pick(scores, conversation_id, after)
    old = _pick([one for one in scores if before is not None or one.id < new.id], conversation_id, before)
    return compare(old, new)


def compare(old: StoredScore, new: StoredScore) -> ScoreDiff:
    """Return what differs between two scores."""
    criteria = _both(old.bundle["qa"]["criteria"], new.bundle["qa"]["criteria"])
    checks = _both(old.bundle["compliance"]["checks"], new.bundle["compliance"]["checks"])
    return ScoreDiff(
        conversation_id=new.conversation_id,
        before=_side(old),
        after=_side(new),
        versions=_values(old.bundle["versions"], new.bundle["versions"], tuple(new.bundle["versions"])),
        criteria=[_criterion(name, one, other) for name, one, other in criteria],
        checks=[_check(name, one, other) for name, one, other in checks],
        figures=_values(old.bundle, new.bundle, _FIGURES),
    )


def _pick(scores: Sequence[StoredScore], conversation_id: str, wanted: int | None) -> StoredScore:
    for one in scores:
        if wanted is None or one.id == wanted:
            return one
    if wanted is None:
        raise NotFoundError(
            f"conversation {conversation_id!r} has no two scores to compare",
            f"会话 {conversation_id!r} 没有两个评分可供比较",
            location=conversation_id,
        )
    raise NotFoundError(
        f"conversation {conversation_id!r} has no score {wanted}",
        f"会话 {conversation_id!r} 没有评分 {wanted}",
        location=str(wanted),
    )


def _both(
    old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]
) -> list[tuple[str, Mapping[str, Any] | None, Mapping[str, Any] | None]]:
    one, other = {item["id"]: item for item in old}, {item["id"]: item for item in new}
    return [(name, one.get(name), other.get(name)) for name in dict.fromkeys((*other, *one))]


def _criterion(name: str, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> CriterionDiff:
    before, after = _criterion_side(old), _criterion_side(new)
    counted = [(side.value, side.points, side.max_points, side.auto_fail) if side else None for side in (before, after)]
    return CriterionDiff(name, counted[0] != counted[1], before, after)


def _criterion_side(item: Mapping[str, Any] | None) -> CriterionSide | None:
    return None if item is None else CriterionSide(**{name: item[name] for name in CriterionSide.__slots__})


def _check(name: str, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> CheckDiff:
    before, after = (
        None if item is None else CheckSide(**{key: item[key] for key in CheckSide.__slots__}) for item in (old, new)
    )
    return CheckDiff(name, (before and before.verdict) != (after and after.verdict), before, after)


def _side(score: StoredScore) -> ScoreSide:
    qa = score.bundle["qa"]
    return ScoreSide(
        score.id, score.revision, score.created_at, score.bundle["versions"], qa["score"], qa["passed"], qa["auto_fail"]
    )


def _values(old: Mapping[str, Any], new: Mapping[str, Any], names: Sequence[str]) -> list[ValueDiff]:
    pairs = [(name, _at(old, name), _at(new, name)) for name in names]
    return [ValueDiff(*pair) for pair in pairs if pair[1] != pair[2]]


def _at(value: Any, path: str) -> Any:
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
