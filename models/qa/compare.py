"""What another rubric would change: who passes, who fails, and which criteria make the difference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import fsum
from typing import Literal

from models.domain.decision import Decision
from models.domain.rubric import Rubric, Traits
from models.domain.scores import CriterionResult, QaScore
from models.qa.evaluate import evaluate_rubric
from models.qa.figures import Measured

Outcome = Literal["pass", "fail", "none"]
_VISIBLE = 0.005  # points; less does not show in a score of two decimals


@dataclass(frozen=True, slots=True)
class Case:
    """One conversation as it was measured.

    Attributes:
        id: Of the conversation.
        measured: Its scores.
        check_weights: The weights of the playbook's checks.
        head: What it is.
        decisions: What people decided, by criterion; both rubrics use those for criteria they have.
    """

    id: str
    measured: Measured
    check_weights: Mapping[str, float] = field(default_factory=dict)
    head: Traits = field(default_factory=Traits)
    decisions: Mapping[str, Decision] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that makes the difference.

    Attributes:
        kind: ``points`` of a criterion; an ``auto_fail`` or ``cap`` that one rubric sets and the other does not;
            another ``pass_mark``; ``applies``: one of them gives no score.
        criterion: Id in the new rubric, or in the old one where the new one lacks it; empty for the whole score.
        source: Of the criterion, or empty.
        effect: For ``points``: by how much it moves the score; for ``cap``: how much lower or higher the score may be.
    """

    kind: Literal["points", "auto_fail", "cap", "pass_mark", "applies"]
    criterion: str
    source: str
    effect: float


@dataclass(frozen=True, slots=True)
class Change:
    """One conversation whose score or outcome changes; causes are the strongest first."""

    id: str
    before: float | None
    after: float | None
    outcome_before: Outcome
    outcome_after: Outcome
    band_before: str | None
    band_after: str | None
    causes: tuple[Cause, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """One conversation by both rubrics; ``change`` is ``None`` where score, outcome and grade stay."""

    before: QaScore
    after: QaScore
    change: Change | None


@dataclass(frozen=True, slots=True)
class CriterionEffect:
    """What one criterion does over all conversations.

    Attributes:
        source: Where its value comes from; the same in both rubrics.
        criterion: As in ``Cause``.
        conversations: In how many it moves the score by points.
        mean_effect: By how much on average over those.
        decisive: In how many the outcome changes and this is the strongest cause that points that way.
    """

    source: str
    criterion: str
    conversations: int
    mean_effect: float
    decisive: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """The whole preview.

    Attributes:
        conversations: How many were compared.
        passed_before: How many pass by the old rubric.
        passed_after: How many by the new one.
        mean_before: Mean of the scores there are by the old rubric, ``None`` for none.
        mean_after: By the new one.
        moves: How many go from what to what, e.g. ``fail→pass``; those that stay are left out.
        changes: Conversations whose score, outcome or grade changes, in the order given.
        criteria: By how many outcomes and conversations they move, most first.
    """

    conversations: int
    passed_before: int
    passed_after: int
    mean_before: float | None
    mean_after: float | None
    moves: Mapping[str, int]
    changes: tuple[Change, ...]
    criteria: tuple[CriterionEffect, ...]


def compare_rubrics(old: Rubric, new: Rubric, cases: Iterable[Case]) -> Comparison:
    """Return what changes if ``new`` takes the place of ``old``; pure, nothing is stored.

    A criterion's effect is how many more of the points it could bring it brings: a criterion that is passed in full
    has none, however its weight changes, so what is lost or won is put where it is lost or won. Without caps, floors
    and ceilings the effects of a conversation add up to the difference of its scores.
    """
    changes: list[Change] = []
    before: list[QaScore] = []
    after: list[QaScore] = []
    for case in cases:
        found = compare_case(old, new, case)
        before.append(found.before)
        after.append(found.after)
        if found.change is not None:
            changes.append(found.change)
    moves: dict[str, int] = {}
    for change in changes:
        if change.outcome_before != change.outcome_after:
            move = f"{change.outcome_before}→{change.outcome_after}"
            moves[move] = moves.get(move, 0) + 1
    return Comparison(
        conversations=len(before),
        passed_before=sum(score.passed is True for score in before),
        passed_after=sum(score.passed is True for score in after),
        mean_before=_mean(before),
        mean_after=_mean(after),
        moves=dict(sorted(moves.items())),
        changes=tuple(changes),
        criteria=_effects(changes),
    )


def compare_case(old: Rubric, new: Rubric, case: Case) -> Compared:
    """Return one conversation's score by both rubrics and what makes the difference; see ``compare_rubrics``."""
    one, other = (
        evaluate_rubric(rubric, case.measured, case.check_weights, head=case.head, decisions=case.decisions)
        for rubric in (old, new)
    )
    return compare_scores(old, new, case.id, one, other)


def compare_scores(old: Rubric, new: Rubric, case: str, one: QaScore, other: QaScore) -> Compared:
    """Return what makes the difference between the scores of a conversation (its id) by ``old`` and by ``new``."""
    if (one.score, one.passed, one.band) == (other.score, other.passed, other.band):
        return Compared(one, other, None)
    marks = tuple(
        rubric.pass_mark if score.pass_mark is None else score.pass_mark for rubric, score in ((old, one), (new, other))
    )
    return Compared(one, other, _change(case, one, other, marks))


def strongest_cause(change: Change) -> str | None:
    """Return the source of the strongest cause of a changed outcome that points the way it changed."""
    if {change.outcome_before, change.outcome_after} != {"pass", "fail"}:
        return None
    sign = 1 if change.outcome_after == "pass" else -1
    return next((cause.source for cause in change.causes if cause.source and cause.effect * sign > 0), None)


def _mean(scores: list[QaScore]) -> float | None:
    known = [score.score for score in scores if score.score is not None]
    return round(fsum(known) / len(known), 2) if known else None


def _outcome(score: QaScore) -> Outcome:
    return "none" if score.passed is None else "pass" if score.passed else "fail"


def _change(case: str, one: QaScore, other: QaScore, marks: tuple[float, ...]) -> Change:
    return Change(
        id=case,
        before=one.score,
        after=other.score,
        outcome_before=_outcome(one),
        outcome_after=_outcome(other),
        band_before=one.band,
        band_after=other.band,
        causes=tuple(_causes(one, other, marks)),
    )


def _causes(one: QaScore, other: QaScore, marks: tuple[float, ...]) -> list[Cause]:
    old = {item.source: item for item in one.criteria}
    new = {item.source: item for item in other.criteria}
    named = {**old, **new}
    causes = []
    for source, item in named.items():
        effect = _brings(new.get(source)) - _brings(old.get(source))
        if abs(effect) >= _VISIBLE:
            causes.append(Cause("points", item.id, source, round(effect, 2)))
        causes += _cap_cause(item, old.get(source), new.get(source))
    if (one.score is None) != (other.score is None):
        causes.append(Cause("applies", "", "", 0.0))
    if marks[0] != marks[1]:
        causes.append(Cause("pass_mark", "", "", round(marks[0] - marks[1], 2)))
    return sorted(causes, key=lambda cause: (cause.kind == "points", -abs(cause.effect), cause.source))


def _brings(item: CriterionResult | None) -> float:
    """Return what a criterion adds to, or keeps from, a full score."""
    if item is None or item.value is None:
        return 0.0
    return item.points - item.max_points if item.style == "weighted" else item.points


def _cap_cause(named: CriterionResult, old: CriterionResult | None, new: CriterionResult | None) -> list[Cause]:
    before, after = _cap(old), _cap(new)
    if before == after:
        return []
    return [Cause("auto_fail" if 0.0 in (before, after) else "cap", named.id, named.source, after - before)]


def _cap(item: CriterionResult | None) -> float:
    if item is None:
        return 100.0
    return 0.0 if item.auto_fail else 100.0 if item.cap is None else item.cap


def _effects(changes: list[Change]) -> tuple[CriterionEffect, ...]:
    effects: dict[str, list[float]] = {}
    decisive: dict[str, int] = {}
    ids: dict[str, str] = {}
    for change in changes:
        for cause in change.causes:
            if cause.source:
                ids[cause.source] = cause.criterion
                effects.setdefault(cause.source, [])
            if cause.kind == "points":
                effects[cause.source].append(cause.effect)
        strongest = strongest_cause(change)
        if strongest:
            decisive[strongest] = decisive.get(strongest, 0) + 1
    found = [
        CriterionEffect(
            source,
            ids[source],
            len(moved),
            round(fsum(moved) / len(moved), 2) if moved else 0.0,
            decisive.get(source, 0),
        )
        for source, moved in effects.items()
    ]
    return tuple(sorted(found, key=lambda item: (-item.decisive, -item.conversations, item.source)))
