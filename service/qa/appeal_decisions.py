"""Deciding appeals: given to somebody who neither judged the score nor knows the verdict, and judged anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session

from service.accounts.actor import Actor
from service.accounts.roles import allows
from service.audit.log import record, record_read
from service.core.errors import InvalidRequestError, WorkConflictError
from service.people.persons import PersonInfo, find_person
from service.qa.answers import require_answer
from service.qa.appeal_state import (
    AppealView,
    find_appeal,
    get_appeal,
    locked_appeal,
    outcome,
    require_state,
    spelled,
    view_of,
)
from service.qa.criteria import criteria_of
from service.qa.provenance import find_score
from service.qa.repository import appeals as repository
from service.qa.repository import calibration as calibration_repository
from service.qa.repository import decisions as decision_repository
from service.qa.repository import tasks as task_repository
from service.qa.repository.appeals import StoredAppeal
from service.qa.review import Judgement, new_decision
from service.qa.tasks import require_person
from service.scoring import repository as scores


@dataclass(frozen=True, slots=True)
class AppealSheet:
    """What whoever decides an appeal needs: the conversation and the criterion, not what was said of it before.

    Attributes:
        appeal: The appeal.
        document: The conversation's revision that was scored, masked.
        source: Where the criterion's value comes from, e.g. ``check:greeting``.
    """

    appeal: AppealView
    document: Mapping[str, Any]
    source: str


def appeal_sheet(session: Session, actor: Actor, appeal_id: int) -> AppealSheet:
    """Return what is needed to decide an appeal.

    Raises:
        NotFoundError: There is none of that id, or it is another agent's.
    """
    found = find_appeal(session, actor, appeal_id)
    score = find_score(session, found.score_id)
    document = scores.document_of(session, score.conversation_id, score.revision) or {}
    record_read(session, actor, "appeal.read", "appeal", found.id)
    source = criteria_of(score.bundle)[found.criterion_id].source
    return AppealSheet(view_of(found, actor), document, source)


def take_appeal(session: Session, actor: Actor, appeal_id: int, now: datetime | None = None) -> AppealView:
    """Take an appeal to decide it; taking what one has changes nothing.

    Raises:
        NotFoundError: There is none of that id.
        WorkConflictError: It is not open, or the actor may not decide it.
    """
    person = require_person(actor)
    found = locked_appeal(session, actor, appeal_id, now)
    if found.status == "assigned" and found.assignee == person:
        return view_of(found, actor)
    return _give(session, actor, found, find_person(session, person), "take", now)


def assign_appeal(
    session: Session, actor: Actor, appeal_id: int, person_id: str, now: datetime | None = None
) -> AppealView:
    """Give an appeal to a person, also one that somebody else has.

    Raises:
        NotFoundError: There is no such appeal or person.
        InvalidRequestError: The person does not decide appeals.
        WorkConflictError: It is closed, or the person may not decide it.
    """
    person = find_person(session, person_id)
    if not person.active or not allows(person.role, "appeals:decide"):
        raise InvalidRequestError(
            f"{person_id} does not decide appeals", f"{person_id} 不能裁定申诉", location="person"
        )
    return _give(session, actor, locked_appeal(session, actor, appeal_id, now), person, "assign", now)


def release_appeal(session: Session, actor: Actor, appeal_id: int, now: datetime | None = None) -> AppealView:
    """Give one's appeal back.

    Raises:
        NotFoundError: There is none of that id.
        WorkConflictError: It is not the actor's.
    """
    found = locked_appeal(session, actor, appeal_id, now)
    require_state(found, "release")
    _require_own(found, actor)
    repository.set_state(session, found.id, status="open", assignee=None, assigned_at=None)
    record(session, actor, "appeal.release", "appeal", found.id)
    return get_appeal(session, actor, found.id)


def decide_appeal(
    session: Session,
    actor: Actor,
    appeal_id: int,
    judgement: Judgement,
    now: datetime | None = None,
    *,
    own_rubric: str = "default",
) -> AppealView:
    """Judge the criterion anew. Whether that upholds the appeal follows from what stood; the agent never loses by it.

    ``upheld``: the criterion costs nothing any more. ``partly``: it costs less. ``rejected``: the same or more, and
    what stood stays.

    Raises:
        NotFoundError: There is none of that id.
        WorkConflictError: It is not the actor's.
        InvalidRequestError: The judgement does not fit the criterion, or has no reason.
    """
    person = require_person(actor)
    moment = now or datetime.now(UTC)
    found = locked_appeal(session, actor, appeal_id, now)
    if not (judgement.reason or "").strip():
        raise InvalidRequestError("a decision on an appeal needs a reason", "申诉裁定须写明理由", location="reason")
    said = spelled(judgement.verdict, judgement.value)
    reason = (judgement.reason or "").strip()
    same = found.outcome_reason == reason and spelled(found.outcome_verdict, found.outcome_value) == said
    if found.status in ("upheld", "partly", "rejected") and found.assignee == person and same:
        return view_of(found, actor)
    require_state(found, "decide")
    _require_own(found, actor)
    score = find_score(session, found.score_id)
    machine = criteria_of(score.bundle)[found.criterion_id]
    if judgement.criterion_id != found.criterion_id:
        raise InvalidRequestError(
            "the appeal is about another criterion", "申诉针对的是另一评分项", location="criterion_id"
        )
    require_answer(session, score, machine, judgement.verdict, judgement.value, own_rubric)
    decision = new_decision(score, machine, judgement, "appeal", person, moment, appeal_id=found.id)
    status = outcome(found.contested, said)
    if status != "rejected":
        decision_repository.append(session, [decision])
    repository.set_state(
        session,
        found.id,
        status=status,
        closed_at=moment,
        outcome_verdict=judgement.verdict,
        outcome_value=judgement.value,
        outcome_reason=reason,
    )
    record(session, actor, "appeal.decide", "appeal", found.id, {"status": status})
    return get_appeal(session, actor, found.id)


def _give(
    session: Session, actor: Actor, found: StoredAppeal, person: PersonInfo, action: str, now: datetime | None
) -> AppealView:
    require_state(found, action)
    if person.agent_id is not None and person.agent_id == found.agent_id:
        raise WorkConflictError(f"it is about {person.id} themselves", f"该申诉涉及 {person.id} 本人的会话")
    judged = {one.by for one in decision_repository.of_score(session, found.score_id)}
    judged |= {task.assignee for task in task_repository.of_score(session, found.score_id) if task.status == "taken"}
    judged |= calibration_repository.markers_of(session, found.score_id)
    if person.id in judged or person.id == found.opened_by:
        raise WorkConflictError(
            f"{person.id} judged or contested this score: somebody else decides",
            f"{person.id} 曾评判或申诉该评分，须由他人裁定",
        )
    if task_repository.has_seen(session, found.score_id, person.id):
        raise WorkConflictError(
            f"{person.id} has seen the first verdict and cannot judge blind", f"{person.id} 已看过原判定，不能独立裁定"
        )
    assigned_at = now or datetime.now(UTC)
    repository.set_state(session, found.id, status="assigned", assignee=person.id, assigned_at=assigned_at)
    record(session, actor, f"appeal.{action}", "appeal", found.id)
    return get_appeal(session, actor, found.id)


def _require_own(found: StoredAppeal, actor: Actor) -> None:
    if found.assignee is None or found.assignee != actor.person_id:
        raise WorkConflictError(
            f"appeal {found.id} is not yours", f"申诉 {found.id} 不由你负责", location=str(found.id)
        )
