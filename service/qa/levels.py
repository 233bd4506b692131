"""What the automation levels mean for one score: which verdicts of the machine stand, and which wait for a person."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlmodel import Session

from models.domain.decision import Decision
from models.statistics import Level
from service.qa.criteria import criteria_of
from service.qa.repository import calibration as repository
from service.qa.repository.calibration import CriterionLevel
from service.scoring.repository import StoredScore

START: Level = "assist"  # of a criterion nobody has decided about: the machine suggests
LEVEL: Mapping[str, Level] = {"human": "human", "assist": "assist", "auto": "auto"}


def levels_of(session: Session, score: StoredScore) -> dict[str, Level]:
    """Return the level of each criterion of a score, by its id, as they were when it was made.

    Later changes of a level do not reach back: what a score counts for does not change by itself.
    """
    then = repository.levels(session, at=score.created_at)
    return {
        name: LEVEL[then[one.key].level] if one.key in then else START
        for name, one in criteria_of(score.bundle).items()
    }


def left_to_people(levels: Mapping[str, Level], decided: Collection[str]) -> dict[str, Decision]:
    """Return for human-only criteria that nobody has decided that they do not count: never a failure."""
    return {
        name: Decision(verdict="no_evidence", by="level:human", kind="human_only")
        for name, level in levels.items()
        if level == "human" and name not in decided
    }


def human_only(changes: Iterable[CriterionLevel], at: datetime) -> frozenset[str]:
    """Return the keys of the criteria that were left to people at a moment, by all changes of levels, oldest first."""
    newest = {one.criterion: one.level for one in changes if one.since <= at}
    return frozenset(criterion for criterion, level in newest.items() if LEVEL[level] == "human")
