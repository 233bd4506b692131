"""Effective scores of many scores at once: as ``review_of`` has them one by one, without a query for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import Session

from models.domain.rubric import Rubric
from models.domain.scores import QaScore
from service.exports import repository
from service.qa.criteria import criteria_of
from service.qa.decisions import decided_score, standing_among
from service.qa.levels import LevelHistory, levels_among
from service.qa.provenance import rubric_of
from service.qa.repository.decisions import StoredDecision
from service.qa.root_cause import excuses_of
from service.scoring.repository import StoredScore

Decisions = Mapping[int, Sequence[StoredDecision]]


class EffectiveScores:
    """What counts in place of the machine's score: decisions, criteria left to people, confirmed causes in the system.

    Rubrics and levels are read once; a batch takes one query for causes, and one more where something counts.
    """

    def __init__(self, session: Session, own_rubric: str) -> None:
        """Read levels in ``session``; ``own_rubric`` is the rubric of the settings."""
        self._session = session
        self._own = own_rubric
        self._levels = LevelHistory(session)
        self._rubrics: dict[tuple[str, str | None], Rubric | None] = {}

    def of(self, rows: Sequence[Any], decisions: Decisions) -> dict[int, QaScore | None]:
        """Return the effective scores by score, without those that are exactly the machine's.

        ``None`` is a score that cannot be made, because its rubric is not here.

        Args:
            rows: Of ``repository.conversations``, all with a score.
            decisions: Of these scores, as ``of_scores`` has them.
        """
        causes = excuses_of(self._session, [(row.id, row.score_revision) for row in rows])
        excuses = {
            row.score_id: causes[row.id, row.score_revision] for row in rows if (row.id, row.score_revision) in causes
        }
        wanted = [
            row.score_id for row in rows if row.score_id in decisions or row.score_id in excuses or self._left(row)
        ]
        found: dict[int, QaScore | None] = {}
        for score, document in repository.scores_of(self._session, wanted):
            levels = levels_among(self._levels.at(score.created_at), criteria_of(score.bundle))
            decided, excuse = standing_among(levels, decisions.get(score.id, ())), excuses.get(score.id)
            if decided or excuse:
                rubric = self._rubric(score)
                found[score.id] = decided_score(score.bundle, document, rubric, decided, excuse) if rubric else None
        return found

    def _left(self, row: Any) -> bool:
        """Tell whether a criterion of the playbook or rubric that made a score was left to people at the time."""
        owners = {version.partition("@")[0] for version in (row.playbook_version, row.rubric_version)}
        return any(
            one.level == "human" and name.rpartition("/")[0] in owners
            for name, one in self._levels.at(row.scored_at).items()
        )

    def _rubric(self, score: StoredScore) -> Rubric | None:
        made = score.provenance
        key = (score.bundle["versions"]["rubric"], made["rubric"]["hash"] if made is not None else None)
        if key not in self._rubrics:
            self._rubrics[key] = rubric_of(self._session, score, self._own)
        return self._rubrics[key]
