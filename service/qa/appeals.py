"""Appeals (申诉): the agent contests a criterion, and somebody else judges it without knowing what was said first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session

from models.domain.decision import Decision
from service.accounts.actor import Actor
from service.accounts.roles import allows
from service.audit.log import record, record_read
from service.core.errors import InvalidRequestError, NotFoundError, WorkConflictError
from service.people.persons import PersonInfo, find_person
from service.qa.answers import require_answer
from service.qa.criteria import criteria_of
from service.qa.decisions import RANK
from service.qa.provenance import find_score
from service.qa.repository import appeals as repository
from service.qa.repository import decisions as decision_repository
from service.qa.repository import tasks as task_repository
from service.qa.repository.appeals import StoredAppeal
from service.qa.repository.decisions import StoredDecision
from service.qa.review import Judgement, new_decision
from service.qa.tasks import require_person
from service.qa.working_days import deadline
from service.scoring import repository as scores

WINDOW_DAYS = 5  # working days in which an agent may appeal, from the score or the last decision on the criterion
DECIDE_DAYS = 3  # working days in which an appeal is decided

_FROM: Mapping[str, tuple[tuple[str, ...], str, str]] = {
    "assign": (("open", "assigned"), "分派", "assigned"),
    "take": (("open",), "受理", "taken"),
    "release": (("assigned",), "退回", "given back"),
    "decide": (("assigned",), "裁定", "decided"),
    "withdraw": (("open", "assigned"), "撤回", "withdrawn"),
}
_STATUS = {
    "open": ("待受理", "open"),
    "assigned": ("处理中", "assigned"),
    "upheld": ("已成立", "upheld"),
    "partly": ("部分成立", "partly upheld"),
    "rejected": ("已驳回", "rejected"),
    "withdrawn": ("已撤回", "withdrawn"),
    "expired": ("已过期", "expired"),
}
_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class AppealView:
    """An appeal as it is given out.

    Attributes:
        id: Its number.
        score_id: The score it is about.
        conversation_id: Whose.
        criterion_id: The criterion.
        comment: Why the agent does not accept it.
        quoted_turns: Zero-based indexes of the turns the agent points to.
        opened_by: Who.
        opened_at: When.
        due_at: Until when it has to be decided.
        due_note: What to know of the deadline, in Chinese.
        due_note_en: The same in English.
        status: ``open``, ``assigned``, ``upheld``, ``partly``, ``rejected``, ``withdrawn`` or ``expired``.
        assignee: Who decides; not told to agents.
        closed_at: When it ended.
        outcome_verdict: What was decided.
        outcome_value: The same where it is a value.
        outcome_reason: Why.
    """

    id: int
    score_id: int
    conversation_id: str
    criterion_id: str
    comment: str
    quoted_turns: Sequence[int]
    opened_by: str
    opened_at: datetime
    due_at: datetime
    due_note: str | None
    due_note_en: str | None
    status: str
    assignee: str | None
    closed_at: datetime | None
    outcome_verdict: str | None
    outcome_value: float | None
    outcome_reason: str | None


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


@dataclass(frozen=True, slots=True)
class AppealPage:
    """Some appeals, by id; ``next_cursor`` continues, and is ``None`` on the last page."""

    items: Sequence[AppealView]
    next_cursor: int | None


def open_appeal(
    session: Session,
    actor: Actor,
    score_id: int,
    criterion_id: str,
    comment: str,
    quoted_turns: Sequence[int],
    now: datetime | None = None,
) -> AppealView:
    """Contest what stands for one criterion of a score.

    Raises:
        NotFoundError: There is no such score, or it is another agent's.
        InvalidRequestError: The criterion or a turn does not exist, nothing was lost by it, or the comment is empty.
        WorkConflictError: The time to appeal is over, it is contested already, or an appeal was decided.
    """
    moment = now or datetime.now(UTC)
    score = find_score(session, score_id, only_agent=actor.only_agent)
    machine = criteria_of(score.bundle).get(criterion_id)
    if machine is None:
        raise InvalidRequestError(
            f"the score has no criterion {criterion_id!r}",
            f"该评分没有评分项 {criterion_id!r}",
            location="criterion_id",
        )
    if not comment.strip():
        raise InvalidRequestError("an appeal needs a comment", "申诉须写明理由", location="comment")
    document = scores.document_of(session, score.conversation_id, score.revision) or {}
    wrong = sorted({turn for turn in quoted_turns if not 0 <= turn < len(document.get("turns", ()))})
    if wrong:
        raise InvalidRequestError(f"there are no turns {wrong}", f"没有第 {wrong} 条消息", location="quoted_turns")
    standing = _standing(session, score.id, criterion_id)
    contested = (
        _spelled(standing.verdict, standing.value) if standing else machine.verdict or _spelled(None, machine.value)
    )
    if _share(contested) in (None, 1.0):
        raise InvalidRequestError(
            f"{criterion_id} costs nothing: there is nothing to appeal",
            f"{criterion_id} 未被扣分，无须申诉",
            location="criterion_id",
        )
    before = repository.of_criterion(session, score.id, criterion_id)
    if any(one.status in repository.UNFINISHED for one in before):
        raise WorkConflictError("this criterion is under appeal already", "该评分项已有申诉在处理中")
    if any(one.status in ("upheld", "partly", "rejected") for one in before):
        raise WorkConflictError(
            "an appeal on this criterion was decided already", "该评分项的申诉已有结论，不能再次申诉"
        )
    ends = deadline(standing.created_at if standing else score.created_at, WINDOW_DAYS)
    if moment >= ends.at:
        raise WorkConflictError(
            f"the time to appeal ended on {ends.at:%Y-%m-%d %H:%M} UTC",
            f"申诉期已于 {ends.at:%Y-%m-%d %H:%M}（UTC）结束",
        )
    appeal_id = repository.add(
        session,
        score_id=score.id,
        conversation_id=score.conversation_id,
        criterion_id=criterion_id,
        opened_by=actor.label,
        comment=comment.strip(),
        quoted_turns=sorted(set(quoted_turns)),
        contested=contested,
        contested_by=standing.by if standing else None,
        opened_at=moment,
        due_at=deadline(moment, DECIDE_DAYS).at,
        status="open",
    )
    record(session, actor, "appeal.open", "appeal", appeal_id)
    return get_appeal(session, actor, appeal_id)


def list_appeals(
    session: Session, actor: Actor, *, status: str | None = None, limit: int = 50, after: int | None = None
) -> AppealPage:
    """Return appeals, for agents those on their own conversations."""
    found = repository.page(session, status=status, only_agent=actor.only_agent, limit=limit, after=after)
    return AppealPage([_view(one, actor) for one in found], found[-1].id if len(found) == limit else None)


def get_appeal(session: Session, actor: Actor, appeal_id: int) -> AppealView:
    """Return an appeal.

    Raises:
        NotFoundError: There is none of that id, or it is another agent's.
    """
    return _view(_find(session, actor, appeal_id), actor)


def appeal_sheet(session: Session, actor: Actor, appeal_id: int) -> AppealSheet:
    """Return what is needed to decide an appeal.

    Raises:
        NotFoundError: There is none of that id, or it is another agent's.
    """
    found = _find(session, actor, appeal_id)
    score = find_score(session, found.score_id)
    document = scores.document_of(session, score.conversation_id, score.revision) or {}
    record_read(session, actor, "appeal.read", "appeal", found.id)
    source = criteria_of(score.bundle)[found.criterion_id].source
    return AppealSheet(_view(found, actor), document, source)


def take_appeal(session: Session, actor: Actor, appeal_id: int, now: datetime | None = None) -> AppealView:
    """Take an appeal to decide it; taking what one has changes nothing.

    Raises:
        NotFoundError: There is none of that id.
        WorkConflictError: It is not open, or the actor may not decide it.
    """
    person = require_person(actor)
    found = _locked(session, actor, appeal_id, now)
    if found.status == "assigned" and found.assignee == person:
        return _view(found, actor)
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
    return _give(session, actor, _locked(session, actor, appeal_id, now), person, "assign", now)


def release_appeal(session: Session, actor: Actor, appeal_id: int, now: datetime | None = None) -> AppealView:
    """Give one's appeal back.

    Raises:
        NotFoundError: There is none of that id.
        WorkConflictError: It is not the actor's.
    """
    found = _locked(session, actor, appeal_id, now)
    _require_state(found, "release")
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
    found = _locked(session, actor, appeal_id, now)
    if not (judgement.reason or "").strip():
        raise InvalidRequestError("a decision on an appeal needs a reason", "申诉裁定须写明理由", location="reason")
    said = _spelled(judgement.verdict, judgement.value)
    reason = (judgement.reason or "").strip()
    same = found.outcome_reason == reason and _spelled(found.outcome_verdict, found.outcome_value) == said
    if found.status in ("upheld", "partly", "rejected") and found.assignee == person and same:
        return _view(found, actor)
    _require_state(found, "decide")
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


def withdraw_appeal(session: Session, actor: Actor, appeal_id: int, now: datetime | None = None) -> AppealView:
    """Take back one's appeal.

    Raises:
        NotFoundError: There is none of that id.
        WorkConflictError: It is closed, or somebody else opened it.
    """
    found = _locked(session, actor, appeal_id, now)
    _require_state(found, "withdraw")
    if found.opened_by != actor.label:
        raise WorkConflictError("only who opened an appeal withdraws it", "只有申诉人本人可以撤回申诉")
    repository.set_state(session, found.id, status="withdrawn", closed_at=now or datetime.now(UTC))
    record(session, actor, "appeal.withdraw", "appeal", found.id)
    return get_appeal(session, actor, found.id)


def expire_appeals(session: Session, actor: Actor, now: datetime | None = None) -> list[int]:
    """Close the appeals that were not decided in time, and return their ids: what stood stays. For a regular job."""
    expired = repository.expire(session, now or datetime.now(UTC))
    for appeal_id in expired:
        record(session, actor, "appeal.expire", "appeal", appeal_id)
    return expired


def outcome(contested: str, decided: str) -> str:
    """Return what a decision makes of an appeal against ``contested``: ``upheld``, ``partly`` or ``rejected``."""
    before, after = _share(contested), _share(decided)
    if after is None or after >= 1 - _SAME:
        return "upheld"
    return "partly" if before is not None and after > before + _SAME else "rejected"


def _give(
    session: Session, actor: Actor, found: StoredAppeal, person: PersonInfo, action: str, now: datetime | None
) -> AppealView:
    _require_state(found, action)
    if person.agent_id is not None and person.agent_id == found.agent_id:
        raise WorkConflictError(f"it is about {person.id} themselves", f"该申诉涉及 {person.id} 本人的会话")
    judged = {one.by for one in decision_repository.of_score(session, found.score_id)}
    judged |= {task.assignee for task in task_repository.of_score(session, found.score_id) if task.status == "taken"}
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


def _standing(session: Session, score_id: int, criterion_id: str) -> StoredDecision | None:
    several = [
        one
        for one in decision_repository.of_score(session, score_id)
        if one.criterion_id == criterion_id and one.kind in RANK
    ]
    return max(several, key=lambda one: (RANK[one.kind], one.id), default=None)


def _spelled(verdict: str | None, value: float | None) -> str:
    return verdict or ("na" if value is None else repr(float(value)))


def _share(spelled: str) -> float | None:
    if spelled in ("pass", "fail", "na", "no_evidence", "abstain"):
        return {"pass": 1.0, "fail": 0.0}.get(spelled)
    return Decision(value=float(spelled)).share


def _find(session: Session, actor: Actor, appeal_id: int, *, lock: bool = False) -> StoredAppeal:
    found = repository.find(session, appeal_id, lock=lock) if appeal_id < 2**63 else None
    if found is None or actor.only_agent not in (None, found.agent_id):
        raise NotFoundError(f"no appeal {appeal_id}", f"没有申诉 {appeal_id}", location=str(appeal_id))
    return found


def _locked(session: Session, actor: Actor, appeal_id: int, now: datetime | None) -> StoredAppeal:
    """Return an appeal that nobody else changes; one whose deadline has passed cannot be worked on."""
    found = _find(session, actor, appeal_id, lock=True)
    if found.status in repository.UNFINISHED and found.due_at <= (now or datetime.now(UTC)):
        raise WorkConflictError(
            f"the deadline of appeal {found.id} has passed", f"申诉 {found.id} 已过处理期限", location=str(found.id)
        )
    return found


def _require_state(found: StoredAppeal, action: str) -> None:
    allowed, zh, en = _FROM[action]
    if found.status not in allowed:
        now_zh, now_en = _STATUS[found.status]
        raise WorkConflictError(
            f"appeal {found.id} is {now_en} and cannot be {en}",
            f"申诉 {found.id} {now_zh}，不能{zh}",
            location=str(found.id),
        )


def _require_own(found: StoredAppeal, actor: Actor) -> None:
    if found.assignee is None or found.assignee != actor.person_id:
        raise WorkConflictError(
            f"appeal {found.id} is not yours", f"申诉 {found.id} 不由你负责", location=str(found.id)
        )


def _view(found: StoredAppeal, actor: Actor) -> AppealView:
    note = deadline(found.opened_at, DECIDE_DAYS).note
    return AppealView(
        id=found.id,
        score_id=found.score_id,
        conversation_id=found.conversation_id,
        criterion_id=found.criterion_id,
        comment=found.comment,
        quoted_turns=found.quoted_turns,
        opened_by=found.opened_by,
        opened_at=found.opened_at,
        due_at=found.due_at,
        due_note=note[0] if note else None,
        due_note_en=note[1] if note else None,
        status=found.status,
        assignee=None if actor.only_agent is not None else found.assignee,
        closed_at=found.closed_at,
        outcome_verdict=found.outcome_verdict,
        outcome_value=found.outcome_value,
        outcome_reason=found.outcome_reason,
    )
