"""The effective score: what the machine said, with what people decided in its place. Nothing is ever replaced."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session

from models.domain.decision import Decision
from models.domain.rubric import Rubric
from models.domain.scores import QaScore
from models.errors import AttuneError
from models.interchange import parse_conversation
from models.qa import evaluate_rubric, measured_from_json, qa_from_json, traits_of
from models.root_cause import Excuse, evaluate_excused
from models.statistics import Level
from service.accounts.actor import Actor
from service.audit.log import record_read
from service.qa.criteria import MachineCriterion, criteria_of
from service.qa.levels import left_to_people, levels_of
from service.qa.provenance import find_score, rubric_of
from service.qa.repository import appeals as appeal_repository
from service.qa.repository import decisions as decision_repository
from service.qa.repository import tasks as task_repository
from service.qa.repository.decisions import StoredDecision
from service.qa.root_cause import excuse_of
from service.qa.tasks import is_blind, may_judge
from service.scoring import repository as scores
from service.scoring.repository import StoredScore

# Later offices stand above earlier ones; a second review alone changes nothing until the difference is decided.
RANK: Mapping[str, int] = {"review": 1, "adjudication": 2, "consensus": 3, "appeal": 4}


@dataclass(frozen=True, slots=True)
class ScoreReview:
    """A score from both sides.

    Attributes:
        score_id: Which.
        conversation_id: Whose.
        revision: Of the conversation.
        criteria: What the machine said of each criterion.
        machine: The score as it was made, which never changes.
        decisions: What people said of this revision, oldest first, on whichever score.
        levels: How far each criterion was left to the machine when the score was made.
        unconfirmed: Checks at level ``assist`` that count as the machine suggests, for nobody has decided them.
        waiting: Criteria at level ``human`` that do not count, for nobody has decided them.
        effective: The score with the decisions that count; ``None`` where it is withheld or cannot be made.
        withheld: Whether decisions are kept back, because a blind review or an appeal is not finished yet.
        note: Why there is no effective score, in Chinese.
        note_en: The same in English.
    """

    score_id: int
    conversation_id: str
    revision: int
    criteria: Sequence[MachineCriterion]
    machine: Mapping[str, Any]
    decisions: Sequence[StoredDecision]
    levels: Mapping[str, Level]
    unconfirmed: Sequence[str]
    waiting: Sequence[str]
    effective: Mapping[str, Any] | None
    withheld: bool
    note: str | None = None
    note_en: str | None = None


def review_of(session: Session, actor: Actor, score_id: int, own_rubric: str) -> ScoreReview:
    """Return machine, decisions and effective score side by side, as far as the actor may see them.

    Whoever could still be asked to judge the score blind sees only their own decisions until that is done; who sees
    those of others is remembered, and never judges this revision blind.

    Args:
        session: An open transaction.
        actor: Who asks.
        score_id: Which score.
        own_rubric: The rubric of the settings.

    Raises:
        NotFoundError: There is no such score, or it is of another agent.
    """
    score = find_score(session, score_id, only_agent=actor.only_agent)
    record_read(session, actor, "score.review.read", "score", score.id)
    everything = decision_repository.of_score(session, score.id)
    withheld = may_judge(actor) and is_undecided(session, score.id)
    shown = [one for one in everything if one.by == actor.person_id] if withheld else everything
    if may_judge(actor) and actor.person_id is not None and any(one.by != actor.person_id for one in shown):
        decision_repository.note_views(session, [score.id], actor.person_id, datetime.now(UTC))
    if actor.only_agent is not None:
        shown = [replace(one, by=None) for one in shown]
    criteria = criteria_of(score.bundle)
    levels = levels_of(session, score)
    undecided = [name for name in levels if name not in decisive(shown)]
    review = ScoreReview(
        score_id=score.id,
        conversation_id=score.conversation_id,
        revision=score.revision,
        criteria=list(criteria.values()),
        machine=score.bundle["qa"],
        decisions=shown,
        levels=levels,
        unconfirmed=[
            name for name in undecided if levels[name] == "assist" and criteria[name].verdict in ("pass", "fail")
        ],
        waiting=[name for name in undecided if levels[name] == "human"],
        effective=None,
        withheld=withheld,
    )
    if withheld:
        return replace(
            review,
            note="有独立复核或申诉尚未完成，他人的判定暂不显示",
            note_en="a blind review or an appeal is not finished: what others decided is withheld",
        )
    rubric = rubric_of(session, score, own_rubric)
    excuse = excuse_of(session, score.conversation_id, score.revision)
    if rubric is None and (standing(session, score, everything) or excuse):
        name = score.bundle["versions"]["rubric"]
        return replace(review, note=f"此处没有评分标准 {name}", note_en=f"the rubric {name} is not here")
    return replace(review, effective=asdict(effective_score(session, score, everything, rubric)))


def is_undecided(session: Session, score_id: int) -> bool:
    """Tell whether somebody still has to judge the score's revision without knowing what others said."""
    if appeal_repository.under_appeal(session, [score_id]):
        return True
    tasks = task_repository.of_score(session, score_id)
    roots = {task.root for task in tasks}
    return any(is_blind([task for task in tasks if task.root == root]) for root in roots)


def effective_score(
    session: Session, score: StoredScore, everything: Iterable[StoredDecision], rubric: Rubric | None
) -> QaScore:
    """Return the score with the decisions that count; exactly the machine's where none does.

    Where a person confirmed a cause in the system, outcomes count against nobody; see ``evaluate_excused``.

    Raises:
        ValueError: There are decisions or a confirmed cause, but no rubric.
    """
    decided = standing(session, score, everything)
    excuse = excuse_of(session, score.conversation_id, score.revision)
    if not decided and excuse is None:
        return qa_from_json(score.bundle["qa"])
    if rubric is None:
        raise ValueError("decisions need the rubric that made the score")
    document = scores.document_of(session, score.conversation_id, score.revision)
    return decided_score(score.bundle, document, rubric, decided, excuse)


def decided_score(
    bundle: Mapping[str, Any],
    document: Mapping[str, Any] | None,
    rubric: Rubric,
    decided: Mapping[str, Decision],
    excuse: Excuse | None,
) -> QaScore:
    """Return a score with what stands in for the machine's verdicts.

    Args:
        bundle: As stored.
        document: The revision that it was made from; ``None`` where it is gone.
        rubric: The one that made it.
        decided: By criterion; as ``standing`` says.
        excuse: A confirmed cause in the system.
    """
    head = None
    if document is not None:
        try:
            head = traits_of(parse_conversation(document))
        except AttuneError:  # a document of an older format: the rubric then knows nothing of it
            head = None
    measured, weights = measured_from_json(bundle), check_weights(bundle)
    if excuse is not None:
        return evaluate_excused(rubric, measured, weights, excuse, head=head, decisions=decided)
    return evaluate_rubric(rubric, measured, weights, head=head, decisions=decided)


def standing(session: Session, score: StoredScore, everything: Iterable[StoredDecision]) -> dict[str, Decision]:
    """Return what stands in for the machine's verdicts: decisions, and the silence of human-only criteria."""
    return standing_among(levels_of(session, score), everything)


def standing_among(levels: Mapping[str, Level], everything: Iterable[StoredDecision]) -> dict[str, Decision]:
    """Return the same where the levels of the criteria are known."""
    decided = decisive(everything)
    return {**left_to_people(levels, decided), **decided}


def decisive(everything: Iterable[StoredDecision]) -> dict[str, Decision]:
    """Return the decision that counts for each criterion: of the highest office, there the latest."""
    best: dict[str, StoredDecision] = {}
    for one in everything:
        if one.kind not in RANK or not one.applies:
            continue
        known = best.get(one.criterion_id)
        if known is None or (RANK[one.kind], one.id) > (RANK[known.kind], known.id):
            best[one.criterion_id] = one
    return {
        name: Decision(verdict=one.verdict, value=one.value, by=f"decision:{one.id}", kind=one.kind)  # type: ignore[arg-type]  # checked before it is written
        for name, one in best.items()
    }


def check_weights(bundle: Mapping[str, Any]) -> dict[str, float]:
    """Return the weights of the playbook's checks among each other, as the score itself tells them."""
    return {
        item["source"].partition(":")[2]: item["weight"]
        for item in bundle["qa"]["criteria"]
        if item["source"].startswith("check:") and item["id"].endswith("." + item["source"].partition(":")[2])
    }
