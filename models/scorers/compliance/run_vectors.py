"""A playbook's own tests: conversations with the verdicts that its checks have to give."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from models.domain.conversation import Conversation
from models.domain.playbook import Playbook, PlaybookTest
from models.domain.scores import CheckResult, ComplianceScore, Evidence, Verdict
from models.scorers.compliance.vectors import conversation_of

Judge = Callable[[Sequence[Conversation]], Sequence[ComplianceScore]]


@dataclass(frozen=True, slots=True)
class VectorOutcome:
    """What came of one expectation.

    Attributes:
        check: Id of the check.
        test: The vector's name, or its number (from 1) as ``#1``.
        path: Where it stands in the playbook's document.
        expected: The verdict wanted.
        actual: The verdict given.
        passed: Whether both agree, and the quote is found where one is wanted.
        quote: The words wanted in the evidence.
        confidence: Of the verdict, 0…1.
        evidence: Of the verdict.
        reason: Of the verdict; Chinese.
        reason_en: The same in English.
    """

    check: str
    test: str
    path: tuple[str | int, ...]
    expected: Verdict
    actual: Verdict
    passed: bool
    quote: str | None
    confidence: float
    evidence: tuple[Evidence, ...]
    reason: str
    reason_en: str


@dataclass(frozen=True, slots=True)
class VectorReport:
    """All outcomes of a playbook, and the checks of which no vector says anything."""

    playbook: str
    outcomes: tuple[VectorOutcome, ...]
    untested: tuple[str, ...]

    @property
    def failed(self) -> tuple[VectorOutcome, ...]:
        """The outcomes that are not as expected."""
        return tuple(outcome for outcome in self.outcomes if not outcome.passed)


@dataclass(frozen=True, slots=True)
class _Case:
    test: PlaybookTest
    name: str
    path: tuple[str | int, ...]
    expect: Mapping[str, Verdict]


def run_vectors(playbook: Playbook, judge: Judge) -> VectorReport:
    """Judge every vector of a playbook and compare.

    Args:
        playbook: With its vectors.
        judge: Returns the compliance scores of conversations by this playbook.
    """
    cases = list(_cases(playbook))
    scores = judge([conversation_of(case.test) for case in cases]) if cases else ()
    ordered: list[VectorOutcome] = []
    for case, score in zip(cases, scores, strict=True):
        results = {result.id: result for result in score.checks}
        ordered += [_outcome(case, name, verdict, results[name]) for name, verdict in case.expect.items()]
    tested = {outcome.check for outcome in ordered}
    return VectorReport(
        playbook=f"{playbook.id}@{playbook.version}",
        outcomes=tuple(ordered),
        untested=tuple(check.id for check in playbook.checks if check.id not in tested),
    )


def _cases(playbook: Playbook) -> Iterator[_Case]:
    for place, check in enumerate(playbook.checks):
        for number, test in enumerate(check.tests):
            expect = test.expect if isinstance(test.expect, Mapping) else {check.id: test.expect}
            yield _Case(test, test.name or f"#{number + 1}", ("checks", place, "tests", number), expect)
    for number, test in enumerate(playbook.tests):
        expect = test.expect if isinstance(test.expect, Mapping) else {}
        yield _Case(test, test.name or f"#{number + 1}", ("tests", number), expect)


def _outcome(case: _Case, check: str, expected: Verdict, result: CheckResult) -> VectorOutcome:
    quote = case.test.quote
    quoted = quote is None or any(quote in piece.quote for piece in result.evidence)
    return VectorOutcome(
        check=check,
        test=case.name,
        path=case.path,
        expected=expected,
        actual=result.verdict,
        passed=result.verdict == expected and quoted,
        quote=quote,
        confidence=result.confidence,
        evidence=result.evidence,
        reason=result.reason,
        reason_en=result.reason_en,
    )
