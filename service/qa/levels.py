"""What the automation levels mean for one score: which verdicts of the machine stand, and which wait for a person."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlmodel import Session

from models.domain.decision import Decision
from models.statistics import Level
from service.qa.criteria import MachineCriterion, criteria_of
from service.qa.repository import calibration as repository
from service.qa.repository.calibration import CriterionLevel
from service.scoring.repository import StoredScore

START: Level = "assist"  # of a criterion nobody has decided about: the machine suggests
LEVEL: Mapping[str, Level] = {"human": "human", "assist": "assist", "auto": "auto"}


def levels_of(session: Session, score: StoredScore) -> dict[str, Level]:
    """Return the level of each criterion of a score, by its id, as they were when it was made.

    Later changes of a level do not reach back: what a score counts for does not change by itself.
    """
    return levels_among(repository.levels(session, at=score.created_at), criteria_of(score.bundle))


def levels_among(then: Mapping[str, CriterionLevel], criteria: Mapping[str, MachineCriterion]) -> dict[str, Level]:
    """Return the level of each criterion of a score, by its id, from those that held when it was made, by key."""
    return {name: LEVEL[then[one.key].level] if one.key in then else START for name, one in criteria.items()}


class LevelHistory:
    """All levels there ever were, read once: for figures and files on many scores."""

    def __init__(self, session: Session) -> None:
        """Read them."""
        self._changes = repository.level_changes(session)
        self._moments = sorted({one.since for one in self._changes})
        self._known: dict[int, Mapping[str, CriterionLevel]] = {}

    def at(self, moment: datetime) -> Mapping[str, CriterionLevel]:
        """Return the level that held for each criterion that had one, as ``repository.levels`` does."""
        place = bisect_right(self._moments, moment)
        if place not in self._known:
            self._known[place] = {one.criterion: one for one in self._changes if one.since <= moment}
        return self._known[place]

    def human_only(self, moment: datetime) -> frozenset[str]:
        """Return the keys of the criteria that were left to people."""
        return frozenset(name for name, one in self.at(moment).items() if one.level == "human")


def left_to_people(levels: Mapping[str, Level], decided: Collection[str]) -> dict[str, Decision]:
    """Return for human-only criteria that nobody has decided that they do not count: never a failure."""
    return {
        name: Decision(verdict="no_evidence", by="level:human", kind="human_only")
        for name, level in levels.items()
        if level == "human" and name not in decided
    }
