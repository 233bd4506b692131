"""What a confirmed cause in the system means for a QA score: how it came out no longer counts, how one behaved does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from models.domain.decision import Decision
from models.domain.rubric import Rubric, Traits
from models.domain.scores import QaScore
from models.qa import evaluate_rubric
from models.qa.figures import Measured

# Figures of how the customer felt and whether it was solved, which goods, partners and rules decide as much as conduct.
OUTCOMES = ("sentiment.", "csat.", "resolution.")


@dataclass(frozen=True, slots=True)
class Excuse:
    """Why outcomes do not count.

    Attributes:
        by: What confirmed it, e.g. ``root_cause:17``; kept in the score.
        reason: In Chinese; takes the place of the machine's at what no longer counts.
        reason_en: In English.
    """

    by: str
    reason: str
    reason_en: str


def measures_outcome(source: str) -> bool:
    """Tell whether a criterion of that source measures how it came out and not how somebody behaved."""
    return source.startswith(OUTCOMES)


def evaluate_excused(
    rubric: Rubric,
    measured: Measured,
    check_weights: Mapping[str, float],
    excuse: Excuse,
    *,
    head: Traits | None = None,
    decisions: Mapping[str, Decision] = MappingProxyType({}),
) -> QaScore:
    """Return the score in which outcomes do not count against anybody.

    Every criterion that measures the outcome becomes ``na``, the least earned first, unless the score would be lower
    without it: a cause in the system takes nothing away from what was earned in spite of it. The score is therefore
    never lower than that of the same decisions without the excuse. One that would have no criterion left has no score.

    Args:
        rubric: As for ``evaluate_rubric``.
        measured: As for ``evaluate_rubric``.
        check_weights: As for ``evaluate_rubric``.
        excuse: Why.
        head: As for ``evaluate_rubric``.
        decisions: Those of people.
    """
    best = evaluate_rubric(rubric, measured, check_weights, head=head, decisions=decisions)
    counted = dict(decisions)
    outcomes = [one for one in best.criteria if measures_outcome(one.source) and one.value is not None]
    excused = []
    for one in sorted(outcomes, key=lambda item: item.value or 0.0):
        without = {**counted, one.id: Decision(verdict="na", by=excuse.by, kind="root_cause")}
        tried = evaluate_rubric(rubric, measured, check_weights, head=head, decisions=without)
        if not _lower(tried, best):
            best, counted = tried, without
            excused.append(one.id)
    criteria = tuple(
        replace(one, reason=excuse.reason, reason_en=excuse.reason_en) if one.id in excused else one
        for one in best.criteria
    )
    return replace(best, criteria=criteria)


def _lower(one: QaScore, other: QaScore) -> bool:
    """Tell whether a score is lower; none at all is lower than all that there was to earn."""
    if other.score is None:
        return False
    if one.score is None:
        return bool(other.passed)
    return one.score < other.score or bool(other.passed and not one.passed)
