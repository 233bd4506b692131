"""Counts what another rubric changes, conversation by conversation, in little memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from models.qa import Compared, strongest_cause

_CENTS = 100  # scores have two decimals, so their differences are counted exactly
_EDGES = (-50, -20, -10, -5, 0, 5, 10, 20, 50)
_SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, slots=True)
class PreviewFigures:
    """Who passes and who fails.

    Attributes:
        conversations: How many were compared.
        passed_before: Of those, how many pass by the old rubric.
        passed_after: By the new one.
        pass_to_fail: How many no longer pass.
        fail_to_pass: How many pass only now.
        unchanged: How many have the same outcome as before.
        other: How many have a score by one of the rubrics only.
        changed_scores: In how many the score moves, whether the outcome does or not.
        mean_before: Mean score by the old rubric over those that have one by both, ``None`` without any.
        mean_after: By the new one.
        mean_change: Mean difference, new less old.
    """

    conversations: int
    passed_before: int
    passed_after: int
    pass_to_fail: int
    fail_to_pass: int
    unchanged: int
    other: int
    changed_scores: int
    mean_before: float | None
    mean_after: float | None
    mean_change: float | None


@dataclass(frozen=True, slots=True)
class ChangeBucket:
    """How many scores change by more than ``above`` and up to ``up_to`` points; open where one is ``None``."""

    above: float | None
    up_to: float | None
    conversations: int


@dataclass(frozen=True, slots=True)
class ScoreChanges:
    """How the differences of scores are distributed; ``quantiles`` by share, e.g. ``0.5`` for the median."""

    least: float | None
    greatest: float | None
    quantiles: Mapping[str, float]
    unchanged: int
    buckets: Sequence[ChangeBucket]


@dataclass(frozen=True, slots=True)
class CriterionMove:
    """What one criterion does over all conversations.

    Attributes:
        criterion: Its id in the new rubric, or in the old one where the new one lacks it.
        source: Where its value comes from.
        conversations: In how many it moves the score by points.
        mean_effect: By how many, on average over those.
        decisive: In how many the outcome changes and this is the strongest cause that points that way.
    """

    criterion: str
    source: str
    conversations: int
    mean_effect: float
    decisive: int


@dataclass(slots=True)
class Tally:
    """Figures of one group."""

    moves: Counter[tuple[str, str]] = field(default_factory=Counter)
    changed: int = 0
    compared: int = 0
    before: float = 0.0
    after: float = 0.0

    def add(self, found: Compared) -> None:
        """Count a conversation."""
        self.moves[_outcome(found.before.passed), _outcome(found.after.passed)] += 1
        self.changed += found.before.score != found.after.score
        if found.before.score is not None and found.after.score is not None:
            self.compared += 1
            self.before += found.before.score
            self.after += found.after.score

    def figures(self) -> PreviewFigures:
        """Return what was counted."""
        moves = self.moves
        total = moves.total()
        unchanged = sum(count for (before, after), count in moves.items() if before == after)
        lost, won = moves["pass", "fail"], moves["fail", "pass"]
        return PreviewFigures(
            conversations=total,
            passed_before=sum(count for (before, _), count in moves.items() if before == "pass"),
            passed_after=sum(count for (_, after), count in moves.items() if after == "pass"),
            pass_to_fail=lost,
            fail_to_pass=won,
            unchanged=unchanged,
            other=total - unchanged - lost - won,
            changed_scores=self.changed,
            mean_before=self._mean(self.before),
            mean_after=self._mean(self.after),
            mean_change=self._mean(self.after - self.before),
        )

    def _mean(self, total: float) -> float | None:
        return round(total / self.compared, 2) if self.compared else None


class ChangeTally:
    """By how much scores change, and through which criteria."""

    def __init__(self) -> None:
        """Start at nothing."""
        self._cents: Counter[int] = Counter()
        self._effects: dict[str, list[float]] = {}  # by source: in how many conversations, and the sum
        self._decisive: Counter[str] = Counter()
        self._ids: dict[str, str] = {}

    def add(self, found: Compared) -> None:
        """Count a conversation."""
        if found.before.score is not None and found.after.score is not None:
            self._cents[round((found.after.score - found.before.score) * _CENTS)] += 1
        if found.change is None:
            return
        for cause in found.change.causes:
            if cause.source:
                self._ids[cause.source] = cause.criterion
                effect = self._effects.setdefault(cause.source, [0, 0.0])
                if cause.kind == "points":
                    effect[0] += 1
                    effect[1] += cause.effect
        strongest = strongest_cause(found.change)
        if strongest is not None:
            self._decisive[strongest] += 1

    def changes(self) -> ScoreChanges:
        """Return the distribution."""
        known = sorted(self._cents.items())
        edges = [edge * _CENTS for edge in _EDGES]
        buckets = []
        for low, high in zip((None, *edges), (*edges, None), strict=True):
            count = sum(
                count
                for cents, count in known
                if cents and (low is None or cents > low) and (high is None or cents <= high)
            )
            buckets.append(ChangeBucket(_points(low), _points(high), count))
        return ScoreChanges(
            least=_points(known[0][0]) if known else None,
            greatest=_points(known[-1][0]) if known else None,
            quantiles={str(share): self._quantile(known, share) for share in _SHARES} if known else {},
            unchanged=self._cents[0],
            buckets=buckets,
        )

    def criteria(self) -> list[CriterionMove]:
        """Return the criteria by how many outcomes and conversations they move, most first."""
        found = [
            CriterionMove(
                self._ids[source], source, int(count), round(total / count, 2) if count else 0.0, self._decisive[source]
            )
            for source, (count, total) in self._effects.items()
        ]
        return sorted(found, key=lambda one: (-one.decisive, -one.conversations, one.source))

    def _quantile(self, known: Sequence[tuple[int, int]], share: float) -> float:
        """Return the least difference that ``share`` of all do not exceed."""
        wanted, seen = share * self._cents.total(), 0
        for cents, count in known:
            seen += count
            if seen >= wanted:
                return cents / _CENTS
        return known[-1][0] / _CENTS


def _points(cents: int | None) -> float | None:
    return None if cents is None else cents / _CENTS


def _outcome(passed: bool | None) -> str:
    return "none" if passed is None else "pass" if passed else "fail"
