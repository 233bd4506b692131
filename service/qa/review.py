"""Reviewing: every criterion confirmed or overridden, once; where two blind reviews differ, a third person decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from sqlmodel import Session

from models.domain.decision import DecidedVerdict
from models.statistics import Level
from service.accounts.actor import Actor
from service.audit.log import record, record_read
from service.core.errors import InvalidRequestError, WorkConflictError
from service.qa.answers import require_answer
from service.qa.criteria import MachineCriterion, agrees, criteria_of
from service.qa.levels import levels_of
from service.qa.provenance import find_score
from service.qa.repository import decisions as decision_repository
from service.qa.repository import sampling as sampling_repository
from service.qa.repository import tasks as task_repository
from service.qa.repository.decisions import DecisionKind, NewDecision, StoredDecision
from service.qa.repository.sampling import Candidate
from service.qa.repository.tasks import UNFINISHED, Task
from service.qa.tasks import get_task, locked, require_person, require_state
from service.scoring import repository as scores
from service.scoring.repository import StoredScore

Side = Literal["first", "second"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a reviewer says of one criterion: a verdict or a value, and a reason where the machine said otherwise."""

    criterion_id: str
    verdict: DecidedVerdict | None = None
    value: float | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class DifferingVerdict:
    """What one of two blind reviewers said, for whoever decides between them; not who."""

    criterion_id: str
    side: Side
    verdict: str | None
    value: float | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Worksheet:
    """All that a reviewer needs.

    Attributes:
        task: The task.
        document: The conversation's revision that was scored, masked.
        criteria: What the machine said of each criterion that is to be judged; of human-only ones it is kept back.
        levels: How far each criterion was left to the machine when the score was made.
        required: Ids of those that have to be judged; figures may be.
        decisions: What was submitted in this task.
        differing: For an adjudication: what the two reviewers said.
    """

    task: Task
    document: Mapping[str, Any]
    criteria: Sequence[MachineCriterion]
    required: Sequence[str]
    levels: Mapping[str, Level]
    decisions: Sequence[StoredDecision]
    differing: Sequence[DifferingVerdict]


def worksheet(session: Session, actor: Actor, task_id: int) -> Worksheet:
    """Return what a task is about; of other reviews only what an adjudication is about, once it is taken.

    Raises:
        NotFoundError: There is no such task.
    """
    task = get_task(session, actor, task_id)
    score = find_score(session, task.score_id)
    document = scores.document_of(session, score.conversation_id, score.revision) or {}
    record_read(session, actor, "review.read", "review_task", task.id, {"revision": task.revision})
    mine = task.assignee is not None and task.assignee == actor.person_id
    differing = _differing(session, task) if mine and task.purpose == "adjudication" else []
    criteria = criteria_of(score.bundle)
    required = _required(session, task, criteria)
    shown = list(criteria.values()) if task.purpose != "adjudication" else [criteria[name] for name in required]
    own = decision_repository.of_task(session, task.id) if mine else []
    levels = levels_of(session, score)
    shown = [_without_verdict(one) if levels[one.id] == "human" else one for one in shown]
    return Worksheet(task, document, shown, required, {one.id: levels[one.id] for one in shown}, own, differing)


def submit(
    session: Session,
    actor: Actor,
    task_id: int,
    judgements: Sequence[Judgement],
    now: datetime | None = None,
    *,
    own_rubric: str = "default",
) -> Task:
    """Store what the reviewer says and close the task. Sending the same again changes nothing.

    Args:
        session: An open transaction.
        actor: Who says it.
        task_id: Of which task.
        judgements: One for each criterion.
        now: The moment that counts; the present one by default.
        own_rubric: The rubric of the settings.

    Raises:
        NotFoundError: There is no such task.
        WorkConflictError: Somebody else has it, it is not taken, or was submitted with other content.
        InvalidRequestError: A criterion is missing, unknown or named twice, an override has no reason, or a question
            does not have that answer.
    """
    person = require_person(actor)
    task = locked(session, task_id)
    if task.assignee not in (None, person):
        raise WorkConflictError(f"task {task.id} is not yours", f"任务 {task.id} 不由你负责", location=str(task.id))
    score = find_score(session, task.score_id)
    criteria = criteria_of(score.bundle)
    moment = now or datetime.now(UTC)
    if task.status == "done":
        if _said(judgements) == _said(decision_repository.of_task(session, task.id)):
            return task
        raise WorkConflictError(
            f"task {task.id} was submitted with other verdicts",
            f"任务 {task.id} 已提交过其他判定，不能更改",
            location=str(task.id),
        )
    require_state(task, "submit")
    _require_complete(judgements, criteria, _required(session, task, criteria), task)
    levels = levels_of(session, score)
    for one in judgements:
        require_answer(session, score, criteria[one.criterion_id], one.verdict, one.value, own_rubric)
    kind: DecisionKind = {"review": "review", "second": "second"}.get(task.purpose, "adjudication")  # type: ignore[assignment]  # mypy takes them for texts
    decision_repository.append(
        session,
        [
            new_decision(
                score,
                criteria[one.criterion_id],
                one,
                kind,
                person,
                moment,
                task_id=task.id,
                blind=levels[one.criterion_id] == "human",
            )
            for one in judgements
        ],
    )
    task_repository.set_state(session, task.id, status="done", done_at=moment)
    record(session, actor, "review.submit", "review_task", task.id)
    _adjudicate(session, actor, task, moment)
    return get_task(session, actor, task.id)


def new_decision(
    score: StoredScore,
    machine: MachineCriterion,
    judgement: Judgement,
    kind: DecisionKind,
    by: str,
    now: datetime,
    *,
    task_id: int | None = None,
    appeal_id: int | None = None,
    session_id: int | None = None,
    blind: bool = False,
) -> NewDecision:
    """Return a decision beside what the machine said; who does not see that (``blind``) need not say why it differs.

    Raises:
        InvalidRequestError: It is neither a verdict nor a value, or does not fit the criterion, or lacks its reason.
    """
    same = agrees(machine, judgement.verdict, judgement.value)
    where = f"criteria.{machine.id}"
    if (judgement.verdict is None) == (judgement.value is None):
        raise InvalidRequestError(
            f"{machine.id}: give a verdict or a value", f"{machine.id}：须给出判定或得分之一", location=where
        )
    if machine.kind == "check" and judgement.verdict is None:
        raise InvalidRequestError(
            f"{machine.id}: a check takes a verdict", f"{machine.id}：检查项须给出判定", location=where
        )
    reason = (judgement.reason or "").strip() or None
    if same is False and reason is None and task_id is not None and not blind:
        raise InvalidRequestError(
            f"{machine.id}: an override needs a reason", f"{machine.id}：改判须写明理由", location=where
        )
    return NewDecision(
        score_id=score.id,
        criterion_id=machine.id,
        kind=kind,
        machine_verdict=machine.verdict,
        machine_value=machine.value,
        verdict=judgement.verdict,
        value=judgement.value,
        agrees=same,
        reason=reason,
        by=by,
        created_at=now,
        task_id=task_id,
        appeal_id=appeal_id,
        session_id=session_id,
    )


def _without_verdict(machine: MachineCriterion) -> MachineCriterion:
    return replace(machine, verdict=None, value=None, confidence=None, reason="由人工判定", reason_en="left to people")


def _required(session: Session, task: Task, criteria: Mapping[str, MachineCriterion]) -> list[str]:
    if task.purpose == "adjudication":
        return [name for name in criteria if name in {one.criterion_id for one in _differing(session, task)}]
    return [name for name, one in criteria.items() if one.kind != "figure"]


def _require_complete(
    judgements: Sequence[Judgement], criteria: Mapping[str, MachineCriterion], required: Sequence[str], task: Task
) -> None:
    names = [one.criterion_id for one in judgements]
    twice = sorted({name for name in names if names.count(name) > 1})
    known = set(required) if task.purpose == "adjudication" else set(criteria)
    for wrong, en, zh in (
        (twice, "named twice", "重复"),
        (sorted(set(names) - known), "not to be judged here", "不在评判范围内"),
        ([name for name in required if name not in names], "missing", "缺少判定"),
    ):
        if wrong:
            raise InvalidRequestError(
                f"criteria {', '.join(wrong)}: {en}", f"评分项 {'、'.join(wrong)}：{zh}", location="criteria"
            )


def _said(
    items: Sequence[Judgement] | Sequence[StoredDecision],
) -> dict[str, tuple[str | None, float | None, str | None]]:
    return {one.criterion_id: (one.verdict, one.value, (one.reason or "").strip() or None) for one in items}


def _adjudicate(session: Session, actor: Actor, task: Task, now: datetime) -> None:
    """Where both sides of a pair are there and differ, ask a third person."""
    family = task_repository.family(session, task.root)
    sides = [one for one in family if one.purpose != "adjudication"]
    if len(sides) < 2 or len(family) > len(sides) or any(one.status in UNFINISHED for one in sides):
        return
    if not _differing(session, task):
        return
    one = Candidate(task.conversation_id, task.revision, None, now, task.score_id, None, False, None, ())
    added = sampling_repository.add_task(session, one, "adjudication", actor.label, now, pair_id=task.root)
    sampling_repository.add_reasons(session, added, {"differ": None}, None, now)


def _differing(session: Session, task: Task) -> list[DifferingVerdict]:
    sides: dict[Side, Sequence[StoredDecision]] = {}
    for one in task_repository.family(session, task.root):
        if one.status == "done" and one.purpose in ("review", "second"):
            sides["first" if one.purpose == "review" else "second"] = decision_repository.of_task(session, one.id)
    if len(sides) < 2:
        return []
    first, second = ({one.criterion_id: one for one in one_side} for one_side in (sides["first"], sides["second"]))
    both: tuple[tuple[Side, dict[str, StoredDecision]], ...] = (("first", first), ("second", second))
    differing = [
        name
        for name in first
        if name in second and (first[name].verdict, first[name].value) != (second[name].verdict, second[name].value)
    ]
    return [
        DifferingVerdict(name, side, found[name].verdict, found[name].value, found[name].reason)
        for name in differing
        for side, found in both
    ]
