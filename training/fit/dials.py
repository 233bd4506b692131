"""A playbook's thresholds of acts as dials: what each check says of labelled conversations at any setting of them.

A message's probabilities stay, only what is enough changes: so a verdict depends on how many of a conversation's
messages each dial lets through, and is judged once for each such pattern.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.domain.context import Context
from models.domain.cue import Cue
from models.domain.playbook import Playbook
from models.scorers.compliance.conditions import Reader
from models.scorers.compliance.cues import CueFinder, Matched
from models.scorers.compliance.talk import Talk
from models.scorers.compliance.uses import parts_of
from models.scorers.compliance.verdicts import Judge

Acts = Mapping[str, float]
Dial = tuple[str, str]
"""A cue's name and which of its thresholds: ``act`` or ``backed_by``."""
Setting = Mapping[Dial, float]


@dataclass(frozen=True, slots=True)
class Case:
    """A labelled conversation.

    Attributes:
        context: After its last turn, with sentiment and vectors in it.
        acts: By turn the probabilities of acts, by heads that have not learnt from this conversation.
        verdicts: By check what people said.
    """

    context: Context
    acts: Sequence[Acts | None]
    verdicts: Mapping[str, str]


def dials_of(playbook: Playbook) -> dict[Dial, float]:
    """Return all dials of a playbook as they are set."""
    asked = {(name, kind): getattr(cue, kind) for name, cue in playbook.cues.items() for kind in ("act", "backed_by")}
    return {dial: act.least for dial, act in asked.items() if act}


def with_dials(cues: Mapping[str, Cue], setting: Setting) -> dict[str, Cue]:
    """Return the cues with these thresholds."""
    changed = dict(cues)
    for (name, kind), least in setting.items():
        act = replace(getattr(changed[name], kind), least=least)
        changed[name] = replace(changed[name], act=act) if kind == "act" else replace(changed[name], backed_by=act)
    return changed


class Bench:
    """Labelled conversations, matched once, judged at any setting."""

    def __init__(self, playbook: Playbook, cases: Sequence[Case], finder: CueFinder | None = None) -> None:
        """Match every message.

        Args:
            playbook: To judge by.
            cases: Labelled conversations.
            finder: The playbook's cues, made ready with an encoder; by default without one.
        """
        self.playbook, self.cases = playbook, cases
        self.kinds = {check.id: check.kind for check in playbook.checks}
        self._finder = finder or CueFinder(playbook)
        self.judges = {check.id: Judge(check, playbook, self._finder.blind, 1.0) for check in playbook.checks}
        vectors = [case.context.signals.get("encoder", ()) for case in cases]
        self._matched: list[list[Matched]] = [
            [self._finder.match(text, seen[at] if seen else None) for at, text in enumerate(case.context.texts)]
            for case, seen in zip(cases, vectors, strict=True)
        ]
        dials = dials_of(playbook)
        cues = {check.id: {part.name for part in parts_of(check, playbook)} for check in playbook.checks}
        self.dials_of = {check: [dial for dial in dials if dial[0] in cues[check]] for check in cues}
        self._passing = {dial: [self._steps(dial, at) for at in range(len(cases))] for dial in dials}
        self._known: dict[tuple[int, str, tuple[int, ...]], str] = {}

    def _steps(self, dial: Dial, case: int) -> list[float]:
        """Return in order the probabilities of the messages that the dial decides about."""
        name, kind = dial
        act = getattr(self.playbook.cues[name], kind).name
        return sorted(
            acts.get(act, 0.0)
            for acts, matched in zip(self.cases[case].acts, self._matched[case], strict=True)
            if acts is not None and (kind == "act" or name in matched.spans)
        )

    def verdicts(self, check: str, setting: Setting) -> NDArray[np.str_]:
        """Return the check's verdict on each case."""
        dials = self.dials_of[check]
        found = []
        for at in range(len(self.cases)):
            key = (at, check, tuple(bisect_left(self._passing[dial][at], setting[dial]) for dial in dials))
            if key not in self._known:
                self._known[key] = self._judge(at, check, {dial: setting[dial] for dial in dials})
            found.append(self._known[key])
        return np.array(found)

    def truth(self, check: str) -> NDArray[np.str_]:
        """Return people's verdict on each case; empty where nobody judged."""
        return np.array([case.verdicts.get(check, "") for case in self.cases])

    def _judge(self, at: int, check: str, setting: Setting) -> str:
        case, cues = self.cases[at], with_dials(self.playbook.cues, setting)
        moods = case.context.signals.get("sentiment") or [None] * len(case.acts)
        shown = [
            self._finder.settle(matched, None if mood is None else float(mood.score), acts, cues)
            for matched, mood, acts in zip(self._matched[at], moods, case.acts, strict=True)
        ]
        talk = Talk(case.context, shown, self._finder.blind)
        return self.judges[check].judge(talk, Reader(talk, self.playbook.conditions)).verdict
