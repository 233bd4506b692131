"""A playbook's own tests: conversations with the verdicts that its checks have to give."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from models.domain.conversation import Conversation
from models.domain.playbook import Playbook, TestVector
from models.domain.scores import CheckResult, ComplianceScore, Evidence, Verdict
from models.errors import InvalidConversationError, InvalidPlaybookError
from models.interchange import parse_conversation

Judge = Callable[[Sequence[Conversation]], Sequence[ComplianceScore]]

_ROLES = {"c": "customer", "a": "agent", "b": "bot", "s": "system"}
_TURN = re.compile(
    r"(?P<role>customer|agent|bot|system|[cabs])\s*(?:\+(?P<delay>\d{1,7}(?:\.\d+)?)\s*(?P<unit>[smhd]?))?\s*[::]\s?"
    r"(?P<text>.*)",
    re.DOTALL,
)
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_BEGIN = datetime(2026, 1, 5, 10, tzinfo=timezone(timedelta(hours=8)))  # a Monday morning; any fixed moment would do


@dataclass(frozen=True, slots=True)
class VectorOutcome:
    """What came of one expectation.

    Attributes:
        check: Id of the check.
        test: The vector's name, or its number (from 1) as ``#1``.
        path: Where it stands in the playbook's document.
        expected: The verdict wanted.
        actual: The verdict given; ``None`` where the vector cannot be run.
        passed: Whether both agree, and the quote is found where one is wanted.
        quote: The words wanted in the evidence.
        confidence: Of the verdict, 0…1.
        evidence: Of the verdict.
        reason: Of the verdict or, where the vector cannot be run, why; Chinese.
        reason_en: The same in English.
    """

    check: str
    test: str
    path: tuple[str | int, ...]
    expected: Verdict | None
    actual: Verdict | None
    passed: bool
    quote: str | None
    confidence: float | None
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
    vector: TestVector
    name: str
    path: tuple[str | int, ...]
    expect: Mapping[str, Verdict]


def run_vectors(playbook: Playbook, judge: Judge) -> VectorReport:
    """Judge every vector of a playbook and compare.

    Args:
        playbook: With its vectors.
        judge: Returns the compliance scores of conversations by this playbook.
    """
    readable: list[tuple[_Case, Conversation]] = []
    outcomes: dict[int, list[VectorOutcome]] = {}
    cases = list(_cases(playbook))
    for case in cases:
        try:
            readable.append((case, conversation_of(case.vector, f"vector-{len(readable)}")))
            _refuse_unknown(case, playbook)
        except (InvalidPlaybookError, InvalidConversationError) as error:
            outcomes[id(case)] = [_unreadable(case, error.message_zh, error.message_en)]
    runnable = [(case, conversation) for case, conversation in readable if id(case) not in outcomes]
    scores = judge([conversation for _, conversation in runnable]) if runnable else ()
    for (case, _), score in zip(runnable, scores, strict=True):
        results = {result.id: result for result in score.checks}
        outcomes[id(case)] = [_outcome(case, name, verdict, results[name]) for name, verdict in case.expect.items()]
    ordered = tuple(outcome for case in cases for outcome in outcomes[id(case)])
    tested = {outcome.check for outcome in ordered}
    return VectorReport(
        playbook=f"{playbook.id}@{playbook.version}",
        outcomes=ordered,
        untested=tuple(check.id for check in playbook.checks if check.id not in tested),
    )


def conversation_of(vector: TestVector, conversation_id: str = "vector") -> Conversation:
    """Return the conversation that a vector describes; its messages have times where one of them names a delay.

    Raises:
        InvalidPlaybookError: A turn is not ``role: text``.
        InvalidConversationError: An attribute is not one of the interchange format.
    """
    turns: list[dict[str, Any]] = []
    delays: list[float | None] = []
    for line in vector.turns or (f"{vector.by}: {vector.line}",):
        match = _TURN.fullmatch(line)
        if match is None:
            raise InvalidPlaybookError(
                f'"{line}" is no turn: write "agent: text" or "agent +65s: text"',
                f"“{line}”不是一条消息:请写成 agent: 文字 或 agent +65s: 文字",
            )
        turns.append({"role": _ROLES.get(match["role"], match["role"]), "text": match["text"].rstrip("\n")})
        delays.append(float(match["delay"]) * _SECONDS[match["unit"]] if match["delay"] else None)
    document = {**vector.attributes, "id": conversation_id, "turns": turns}
    if any(delay is not None for delay in delays):
        now = _begin(vector.attributes.get("started_at"))
        for turn, delay in zip(turns, delays, strict=True):
            now += timedelta(seconds=delay or 0)
            turn["at"] = now.isoformat()
    return parse_conversation(document)


def _begin(given: Any) -> datetime:
    if isinstance(given, datetime) and given.tzinfo is not None:
        return given
    try:
        begin = datetime.fromisoformat(str(given))
    except ValueError:
        return _BEGIN
    return begin if begin.tzinfo is not None else _BEGIN


def _cases(playbook: Playbook) -> Iterator[_Case]:
    for place, check in enumerate(playbook.checks):
        for number, vector in enumerate(check.tests):
            expect = vector.expect if isinstance(vector.expect, Mapping) else {check.id: vector.expect}
            yield _Case(vector, vector.name or f"#{number + 1}", ("checks", place, "tests", number), expect)
    for number, vector in enumerate(playbook.tests):
        expect = vector.expect if isinstance(vector.expect, Mapping) else {}
        yield _Case(vector, vector.name or f"#{number + 1}", ("tests", number), expect)


def _refuse_unknown(case: _Case, playbook: Playbook) -> None:
    if not case.expect:
        raise InvalidPlaybookError(
            "a playbook's own test expects verdicts by check: {check: verdict}",
            "手册级测试须按检查项写期望:{检查项: 判定}",
        )
    known = {check.id for check in playbook.checks}
    if unknown := sorted(case.expect.keys() - known):
        raise InvalidPlaybookError(f"there is no check {', '.join(unknown)}", f"没有检查项 {'、'.join(unknown)}")


def _outcome(case: _Case, check: str, expected: Verdict, result: CheckResult) -> VectorOutcome:
    quote = case.vector.quote
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


def _unreadable(case: _Case, chinese: str, english: str) -> VectorOutcome:
    check, expected = next(iter(case.expect.items()), ("", None))
    return VectorOutcome(check, case.name, case.path, expected, None, False, case.vector.quote, None, (), chinese, english)
