"""From findings to a check's verdict, with its evidence, its confidence and its reason in two languages."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from models.domain.condition import Condition, Speaker
from models.domain.context import Context
from models.domain.conversation import Conversation
from models.domain.playbook import Check, Playbook, Scope
from models.domain.scores import CheckResult, Verdict
from models.scorers.compliance.conditions import Reader
from models.scorers.compliance.deletion import Again, quote_enough
from models.scorers.compliance.figures import read_attributes
from models.scorers.compliance.findings import MISSING, NO, YES, Finding, Hit
from models.scorers.compliance.talk import Talk

_MOST_EVIDENCE = 3
_QUOTE_LENGTH = 40
_DECIMALS = 6
_PLACEHOLDER = re.compile(r"\{(message|after|quote)\}")
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


@dataclass(frozen=True, slots=True)
class _Template:
    """A reason cut at its placeholders: text and name in turn."""

    pieces: tuple[str, ...]

    @classmethod
    def of(cls, reason: str) -> _Template:
        return cls(tuple(_PLACEHOLDER.split(reason)))

    def filled(self, message: str, after: str, quote: str) -> str:
        if len(self.pieces) == 1:
            return self.pieces[0]
        values = {"message": message, "after": after, "quote": quote}
        return "".join(values[piece] if place % 2 else piece for place, piece in enumerate(self.pieces))


class Judge:
    """One check, ready to be asked of any conversation. Verdicts without evidence are made once."""

    def __init__(
        self, check: Check, playbook: Playbook, blind: frozenset[str], sureness: float, again: Again | None = None
    ) -> None:
        """Look ahead at what the check rests on.

        Args:
            check: One of the playbook's.
            playbook: Has the named conditions.
            blind: Cues that nobody can see.
            sureness: What every confidence of this check is multiplied by, 0…1.
            again: Looks at messages anew; without it nobody tries whether what is quoted is enough.
        """
        self._check = check
        self._conditions = playbook.conditions
        self._again = again
        self._names = frozenset(
            name
            for _, condition in check.conditions
            for one in walk_named(condition, playbook.conditions)
            for _, name in one.cues()
        )
        self._sureness = sureness
        self._scope = None if check.scope == Scope() else check.scope.attributes
        self._nowhere = Talk(_NOWHERE, (), blind)
        empty = Reader(self._nowhere, playbook.conditions)

        def question(condition: Condition, default: Speaker | None) -> _Question:
            cues = _resting_on(condition, playbook.conditions)
            return _Question(condition, default, cues, NO if cues is None else empty.read(condition, default))

        self._applies = question(check.applies, None) if check.applies else None
        self._look_for = question(check.look_for, check.speaker)
        self._decidable = question(check.decidable, check.speaker) if check.decidable else None
        sure, reasons = check.confidence, check.reasons
        told = {
            "pass": (sure.passed, reasons.passed),
            "fail": (sure.failed, reasons.failed),
            "na": (sure.na, reasons.na),
            "no_evidence": (sure.no_evidence, reasons.no_evidence or reasons.na),
        }
        self._outcomes = {
            verdict: (confidence, _Template.of(reason.zh), _Template.of(reason.en))
            for verdict, (confidence, reason) in told.items()
        }
        self._plain: dict[Verdict, CheckResult] = {}

    @property
    def wakes(self) -> frozenset[str] | None:
        """The cues without which the result is that of ``asleep``; ``None`` where more than cues matters."""
        if self._scope is not None:
            return None
        if self._only_what_it_forbids_matters:
            return self._look_for.cues
        applies = self._applies
        return applies.cues if applies and applies.cues and applies.unseen.holds is False else None

    @property
    def gate(self) -> Condition | None:
        """The condition that decides whether the check applies while it sleeps; ``None`` where that is certain."""
        return self._check.applies if self._only_what_it_forbids_matters else None

    def asleep(self, applies: bool) -> CheckResult:
        """Return the result while none of the cues in ``wakes`` is seen; ``applies``: whether ``gate`` holds."""
        return self._without_evidence("pass" if applies and self._only_what_it_forbids_matters else "na")

    @property
    def _only_what_it_forbids_matters(self) -> bool:
        looked = self._look_for
        forbidden = self._check.kind == "forbidden" and not self._decidable
        return forbidden and bool(looked.cues) and looked.unseen.holds is False

    def judge(self, talk: Talk, reader: Reader) -> CheckResult:
        """Return the check's result."""
        seen = talk.seen
        check = self._check
        if self._scope is not None and not (inside := read_attributes(talk, self._scope)).holds:
            return self.outside() if inside.holds is False else self._unknown(inside, talk)
        applies = self._applies.ask(reader, seen) if self._applies else YES
        if applies.holds is None:
            return self._unknown(applies, talk)
        if not applies.holds:
            return self._without_evidence("na")
        forbidden = check.kind == "forbidden"
        if forbidden:  # however many messages it is split over
            reader = reader.together
            talk = reader.talk
        found = self._look_for.ask(reader, talk.seen)
        if found.holds:
            return self._forbidden(found, talk) if forbidden else self._result("pass", found, talk)
        if found.holds is None:
            return self._unknown(found, talk)
        if self._decidable and not (decidable := self._decidable.ask(reader, seen)).holds:
            if decidable.holds is None:
                return self._unknown(decidable, talk)
            return self._result("no_evidence", Finding(False, after=found.after), talk)
        if forbidden:
            return self._without_evidence("pass")
        # What is missing cannot be quoted; what it should have followed can.
        shown = (found.after,) if found.after else applies.hits[:1]
        return self._result("fail", Finding(False, shown, found.after), talk)

    def _forbidden(self, found: Finding, talk: Talk) -> CheckResult:
        if self._again is None or not found.hits:
            return self._result("fail", found, talk, found.hits)
        return self._result("fail", found, talk, quote_enough(talk, found.hits, self._names, self._again, self._left))

    def _left(self, talk: Talk) -> Finding:
        """Tell whether there is still something forbidden in what is left of a talk."""
        if self._applies and not self._applies.ask(Reader(talk.alone, self._conditions), talk.alone.seen).holds:
            return NO
        return self._look_for.ask(Reader(talk, self._conditions), talk.seen)

    def outside(self) -> CheckResult:
        """Return the result for a conversation outside the scope."""
        return replace(
            self._without_evidence("na"),
            reason="该会话不在检查范围内。",
            reason_en="The conversation is outside the scope.",
        )

    def _without_evidence(self, verdict: Verdict) -> CheckResult:
        if verdict not in self._plain:
            self._plain[verdict] = self._result(verdict, Finding(False), self._nowhere)
        return self._plain[verdict]

    def _unknown(self, found: Finding, talk: Talk) -> CheckResult:
        chinese, english = zip(*(MISSING[lack] for lack in sorted(found.missing)), strict=True)
        shown = Finding(False, (found.after,) if found.after else ())
        return replace(
            self._result("no_evidence", shown, talk),
            reason=f"无法判断:{';'.join(chinese)}。",
            reason_en=f"This cannot be decided: {'; '.join(english)}.",
        )

    def _result(self, verdict: Verdict, found: Finding, talk: Talk, quoted: Sequence[Hit] | None = None) -> CheckResult:
        if quoted is None:
            evidence = tuple([talk.evidence(hit) for hit in found.hits[:_MOST_EVIDENCE]])
        else:
            evidence = tuple(dict.fromkeys(talk.evidence(part) for hit in quoted for part in hit.parts))
        confidence, chinese, english = self._outcomes[verdict]
        if found.hits:
            confidence = min(confidence, max(hit.sure for hit in found.hits))
        if self._sureness != 1.0:
            confidence = round(confidence * self._sureness, _DECIMALS)
        message = str(evidence[0].turn + 1) if evidence else ""
        after = str(talk.turns[found.after.turn].index + 1) if found.after else ""
        quote = _shortened(evidence[0].quote) if evidence else ""
        reason, reason_en = chinese.filled(message, after, quote), english.filled(message, after, quote)
        if verdict in ("pass", "fail") and confidence < self._check.abstain_below:
            verdict = "abstain"
            reason = f"把握不足({confidence:.2f}),不作判定:{reason}"
            reason_en = f"Too unsure to decide ({confidence:.2f}): {reason_en}"
        return CheckResult(
            id=self._check.id,
            verdict=verdict,
            confidence=confidence,
            critical=self._check.critical,
            evidence=evidence,
            reason=reason,
            reason_en=reason_en,
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


def _shortened(quote: str) -> str:
    line = " ".join(quote.split())
    return line if len(line) <= _QUOTE_LENGTH else line[: _QUOTE_LENGTH - 1] + "…"
