"""From findings to a check's verdict, with its evidence, its confidence and its reason in two languages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from models.domain.condition import Condition, Speaker
from models.domain.context import Context
from models.domain.conversation import Conversation
from models.domain.playbook import Check, Playbook, Scope
from models.domain.scores import CheckResult, Evidence, Verdict
from models.scorers.compliance.conditions import Reader
from models.scorers.compliance.figures import read_attributes
from models.scorers.compliance.findings import MISSING, NO, YES, Finding, Hit
from models.scorers.compliance.talk import Talk

_MOST_EVIDENCE = 3
_QUOTE_LENGTH = 40
_DECIMALS = 6
_NOWHERE = Context(head=Conversation(id="", turns=()))


@dataclass(frozen=True, slots=True)
class _Question:
    """One of a check's conditions.

    Attributes:
        condition: It.
        default: Who is asked about where it names nobody.
        cues: All cues it rests on; where no turn shows any, it finds ``unseen``. ``None`` where it rests on more.
        unseen: What it finds where none of its cues is seen.
    """

    condition: Condition
    default: Speaker | None
    cues: frozenset[str] | None
    unseen: Finding

    def ask(self, reader: Reader, seen: frozenset[str]) -> Finding:
        if self.cues is not None and self.cues.isdisjoint(seen):
            return self.unseen
        return reader.read(self.condition, self.default)


class Judge:
    """One check, ready to be asked of any conversation. Verdicts without evidence are made once."""

    def __init__(self, check: Check, playbook: Playbook, blind: frozenset[str], sureness: float) -> None:
        """Look ahead at what the check rests on.

        Args:
            check: One of the playbook's.
            playbook: Has the named conditions.
            blind: Cues that nobody can see.
            sureness: What every confidence of this check is multiplied by, 0…1.
        """
        self._check = check
        self._sureness = sureness
        self._scope = None if check.scope == Scope() else check.scope.attributes
        empty = Reader(Talk(_NOWHERE, (), blind), playbook.conditions)

        def question(condition: Condition, default: Speaker | None) -> _Question:
            cues = _resting_on(condition, playbook.conditions)
            return _Question(condition, default, cues, NO if cues is None else empty.read(condition, default))

        self._applies = question(check.applies, None) if check.applies else None
        self._look_for = question(check.look_for, check.speaker)
        self._decidable = question(check.decidable, check.speaker) if check.decidable else None
        self._plain: dict[Verdict, CheckResult] = {}

    def judge(self, talk: Talk, reader: Reader, seen: frozenset[str]) -> CheckResult:
        """Return the check's result."""
        check = self._check
        if self._scope is not None and not (inside := read_attributes(talk, self._scope)).holds:
            return self.outside() if inside.holds is False else self._unknown(inside, talk)
        applies = self._applies.ask(reader, seen) if self._applies else YES
        if applies.holds is None:
            return self._unknown(applies, talk)
        if not applies.holds:
            return self._without_evidence("na")
        found = self._look_for.ask(reader, seen)
        forbidden = check.kind == "forbidden"
        if found.holds:
            return self._result("fail" if forbidden else "pass", found, talk.context)
        if found.holds is None:
            return self._unknown(found, talk)
        if self._decidable and not (decidable := self._decidable.ask(reader, seen)).holds:
            if decidable.holds is None:
                return self._unknown(decidable, talk)
            return self._result("no_evidence", Finding(False, after=found.after), talk.context)
        if forbidden:
            return self._without_evidence("pass")
        # What is missing cannot be quoted; what it should have followed can.
        shown = (found.after,) if found.after else applies.hits[:1]
        return self._result("fail", Finding(False, shown, found.after), talk.context)

    def outside(self) -> CheckResult:
        """Return the result for a conversation outside the scope."""
        return replace(
            self._without_evidence("na"),
            reason="该会话不在检查范围内。",
            reason_en="The conversation is outside the scope.",
        )

    def _without_evidence(self, verdict: Verdict) -> CheckResult:
        if verdict not in self._plain:
            self._plain[verdict] = self._result(verdict, Finding(False), _NOWHERE)
        return self._plain[verdict]

    def _unknown(self, found: Finding, talk: Talk) -> CheckResult:
        chinese, english = zip(*(MISSING[lack] for lack in sorted(found.missing)), strict=True)
        shown = Finding(False, (found.after,) if found.after else ())
        return replace(
            self._result("no_evidence", shown, talk.context),
            reason=f"无法判断:{';'.join(chinese)}。",
            reason_en=f"This cannot be decided: {'; '.join(english)}.",
        )

    def _result(self, verdict: Verdict, found: Finding, context: Context) -> CheckResult:
        check = self._check
        evidence = tuple(_evidence(hit, context) for hit in found.hits[:_MOST_EVIDENCE])
        sure = check.confidence
        confidence, reason = {
            "pass": (sure.passed, check.reasons.passed),
            "fail": (sure.failed, check.reasons.failed),
            "na": (sure.na, check.reasons.na),
        }.get(verdict, (sure.no_evidence, check.reasons.no_evidence or check.reasons.na))
        if found.hits:
            confidence = min(confidence, max(hit.sure for hit in found.hits))
        if self._sureness != 1.0:
            confidence = round(confidence * self._sureness, _DECIMALS)
        values = {
            "message": str(context.turns[found.hits[0].turn].index + 1) if found.hits else "",
            "after": str(context.turns[found.after.turn].index + 1) if found.after else "",
            "quote": _shortened(evidence[0].quote) if evidence else "",
        }
        chinese, english = _filled(reason.zh, values), _filled(reason.en, values)
        if verdict in ("pass", "fail") and confidence < check.abstain_below:
            verdict = "abstain"
            chinese = f"把握不足({confidence:.2f}),不作判定:{chinese}"
            english = f"Too unsure to decide ({confidence:.2f}): {english}"
        return CheckResult(
            id=check.id,
            verdict=verdict,
            confidence=confidence,
            critical=check.critical,
            evidence=evidence,
            reason=chinese,
            reason_en=english,
        )


def walk_named(condition: Condition, conditions: Mapping[str, Condition]) -> list[Condition]:
    """Return a condition and all that it rests on, named ones too, each once."""
    found: list[Condition] = []
    known: set[str] = set()
    ahead = [condition]
    while ahead:
        for one in ahead.pop().walk():
            found.append(one)
            if one.holds and one.holds not in known:
                known.add(one.holds)
                ahead.append(conditions[one.holds])
    return found


def _resting_on(condition: Condition, conditions: Mapping[str, Condition]) -> frozenset[str] | None:
    """Return the cues a condition rests on; ``None`` where messages, times, figures or attributes matter, too."""
    cues: set[str] = set()
    for one in walk_named(condition, conditions):
        if any(more(one) for more in _MORE_THAN_CUES):
            return None
        cues.update(name for _, name in one.cues())
    return frozenset(cues)


_MORE_THAN_CUES: tuple[Callable[[Condition], bool], ...] = (
    lambda one: one.left_by is not None,
    lambda one: one.gap is not None,
    lambda one: one.count is not None and not one.count.of,
    lambda one: one.repeated is not None and not one.repeated.of,
    lambda one: one.sentiment is not None or one.csat is not None,
    lambda one: one.conversation is not None,
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


def _filled(text: str, values: Mapping[str, str]) -> str:
    if "{" not in text:
        return text
    for name, value in values.items():
        if name != "quote":
            text = text.replace("{" + name + "}", value)
    return text.replace("{quote}", values["quote"])  # last: a quote may contain braces
