"""All checks of a playbook at once: those that have nothing to look at in a conversation are not asked one by one."""

from __future__ import annotations

from collections.abc import Sequence

from models.domain.condition import Condition
from models.domain.scores import CheckResult
from models.scorers.compliance.conditions import Reader
from models.scorers.compliance.talk import Talk
from models.scorers.compliance.verdicts import Judge


class Panel:
    """The judges of a playbook.

    A judge sleeps while nobody shows a cue that could change its mind: a forbidden check whose ``look_for`` rests on
    cues that nobody shows passes or does not apply, whatever else is said; one whose ``applies`` rests on such cues
    does not apply. So what is done check by check grows with the cues that are seen, not with the playbook.
    """

    def __init__(self, judges: Sequence[Judge]) -> None:
        """Note who is woken by what."""
        self._judges = judges
        self._awake = [place for place, judge in enumerate(judges) if judge.wakes is None]
        self._woken: dict[str, list[int]] = {}
        self._gated: dict[Condition, list[int]] = {}
        for place, judge in enumerate(judges):
            for cue in judge.wakes or ():
                self._woken.setdefault(cue, []).append(place)
            if judge.wakes is not None and judge.gate is not None:
                self._gated.setdefault(judge.gate, []).append(place)
        self._asleep = [None if judge.wakes is None else judge.asleep(True) for judge in judges]

    def results(self, talk: Talk, reader: Reader) -> tuple[CheckResult, ...]:
        """Return every check's result, in the playbook's order."""
        awake = set(self._awake)
        for cue in talk.together.seen & self._woken.keys():
            awake.update(self._woken[cue])
        results = list(self._asleep)
        for gate, places in self._gated.items():
            opened = reader.read(gate)
            if opened.holds is None:
                awake.update(places)
            elif not opened.holds:
                for place in places:
                    results[place] = self._judges[place].asleep(False)
        for place in awake:
            results[place] = self._judges[place].judge(talk, reader)
        return tuple(result for result in results if result is not None)
