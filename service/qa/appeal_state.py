"""An appeal as it is given out, found, and guarded: what may be done with it in which status, and by whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import Session

from models.domain.decision import Decision
from service.accounts.actor import Actor
from service.core.errors import NotFoundError, WorkConflictError
from service.qa.repository import appeals as repository
from service.qa.repository.appeals import StoredAppeal
from service.qa.working_days import Deadline, holidays_known

_FROM: Mapping[str, tuple[tuple[str, ...], str, str]] = {
    "assign": (("open", "assigned"), "分派", "assigned"),
    "take": (("open",), "受理", "taken"),
    "release": (("assigned",), "退回", "given back"),
    "decide": (("assigned",), "裁定", "decided"),
    "withdraw": (("open", "assigned"), "撤回", "withdrawn"),
}
_STATUS: Mapping[str, tuple[str, str]] = {
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


def get_appeal(session: Session, actor: Actor, appeal_id: int) -> AppealView:
    """Return an appeal.

    Raises:
        NotFoundError: There is none of that id, or it is another agent's.
    """
    return view_of(find_appeal(session, actor, appeal_id), actor)


def find_appeal(session: Session, actor: Actor, appeal_id: int, *, lock: bool = False) -> StoredAppeal:
    """Return an appeal as stored.

    Raises:
        NotFoundError: There is none of that id, or it is another agent's.
    """
    found = repository.find(session, appeal_id, lock=lock) if appeal_id < 2**63 else None
    if found is None or actor.only_agent not in (None, found.agent_id):
        raise NotFoundError(f"no appeal {appeal_id}", f"没有申诉 {appeal_id}", location=str(appeal_id))
    return found


def locked_appeal(session: Session, actor: Actor, appeal_id: int, now: datetime | None) -> StoredAppeal:
    """Return an appeal that nobody else changes until this transaction is over.

    Raises:
        NotFoundError: There is none of that id, or it is another agent's.
        WorkConflictError: Its deadline has passed.
    """
    found = find_appeal(session, actor, appeal_id, lock=True)
    if found.status in repository.UNFINISHED and found.due_at <= (now or datetime.now(UTC)):
        raise WorkConflictError(
            f"the deadline of appeal {found.id} has passed", f"申诉 {found.id} 已过处理期限", location=str(found.id)
        )
    return found


def require_state(found: StoredAppeal, action: str) -> None:
    """Let pass or refuse.

    Raises:
        WorkConflictError: In its status this cannot be done.
    """
    allowed, zh, en = _FROM[action]
    if found.status not in allowed:
        now_zh, now_en = _STATUS[found.status]
        raise WorkConflictError(
            f"appeal {found.id} is {now_en} and cannot be {en}",
            f"申诉 {found.id} {now_zh}，不能{zh}",
            location=str(found.id),
        )


def view_of(found: StoredAppeal, actor: Actor) -> AppealView:
    """Return an appeal as the actor may see it."""
    note = Deadline(found.due_at, holidays_known(found.opened_at, found.due_at)).note
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


def outcome(contested: str, decided: str) -> str:
    """Return what a decision makes of an appeal against ``contested``: ``upheld``, ``partly`` or ``rejected``."""
    before, after = share_of(contested), share_of(decided)
    if after is None or after >= 1 - _SAME:
        return "upheld"
    return "partly" if before is not None and after > before + _SAME else "rejected"


def spelled(verdict: str | None, value: float | None) -> str:
    """Return a verdict or value as appeals keep it."""
    return verdict or ("na" if value is None else repr(float(value)))


def share_of(word: str) -> float | None:
    """Return what a spelled verdict or value earns, 0…1; ``None`` where it does not count."""
    if word in ("pass", "fail", "na", "no_evidence", "abstain"):
        return {"pass": 1.0, "fail": 0.0}.get(word)
    return Decision(value=float(word)).share
