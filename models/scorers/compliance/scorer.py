"""The compliance scorer: cues per message, verdicts over the messages so far."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from models.domain.condition import Condition
from models.domain.context import Context
from models.domain.playbook import Bilingual, Check, Playbook
from models.domain.scores import CheckResult, ComplianceScore, Evidence, Verdict
from models.scorers.compliance.conditions import Finding, Hit, Reader
from models.scorers.compliance.cues import CueFinder, TurnCues

_MOST_EVIDENCE = 3
_QUOTE_LENGTH = 40
_DECIMALS = 6


class ComplianceScorer:
    """Judges a conversation by one playbook; follows ``models.scorers.base.Component``.

    Only rules decide: text in a conversation is matched, never obeyed. Rules may ask what the heads of acts find.
    """

    name = "compliance"
    provides = frozenset({"signal", "score"})

    def __init__(self, playbook: Playbook, *, acts: bool = False) -> None:
        """Compile the playbook's patterns.

        Args:
            playbook: Validated.
            acts: Whether the component ``acts`` runs before; without it, cues that ask for acts are never shown.
        """
        self.playbook = playbook
        self.requires = frozenset({"sentiment", "acts"} if acts else {"sentiment"})
        self._unaided = frozenset() if acts else _asking_for_acts(playbook)
        self.version = f"{playbook.id}@{playbook.version}+{playbook.hash.removeprefix('sha256:')[:12]}"
        self._finder = CueFinder(playbook)

    def observe(self, context: Context) -> TurnCues:
        """Return the cues that the newest message shows."""
        sentiment: Any = _newest(context, "sentiment")
        acts: Any = _newest(context, "acts") if "acts" in self.requires else None
        return self._finder.find(context.texts[-1], None if sentiment is None else float(sentiment.score), acts)

    def score(self, context: Context) -> ComplianceScore:
        """Return every check's verdict over the turns so far and the weighted share passed of those that apply."""
        reader = Reader(context.turns, context.signals.get(self.name, ()), self.playbook.conditions)
        results = [self._sure(check, _judge(check, reader, context)) for check in self.playbook.checks]
        weights = {check.id: check.weight for check in self.playbook.checks}
        passed = sum(weights[result.id] for result in results if result.verdict == "pass")
        failed = sum(weights[result.id] for result in results if result.verdict == "fail")
        score = passed / (passed + failed) if passed + failed else None
        return ComplianceScore(score=score, checks=tuple(results))

    def _sure(self, check: Check, result: CheckResult) -> CheckResult:
        if check.id not in self._unaided:
            return result
        return replace(result, confidence=round(result.confidence * check.confidence.without_acts, _DECIMALS))


def _newest(context: Context, component: str) -> Any:
    """Return what a component observed in the newest message, if it ran."""
    observed = context.signals.get(component, ())
    return observed[-1] if len(observed) == len(context.turns) else None


def _asking_for_acts(playbook: Playbook) -> frozenset[str]:
    """Return the checks of which a condition, however deep, uses a cue that asks for an act."""
    learned = {name for name, cue in playbook.cues.items() if cue.act or cue.backed_by}
    learned |= {name for name, cue in playbook.cues.items() if learned & set(cue.rest_of)}

    def asks(condition: Condition | None) -> bool:
        if condition is None:
            return False
        named = {*condition.seen, *condition.before, *condition.after, *condition.apart_from}
        if named & learned or (condition.holds and asks(playbook.conditions[condition.holds])):
            return True
        return any(asks(part) for part in (*condition.all, *condition.any, *condition.none))

    return frozenset(
        check.id
        for check in playbook.checks
        if any(asks(condition) for condition in (check.applies, check.look_for, check.decidable))
    )


def _judge(check: Check, reader: Reader, context: Context) -> CheckResult:
    applies = reader.read(check.applies) if check.applies else Finding(True)
    if not applies.holds:
        return _result(check, "na", Finding(True), context)
    found = reader.read(check.look_for, "agent")
    forbidden = check.kind == "forbidden"
    if found.holds:
        return _result(check, "fail" if forbidden else "pass", found, context)
    if check.decidable and not reader.read(check.decidable, "agent").holds:
        return _result(check, "no_evidence", Finding(False, after=found.after), context)
    if forbidden:
        return _result(check, "pass", Finding(False), context)
    # What is missing cannot be quoted; what it should have followed can.
    shown = (found.after,) if found.after else applies.hits[:1]
    return _result(check, "fail", Finding(False, shown, found.after), context)


def _result(check: Check, verdict: Verdict, found: Finding, context: Context) -> CheckResult:
    evidence = tuple(_evidence(hit, context) for hit in found.hits[:_MOST_EVIDENCE])
    sure = check.confidence
    confidence, reason = {
        "pass": (sure.passed, check.reasons.passed),
        "fail": (sure.failed, check.reasons.failed),
        "na": (sure.na, check.reasons.na),
    }.get(verdict, (sure.no_evidence, check.reasons.no_evidence or check.reasons.na))
    values = {
        "message": str(context.turns[found.hits[0].turn].index + 1) if found.hits else "",
        "after": str(context.turns[found.after.turn].index + 1) if found.after else "",
        "quote": _shortened(evidence[0].quote) if evidence else "",
    }
    return CheckResult(
        id=check.id,
        verdict=verdict,
        confidence=confidence,
        critical=check.critical,
        evidence=evidence,
        reason=_filled(reason, "zh", values),
        reason_en=_filled(reason, "en", values),
    )


def _evidence(hit: Hit, context: Context) -> Evidence:
    turn = context.turns[hit.turn]
    start, end = hit.start, hit.end
    while start < end and turn.text[start].isspace():
        start += 1
    while end > start and turn.text[end - 1].isspace():
        end -= 1
    return Evidence(turn=turn.index, start=start, end=end, quote=turn.text[start:end])


def _shortened(quote: str) -> str:
    line = " ".join(quote.split())
    return line if len(line) <= _QUOTE_LENGTH else line[: _QUOTE_LENGTH - 1] + "…"


def _filled(reason: Bilingual, language: str, values: dict[str, str]) -> str:
    text = reason.zh if language == "zh" else reason.en
    for name, value in values.items():
        if name != "quote":
            text = text.replace("{" + name + "}", value)
    return text.replace("{quote}", values["quote"])  # last: a quote may contain braces
