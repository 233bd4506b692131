"""What only shows when the rules run: sentences that break the playbook's own rules, and rules that match everything.

Rules alone run here, without encoder and heads: what acts, exemplars and sentiment would add is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from models.domain.condition import Speaker
from models.domain.context import Context
from models.domain.conversation import Conversation, Turn
from models.domain.cue import Cue
from models.domain.playbook import Check, Playbook, Scope
from models.domain.scores import CheckResult
from models.scorers.compliance.lint.finding import Path, Warned
from models.scorers.compliance.lint.wording import shown_texts
from models.scorers.compliance.scopes import meet
from models.scorers.compliance.scorer import ComplianceScorer
from models.scorers.compliance.uses import named_cues, uses_of
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
    trial = _Trial(playbook, tuple(forbidden.values()))
    for place, check in enumerate(playbook.checks):
        for field, number, sentence in _offered(check):
            for result in trial.failed(check, sentence, forbidden):
                yield Warned(
                    "suggestion-forbidden",
                    ("checks", place, field, number),
                    f"'{_short(sentence)}' is offered by '{check.id}' and fails '{result.id}' "
                    f"(“{_short(_quote(result))}”)",
                    f"“{check.id}”建议的“{_short(sentence)}”会触犯“{result.id}”(“{_short(_quote(result))}”)",
                )
        if check.kind != "forbidden":
            yield from _required_but_forbidden(playbook, trial, place, check, forbidden)


def suggestions(playbook: Playbook) -> Iterator[Warned]:
    """Yield suggested sentences that would not pass the check that suggests them."""
    trial = _Trial(playbook)
    for place, check in enumerate(playbook.checks):
        names = named_cues(check.look_for, playbook)
        if check.kind == "forbidden" or not names or not all(_rules_alone(playbook.cues[name]) for name in names):
            continue
        for number, sentence in enumerate(check.suggest):
            if not names & trial.seen(check.speaker, sentence):
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
    trial = _Trial(playbook)
    for speaker in {check.speaker for check in playbook.checks}:
        said = lines.get(speaker, ())
        if len(said) < _FEWEST_LINES:
            continue
        counts: dict[str, int] = {}
        for line in said:
            for name in trial.seen(speaker, line):
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
    playbook: Playbook, trial: _Trial, place: int, check: Check, forbidden: Mapping[str, Check]
) -> Iterator[Warned]:
    told: set[str] = set()
    for name in sorted(named_cues(check.look_for, playbook)):
        for text in trial.failing(name, check.speaker):
            for result in trial.failed(check, text, forbidden):
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


class _Trial:
    """Judges single messages by any of the playbook's checks, whatever the conversation's attributes.

    What a rule says of a single message follows from its speaker and the cues that it shows, so that of all messages
    which show the same only one is judged.
    """

    def __init__(self, playbook: Playbook, checks: Sequence[Check] | None = None) -> None:
        """Make ready for these checks, or for all."""
        self._playbook = playbook
        self._scorer = ComplianceScorer(_only(playbook, playbook.checks if checks is None else checks))
        self._seen: dict[tuple[Speaker, str], frozenset[str]] = {}
        self._failed: dict[tuple[Speaker, frozenset[str]], bool] = {}
        self._results: dict[tuple[Speaker, str], list[CheckResult]] = {}
        self._failing: dict[tuple[str, Speaker], list[str]] = {}

    def seen(self, speaker: Speaker, text: str) -> frozenset[str]:
        """Return the cues that a message shows."""
        key = speaker, text
        if key not in self._seen:
            self._seen[key] = frozenset(self._said(speaker, text).signals[self._scorer.name][-1].seen)
        return self._seen[key]

    def failed(self, check: Check, text: str, forbidden: Mapping[str, Check]) -> list[CheckResult]:
        """Return the forbidden checks that a message of whom ``check`` judges fails, where both can judge it."""
        if not self._fails(check.speaker, text):
            return []
        key = check.speaker, text
        if key not in self._results:
            results = self._scorer.score(self._said(check.speaker, text)).checks
            self._results[key] = [one for one in results if one.verdict == "fail" and one.id in forbidden]
        return [one for one in self._results[key] if meet(check.scope, forbidden[one.id].scope)]

    def failing(self, name: str, speaker: Speaker) -> list[str]:
        """Return the texts which the author of a cue means by it that fail a check, one of each sort."""
        key = name, speaker
        if key not in self._failing:
            sorts: dict[frozenset[str], str] = {}
            for text in shown_texts(self._playbook.cues[name], self._playbook):
                if self._fails(speaker, text):
                    sorts.setdefault(self.seen(speaker, text), text)
            self._failing[key] = list(sorts.values())
        return self._failing[key]

    def _fails(self, speaker: Speaker, text: str) -> bool:
        key = speaker, self.seen(speaker, text)
        if key not in self._failed:
            results = self._scorer.score(self._said(speaker, text)).checks
            self._failed[key] = any(one.verdict == "fail" for one in results)
        return self._failed[key]

    def _said(self, speaker: Speaker, text: str) -> Context:
        context = Context(head=Conversation(id="lint", turns=())).with_turn(Turn(0, speaker, text), mask(text))
        return context.with_signal(self._scorer.name, self._scorer.observe(context))


def _only(playbook: Playbook, checks: Sequence[Check]) -> Playbook:
    """Return a playbook of these checks for any conversation, without what only others rest on: it costs time."""
    uses = uses_of(playbook)
    used = {(part.kind, part.name) for check in checks for part in uses[check.id]}
    return replace(
        playbook,
        scope=Scope(),
        checks=tuple(replace(check, scope=Scope()) for check in checks),
        cues={name: cue for name, cue in playbook.cues.items() if ("cue", name) in used},
        conditions={name: one for name, one in playbook.conditions.items() if ("condition", name) in used},
    )


def _rules_alone(cue: Cue) -> bool:
    return not (cue.act or cue.backed_by or cue.exemplars or cue.rest_of)


def _quote(result: CheckResult) -> str:
    return result.evidence[0].quote if result.evidence else ""


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"
