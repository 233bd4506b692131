"""Appeals (申诉), the agent's side: contesting a criterion within the window, and withdrawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import Session

from service.accounts.actor import Actor
from service.audit.log import record
from service.core.errors import InvalidRequestError, WorkConflictError
from service.core.settings import QaSettings
from service.qa.appeal_state import AppealView, get_appeal, locked_appeal, require_state, share_of, spelled, view_of
from service.qa.criteria import criteria_of
from service.qa.decisions import RANK
from service.qa.levels import levels_of
from service.qa.provenance import find_score
from service.qa.repository import appeals as repository
from service.qa.repository import decisions as decision_repository
from service.qa.repository.decisions import StoredDecision
from service.qa.working_days import deadline
from service.scoring import repository as scores


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
    rules: QaSettings,
    now: datetime | None = None,
) -> AppealView:
    """Contest what stands for one criterion of a score.

    The window runs from the score, or from the last decision on the criterion.

    Raises:
        NotFoundError: There is no such score, or it is another agent's.
        InvalidRequestError: The criterion or a turn does not exist, nothing was lost by it, or the comment is empty.
        WorkConflictError: The time to appeal is over, it is contested already, or an appeal was decided.
    """
    moment = now or datetime.now(UTC)
    score = find_score(session, score_id, only_agent=actor.only_agent)
    repository.lock_score(session, score.id)
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
        spelled(standing.verdict, standing.value) if standing else machine.verdict or spelled(None, machine.value)
    )
    waits = standing is None and levels_of(session, score)[criterion_id] == "human"
    if waits or share_of(contested) in (None, 1.0):
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
    ends = deadline(standing.created_at if standing else score.created_at, rules.appeal_window_days)
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
        due_at=deadline(moment, rules.appeal_decide_days).at,
        status="open",
    )
    record(session, actor, "appeal.open", "appeal", appeal_id)
    return get_appeal(session, actor, appeal_id)


def list_appeals(
    session: Session, actor: Actor, *, status: str | None = None, limit: int = 50, after: int | None = None
) -> AppealPage:
    """Return appeals, for agents those on their own conversations."""
    found = repository.page(session, status=status, only_agent=actor.only_agent, limit=limit, after=after)
    return AppealPage([view_of(one, actor) for one in found], found[-1].id if len(found) == limit else None)


def withdraw_appeal(session: Session, actor: Actor, appeal_id: int, now: datetime | None = None) -> AppealView:
    """Take back one's appeal.

    Raises:
        NotFoundError: There is none of that id.
        WorkConflictError: It is closed, or somebody else opened it.
    """
    found = locked_appeal(session, actor, appeal_id, now)
    require_state(found, "withdraw")
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


def _standing(session: Session, score_id: int, criterion_id: str) -> StoredDecision | None:
    several = [
        one
        for one in decision_repository.of_score(session, score_id)
        if one.criterion_id == criterion_id and one.kind in RANK and one.applies
    ]
    return max(several, key=lambda one: (RANK[one.kind], one.id), default=None)
