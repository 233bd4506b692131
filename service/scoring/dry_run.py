"""What would change if another playbook were in force: both judge the same conversations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from models.domain.playbook import Bilingual, Playbook
from models.domain.scores import CheckResult, ScoreBundle, Verdict

EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Example:
    """One verdict that changes; ``turn`` and ``quote`` are what decided it, where something did.

    Attributes:
        conversation: Its id.
        turn: Zero-based index in the input, or ``None``.
        quote: What was written there.
        before: ``None`` where the check is new.
        after: ``None`` where the check is gone.
        reason: Of the new verdict, or of the old one where the check is gone; Chinese.
        reason_en: The same in English.
    """

    conversation: str
    turn: int | None
    quote: str
    before: Verdict | None
    after: Verdict | None
    reason: str
    reason_en: str


@dataclass(frozen=True, slots=True)
class CheckShift:
    """What changes for one check.

    Attributes:
        id: Of the check.
        title: For people.
        before: How many conversations got which verdict; empty for a new check.
        after: How many would get which; empty for one that is gone.
        moves: How many verdicts go from what to what, as ``fail→pass``; those that stay are left out.
        examples: Some of each move.
    """

    id: str
    title: Bilingual
    before: Mapping[str, int]
    after: Mapping[str, int]
    moves: Mapping[str, int]
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of all conversations by one playbook; means are ``None`` where no conversation has the score."""

    playbook: str
    compliance_mean: float | None
    qa_mean: float | None
    passed: int
    auto_failed: int


@dataclass(frozen=True, slots=True)
class DryRun:
    """The whole comparison.

    Attributes:
        conversations: How many were judged by both.
        changed: In how many a verdict or the QA score changes; one that a check newly fails or no longer fails counts,
            too, where the check is new or gone.
        qa_changed: In how many the QA score changes.
        before: Figures by the old playbook.
        after: Figures by the new one.
        checks: Every check of either, those of the new playbook first.
    """

    conversations: int
    changed: int
    qa_changed: int
    before: Figures
    after: Figures
    checks: tuple[CheckShift, ...]


@dataclass(slots=True)
class _Sums:
    compliance: float = 0.0
    with_compliance: int = 0
    qa: float = 0.0
    with_qa: int = 0
    passed: int = 0
    auto_failed: int = 0

    def add(self, bundle: ScoreBundle) -> None:
        if bundle.compliance.score is not None:
            self.compliance += bundle.compliance.score
            self.with_compliance += 1
        if bundle.qa.score is not None:
            self.qa += bundle.qa.score
            self.with_qa += 1
        self.passed += bundle.qa.passed is True
        self.auto_failed += bundle.qa.auto_fail

    def figures(self, playbook: Playbook) -> Figures:
        return Figures(
            f"{playbook.id}@{playbook.version}",
            _mean(self.compliance, self.with_compliance),
            _mean(self.qa, self.with_qa),
            self.passed,
            self.auto_failed,
        )


class Tally:
    """Counts pairs of scores as they come."""

    def __init__(self, before: Playbook, after: Playbook) -> None:
        """Start at nothing."""
        self._playbooks = before, after
        self._sums = _Sums(), _Sums()
        self._titles = {check.id: check.title for check in (*before.checks, *after.checks)}
        self._forbidden = {check.id for check in (*before.checks, *after.checks) if check.kind == "forbidden"}
        self._order = list(dict.fromkeys(check.id for check in (*after.checks, *before.checks)))
        self._verdicts: dict[str, tuple[Counter[str], Counter[str]]] = {
            name: (Counter(), Counter()) for name in self._order
        }
        self._moves: dict[str, Counter[str]] = {name: Counter() for name in self._order}
        self._examples: dict[str, list[Example]] = {name: [] for name in self._order}
        self._count = self._changed = self._qa_changed = 0

    def state(self) -> dict[str, Any]:
        """Return what was counted so far as JSON values, without examples: ``resume`` goes on from there."""
        return {
            "counts": [self._count, self._changed, self._qa_changed],
            "sums": [asdict(one) for one in self._sums],
            "verdicts": {name: [dict(one) for one in both] for name, both in self._verdicts.items()},
            "moves": {name: dict(moves) for name, moves in self._moves.items()},
        }

    def resume(self, state: Mapping[str, Any]) -> None:
        """Go on from a ``state`` of the same two playbooks."""
        self._count, self._changed, self._qa_changed = state["counts"]
        self._sums = _Sums(**state["sums"][0]), _Sums(**state["sums"][1])
        for name, (old, new) in state["verdicts"].items():
            self._verdicts[name] = Counter(old), Counter(new)
        self._moves.update({name: Counter(moves) for name, moves in state["moves"].items()})

    def add(self, before: ScoreBundle, after: ScoreBundle) -> dict[str, Any] | None:
        """Count a conversation; return what changes for it as JSON values, ``None`` where nothing does."""
        self._count += 1
        self._sums[0].add(before)
        self._sums[1].add(after)
        old = {result.id: result for result in before.compliance.checks}
        new = {result.id: result for result in after.compliance.checks}
        moved = [self._note(before.id, name, old.get(name), new.get(name)) for name in self._order]
        changes = [change for change in moved if change is not None]
        qa_moved = before.qa.score != after.qa.score or before.qa.passed != after.qa.passed
        self._qa_changed += qa_moved
        if not changes and not qa_moved:
            return None
        self._changed += 1
        return {
            "id": before.id,
            "checks": changes,
            "qa": {
                "before": _rounded(before.qa.score),
                "after": _rounded(after.qa.score),
                "passed_before": before.qa.passed,
                "passed_after": after.qa.passed,
            },
        }

    def result(self) -> DryRun:
        """Return everything counted so far."""
        return DryRun(
            conversations=self._count,
            changed=self._changed,
            qa_changed=self._qa_changed,
            before=self._sums[0].figures(self._playbooks[0]),
            after=self._sums[1].figures(self._playbooks[1]),
            checks=tuple(
                CheckShift(
                    name,
                    self._titles[name],
                    dict(sorted(self._verdicts[name][0].items())),
                    dict(sorted(self._verdicts[name][1].items())),
                    dict(sorted(self._moves[name].items())),
                    tuple(self._examples[name]),
                )
                for name in self._order
            ),
        )

    def _note(
        self, conversation: str, name: str, old: CheckResult | None, new: CheckResult | None
    ) -> dict[str, Any] | None:
        before, after = (old.verdict if old else None), (new.verdict if new else None)
        if before:
            self._verdicts[name][0][before] += 1
        if after:
            self._verdicts[name][1][after] += 1
        shown = new or old
        if before == after or shown is None:
            return None
        move = f"{before or '–'}→{after or '–'}"
        self._moves[name][move] += 1
        if "fail" not in (before, after) and not (before and after):
            return None  # a new check that nobody fails, or one that is gone, would else change every conversation
        # What was found tells more than what stands where it is missing: it fails a forbidden check, passes any other.
        found: Verdict = "fail" if name in self._forbidden else "pass"
        results = sorted((one for one in (new, old) if one), key=lambda one: one.verdict != found)
        evidence = next((one.evidence[0] for one in results if one.evidence), None)
        example = Example(
            conversation,
            evidence.turn if evidence else None,
            evidence.quote if evidence else "",
            before,
            after,
            shown.reason,
            shown.reason_en,
        )
        if self._moves[name][move] <= EXAMPLES:
            self._examples[name].append(example)
        return {"check": name, **{key: value for key, value in asdict(example).items() if key != "conversation"}}


def _mean(total: float, count: int) -> float | None:
    return round(total / count, 4) if count else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
