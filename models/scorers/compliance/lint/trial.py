"""What only shows when the rules run: sentences that break the playbook's own rules, and rules that match everything.

Rules alone run here, without encoder and heads: what acts, exemplars and sentiment would add is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from models.domain.context import Context
from models.domain.conversation import Conversation, Turn
from models.domain.cue import Cue
from models.domain.playbook import Check, Playbook, Scope
from models.domain.scores import CheckResult
from models.scorers.compliance.lint.finding import Path, Warned
from models.scorers.compliance.lint.wording import shown_texts
from models.scorers.compliance.scopes import meet
from models.scorers.compliance.scorer import ComplianceScorer
from models.scorers.compliance.uses import named_cues
from models.text.pii import mask

Lines = Mapping[str, Sequence[str]]

# Of ordinary lines of whoever is judged; above it a forbidden cue accuses too many, a required one excuses too many.
MOST_FORBIDDEN = 0.05
MOST_REQUIRED = 0.5
_FEWEST_LINES = 50
_SHOWN = 40


def contradictions(playbook: Playbook) -> Iterator[Warned]:
    """Yield sentences that one check offers or wants and another one forbids."""
    forbidden = {check.id: check for check in playbook.checks if check.kind == "forbidden"}
    if not forbidden:
        return
    scorer = _scorer(replace(playbook, checks=tuple(forbidden.values())))
    for place, check in enumerate(playbook.checks):
        for field, number, sentence in _offered(check):
            for result in _failed(scorer, check, sentence, forbidden):
                yield Warned(
                    "suggestion-forbidden",
                    ("checks", place, field, number),
                    f"'{_short(sentence)}' is offered by '{check.id}' and fails '{result.id}' "
                    f"(“{_short(_quote(result))}”)",
                    f"“{check.id}”建议的“{_short(sentence)}”会触犯“{result.id}”(“{_short(_quote(result))}”)",
                )
        if check.kind != "forbidden":
            yield from _required_but_forbidden(playbook, scorer, place, check, forbidden)


def suggestions(playbook: Playbook) -> Iterator[Warned]:
    """Yield suggested sentences that would not pass the check that suggests them."""
    scorer = _scorer(playbook)
    for place, check in enumerate(playbook.checks):
        names = named_cues(check.look_for, playbook)
        if check.kind == "forbidden" or not names or not all(_rules_alone(playbook.cues[name]) for name in names):
            continue
        for number, sentence in enumerate(check.suggest):
            if not names & set(_seen(scorer, check.speaker, sentence)):
                yield Warned(
                    "suggestion-does-not-count",
                    ("checks", place, "suggest", number),
                    f"'{_short(sentence)}' shows none of the cues that '{check.id}' looks for",
                    f"“{_short(sentence)}”不会被“{check.id}”认可:没有出现它要找的线索",
                )


def breadth(playbook: Playbook, lines: Lines) -> Iterator[Warned]:
    """Yield cues that match ordinary lines everywhere.

    Args:
        playbook: Loaded.
        lines: Ordinary lines by speaker.
    """
    scorer = _scorer(playbook)
    for speaker in {check.speaker for check in playbook.checks}:
        said = lines.get(speaker, ())
        if len(said) < _FEWEST_LINES:
            continue
        counts: dict[str, int] = {}
        for line in said:
            for name in _seen(scorer, speaker, line):
                counts[name] = counts.get(name, 0) + 1
        for check in playbook.checks:
            if check.speaker != speaker:
                continue
            most = MOST_FORBIDDEN if check.kind == "forbidden" else MOST_REQUIRED
            for name in sorted(named_cues(check.look_for, playbook)):
                share = counts.get(name, 0) / len(said)
                if share > most and not playbook.cues[name].rest_of:  # which is meant to be all the rest
                    yield Warned(
                        "too-broad",
                        ("cues", name),
                        f"cue '{name}', which '{check.id}' looks for, is in {share:.0%} of ordinary lines",
                        f"“{check.id}”要找的线索“{name}”出现在 {share:.0%} 的普通消息中",
                    )


def _required_but_forbidden(
    playbook: Playbook, scorer: ComplianceScorer, place: int, check: Check, forbidden: Mapping[str, Check]
) -> Iterator[Warned]:
    told: set[str] = set()
    for name in sorted(named_cues(check.look_for, playbook)):
        for text in shown_texts(playbook.cues[name], playbook):
            for result in _failed(scorer, check, text, forbidden):
                if result.id not in told:
                    told.add(result.id)
                    where: Path = ("checks", place, "look_for")
                    yield Warned(
                        "required-forbidden",
                        where,
                        f"'{check.id}' wants '{_short(text)}' (cue '{name}'), which fails '{result.id}'",
                        f"“{check.id}”要求的“{_short(text)}”(线索“{name}”)会触犯“{result.id}”",
                    )


def _offered(check: Check) -> Iterator[tuple[str, int, str]]:
    for field in ("suggest", "say_instead"):
        for number, sentence in enumerate(getattr(check, field)):
            yield field, number, sentence


def _scorer(playbook: Playbook) -> ComplianceScorer:
    """Return a scorer that judges any conversation, whatever its attributes."""
    checks = tuple(replace(check, scope=Scope()) for check in playbook.checks)
    return ComplianceScorer(replace(playbook, scope=Scope(), checks=checks))


def _said(scorer: ComplianceScorer, speaker: Any, text: str) -> Context:
    context = Context(head=Conversation(id="lint", turns=())).with_turn(Turn(0, speaker, text), mask(text))
    return context.with_signal(scorer.name, scorer.observe(context))


def _seen(scorer: ComplianceScorer, speaker: Any, text: str) -> Mapping[str, Any]:
    context = _said(scorer, speaker, text)
    seen: Mapping[str, Any] = context.signals[scorer.name][-1].seen
    return seen


def _failed(scorer: ComplianceScorer, check: Check, text: str, forbidden: Mapping[str, Check]) -> list[CheckResult]:
    results = scorer.score(_said(scorer, check.speaker, text)).checks
    return [
        result
        for result in results
        if result.verdict == "fail" and result.id in forbidden and meet(check.scope, forbidden[result.id].scope)
    ]


def _rules_alone(cue: Cue) -> bool:
    return not (cue.act or cue.backed_by or cue.exemplars or cue.rest_of)


def _quote(result: CheckResult) -> str:
    return result.evidence[0].quote if result.evidence else ""


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"
