"""What counts beside the machine's verdicts where a score is evaluated by other rubrics than the one that made it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session

from models.domain.decision import Decision
from models.domain.rubric import Rubric
from models.domain.scores import QaScore
from models.qa import Case, evaluate_rubric
from models.root_cause import Excuse, evaluate_excused
from service.qa.criteria import key_of
from service.qa.decisions import decisive
from service.qa.levels import LevelHistory, left_to_people
from service.qa.repository import preview as repository
from service.qa.repository.preview import Scored
from service.qa.root_cause import excuses_of
from service.rubrics.registry import spec_of


@dataclass(frozen=True, slots=True)
class Standing:
    """What people decided of a score, what was left to them, and what excuses it.

    Attributes:
        playbook: The label of the playbook that made the score.
        decided: By what they are about: rubrics may call it otherwise.
        by: Who decided.
        human: The keys of the criteria that were left to people when the score was made.
        excuse: Why outcomes do not count.
    """

    playbook: str
    decided: Mapping[str, Decision] = field(default_factory=dict)
    by: frozenset[str | None] = frozenset()
    human: frozenset[str] = frozenset()
    excuse: Excuse | None = None

    def score(self, rubric: Rubric, case: Case, machine: QaScore) -> QaScore:
        """Return the effective score by a rubric whose score by the machine alone is ``machine``; as a review tells it.

        Without anything that counts beside the machine's verdicts it is ``machine``.
        """
        decided = {one.id: self.decided[one.source] for one in machine.criteria if one.source in self.decided}
        keys = {one.id: key_of(one.id, one.source, self.playbook, spec_of(rubric)) for one in machine.criteria}
        left = left_to_people({name: "human" for name, key in keys.items() if key in self.human}, decided)
        said = {**left, **decided}
        if self.excuse is not None:
            return evaluate_excused(
                rubric, case.measured, case.check_weights, self.excuse, head=case.head, decisions=said
            )
        if not said:
            return machine
        return evaluate_rubric(rubric, case.measured, case.check_weights, head=case.head, decisions=said)


def standing_of(session: Session, chunks: Iterator[Sequence[Scored]]) -> Iterator[tuple[Scored, Standing]]:
    """Yield each score with what counts; decisions that somebody still has to judge blind are left out."""
    levels = LevelHistory(session)
    for chunk in chunks:
        decisions = repository.decisions(session, [one.score.id for one in chunk])
        excuses = excuses_of(session, [(one.score.conversation_id, one.score.revision) for one in chunk])
        for one in chunk:
            said = decisions.get(one.score.id, ())
            sources = {item["id"]: item["source"] for item in one.score.bundle["qa"]["criteria"]} if said else {}
            standing = Standing(
                playbook=one.score.bundle["versions"]["playbook"],
                decided={sources[name]: what for name, what in decisive(said).items() if name in sources},
                by=frozenset(each.by for each in said),
                human=levels.human_only(one.score.created_at),
                excuse=excuses.get((one.score.conversation_id, one.score.revision)),
            )
            yield one, standing
