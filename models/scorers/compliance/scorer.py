"""The compliance scorer: cues per message, verdicts over the messages so far."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from models.domain.condition import Condition
from models.domain.context import Context
from models.domain.playbook import Check, Playbook, Scope
from models.domain.scores import ComplianceScore
from models.encode.base import Encoder
from models.scorers.compliance.across import REACH, find_across, run_before
from models.scorers.compliance.conditions import Reader
from models.scorers.compliance.cues import CueFinder, TurnCues
from models.scorers.compliance.figures import CSAT, SENTIMENT, read_attributes
from models.scorers.compliance.panel import Panel
from models.scorers.compliance.talk import Talk
from models.scorers.compliance.verdicts import Judge, walk_named

ACTS, ENCODER = "acts", "encoder"


class ComplianceScorer:
    """Judges a conversation by one playbook; follows ``models.scorers.base.Component``.

    Text in a conversation is matched, never obeyed. Rules may ask what the heads of acts find, how a message compares
    with exemplars, and what sentiment and satisfaction were found.
    """

    name = "compliance"
    provides = frozenset({"signal", "score"})

    def __init__(self, playbook: Playbook, *, acts: bool = False, encoder: Encoder | None = None) -> None:
        """Make the playbook's patterns, words and heads ready.

        Args:
            playbook: Validated.
            acts: Whether the component ``acts`` runs before; without it, cues that ask for acts are never shown.
            encoder: The one whose vectors are ``signals["encoder"]``; without it, what rests on exemplars is unknown.
                It is asked for vectors only if the playbook has exemplars.
        """
        self.playbook = playbook
        self.version = f"{playbook.id}@{playbook.version}+{playbook.hash.removeprefix('sha256:')[:12]}"
        self._finder = CueFinder(playbook, encoder)
        self._compares = encoder is not None and any(cue.exemplars for cue in playbook.cues.values())
        rests = {check.id: _conditions_of(check, playbook) for check in playbook.checks}
        wanted = {SENTIMENT: True, ACTS: acts, ENCODER: self._compares}
        wanted[CSAT] = any(one.csat for conditions in rests.values() for one in conditions)
        self.requires = frozenset(name for name, needed in wanted.items() if needed)
        learned = {name for name, cue in playbook.cues.items() if cue.act or cue.backed_by}
        learned |= {name for name, cue in playbook.cues.items() if learned & set(cue.rest_of)}
        self._judges = []
        for check in playbook.checks:
            unaided = not acts and any(name in learned for one in rests[check.id] for _, name in one.cues())
            sureness = check.confidence.without_acts if unaided else 1.0
            self._judges.append(Judge(check, playbook, self._finder.blind, sureness, self._look_again))
        forbidden = [one for check in playbook.checks if check.kind == "forbidden" for one in _sought(check, playbook)]
        self._split = frozenset(
            name
            for name in {name for one in forbidden for _, name in one.cues()}
            if playbook.cues[name].matches and not playbook.cues[name].chars
        )
        self._panel = Panel(self._judges)
        self._weights = [check.weight for check in playbook.checks]
        self._scope = None if playbook.scope == Scope() else playbook.scope.attributes

    def observe(self, context: Context) -> TurnCues:
        """Return the cues that the newest message shows."""
        place = len(context.turns) - 1
        shown = self._finder.find(context.texts[-1], *self._meant(context, place))
        before = context.signals.get(self.name, ())
        return self._read_on(context, before, shown, place) if len(before) == place else shown

    def _meant(self, context: Context, place: int) -> tuple[float | None, Any, Any]:
        """Return what other components observed in one message: its sentiment, its acts and its vector."""

        def observed(component: str) -> Any:
            values = context.signals.get(component, ())
            return values[place] if len(values) == len(context.turns) else None

        sentiment = observed(SENTIMENT)
        acts = observed(ACTS) if ACTS in self.requires else None
        return (
            None if sentiment is None else float(sentiment.score),
            acts,
            observed(ENCODER) if self._compares else None,
        )

    def _read_on(self, context: Context, before: Sequence[TurnCues], shown: TurnCues, place: int) -> TurnCues:
        """Return a message's cues with those that show only where the messages before it are read on into it."""
        turns, texts = context.turns, context.texts
        if not (place and self._split) or shown.blank or turns[place - 1].role != turns[place].role:
            return replace(shown, across={}) if shown.across else shown
        run = run_before(turns, before, place)
        across = find_across(
            self._finder.find_words,
            self._split,
            [*(texts[one] for one in run), texts[place]],
            [*(before[one] for one in run), shown],
        )
        return replace(shown, across=across) if across or shown.across else shown

    def _look_again(
        self, context: Context, cues: Sequence[TurnCues], changed: Sequence[int]
    ) -> tuple[Sequence[TurnCues], Collection[int]]:
        """Return all cues once some messages have other words, and the places where they may be others.

        What a message shows as a whole it does not show any more where it lost what it was quoted for: nobody listened
        to the rest.
        """
        found = list(cues)
        for place in changed:
            _, acts, _ = self._meant(context, place)
            found[place] = self._finder.find_rest(context.texts[place], acts)
        affected = {place + step for place in changed for step in range(REACH + 1)} & set(range(len(found)))
        for place in sorted(affected):
            found[place] = self._read_on(context, found, found[place], place)
        return found, affected

    def score(self, context: Context) -> ComplianceScore:
        """Return every check's verdict over the turns so far and the weighted share passed of those that apply."""
        talk = Talk(context, context.signals.get(self.name, ()), self._finder.blind)
        if self._scope is not None and read_attributes(talk, self._scope).holds is False:
            return ComplianceScore(score=None, checks=tuple(judge.outside() for judge in self._judges))
        reader = Reader(talk, self.playbook.conditions)
        results = self._panel.results(talk, reader)
        passed = failed = 0.0
        for weight, result in zip(self._weights, results, strict=True):
            if result.verdict == "pass":
                passed += weight
            elif result.verdict == "fail":
                failed += weight
        return ComplianceScore(score=passed / (passed + failed) if passed + failed else None, checks=results)


def _conditions_of(check: Check, playbook: Playbook) -> list[Condition]:
    return [one for _, condition in check.conditions for one in walk_named(condition, playbook.conditions)]


def _sought(check: Check, playbook: Playbook) -> list[Condition]:
    return walk_named(check.look_for, playbook.conditions)
