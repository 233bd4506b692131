"""Review tasks: found, taken, assigned, given back, passed over. Nobody works on both sides of a blind pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlmodel import Session

from service.accounts.actor import Actor, require
from service.accounts.roles import Permission, allows
from service.audit.log import record
from service.core.errors import (
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    PersonNeededError,
    WorkConflictError,
)
from service.people.persons import PersonInfo, find_person
from service.qa.repository import appeals as appeal_repository
from service.qa.repository import sampling as sampling_repository
from service.qa.repository import tasks as task_repository
from service.qa.repository.sampling import Candidate
from service.qa.repository.tasks import UNFINISHED, Task, TaskFilter
from service.scoring.history import current_score

_AGAIN = 5  # tries of taking a task that somebody else was quicker with

# What may be done in which status, and how that is called.
_FROM: Mapping[str, tuple[tuple[str, ...], str, str]] = {
    "take": (("open",), "领取", "taken"),
    "assign": (("open", "taken"), "分派", "assigned"),
    "release": (("taken",), "退回", "given back"),
    "skip": (("open", "taken"), "跳过", "skipped"),
    "submit": (("taken",), "提交", "submitted"),
}
_STATUS = {
    "open": ("待领取", "open"),
    "taken": ("进行中", "taken"),
    "done": ("已完成", "done"),
    "skipped": ("已跳过", "skipped"),
}


@dataclass(frozen=True, slots=True)
class TaskPage:
    """Some tasks, by id; ``next_cursor`` continues, and is ``None`` on the last page."""

    items: Sequence[Task]
    next_cursor: int | None


def list_tasks(
    session: Session, actor: Actor, wanted: TaskFilter, *, limit: int = 50, after: int | None = None
) -> TaskPage:
    """Return tasks; who works on the other side of an unfinished blind pair is not told to those who review.

    Asked for somebody's tasks, those whose assignee may not be told are left out.
    """
    found = task_repository.page(session, wanted, limit, after)
    shown = shown_to(session, actor, found)
    if wanted.assignee is not None:
        shown = [task for task in shown if task.assignee is not None]
    return TaskPage(shown, found[-1].id if len(found) == limit else None)


def get_task(session: Session, actor: Actor, task_id: int) -> Task:
    """Return a task as the actor may see it.

    Raises:
        NotFoundError: There is none of that id.
    """
    task = task_repository.find(session, task_id) if task_id < 2**63 else None
    if task is None:
        raise _not_found(task_id)
    return shown_to(session, actor, [task])[0]


def add_manual(session: Session, actor: Actor, conversation_id: str, now: datetime | None = None) -> Task:
    """Make a review task for the current score of a conversation by hand.

    Raises:
        NotFoundError: There is no such conversation.
        WorkConflictError: It has no score, or an unfinished review.
    """
    score = current_score(session, conversation_id)
    if score is None:
        raise WorkConflictError(f"{conversation_id!r} has no score yet", f"{conversation_id!r} 尚无评分")
    sampling_repository.lock(session)
    unfinished = TaskFilter(conversation_id=conversation_id, purpose="review")
    if any(task.status in UNFINISHED for task in task_repository.page(session, unfinished, 1000, None)):
        raise WorkConflictError(
            f"{conversation_id!r} is being reviewed already", f"{conversation_id!r} 已有未完成的复核任务"
        )
    moment = now or datetime.now(UTC)
    one = Candidate(conversation_id, score.revision, None, moment, score.id, None, False, None, ())
    task_id = sampling_repository.add_task(session, one, "review", actor.label, moment)
    sampling_repository.add_reasons(session, task_id, {"manual": None}, None, moment)
    record(session, actor, "review.add", "review_task", task_id)
    return get_task(session, actor, task_id)


def take_next(
    session: Session, actor: Actor, *, queue: str | None = None, purpose: str | None = None, now: datetime | None = None
) -> Task | None:
    """Take the next open task that the actor may do, ``None`` if there is none. No two get the same."""
    person = _person(session, actor)
    queues = [queue] if queue is not None else list(person.queues)
    passed_over: list[int] = []
    for _ in range(_AGAIN):
        task = task_repository.lock_next(session, person.id, person.agent_id, queues, purpose, passed_over)
        if task is None:
            return None
        # What was seen before the lock was held may have changed since.
        if task.status == "open" and _obstacle(session, task, person) is None:
            return _give(session, actor, task, person.id, "review.take", now)
        passed_over.append(task.id)
    return None


def take(session: Session, actor: Actor, task_id: int, now: datetime | None = None) -> Task:
    """Take one task; taking what one has changes nothing.

    Raises:
        NotFoundError: There is none of that id.
        WorkConflictError: It is not open, or the actor may not do it.
    """
    person = _person(session, actor)
    task = locked(session, task_id)
    if task.status == "taken" and task.assignee == person.id:
        return task
    require_state(task, "take")
    _refuse(_obstacle(session, task, person))
    return _give(session, actor, task, person.id, "review.take", now)


def assign(session: Session, actor: Actor, task_id: int, person_id: str, now: datetime | None = None) -> Task:
    """Give a task to a person, also one that somebody else has.

    Raises:
        NotFoundError: There is no such task or person.
        InvalidRequestError: The person does not review.
        WorkConflictError: It is finished, or the person may not do it.
    """
    person = find_person(session, person_id)
    if not person.active or not allows(person.role, "reviews:write"):
        raise InvalidRequestError(f"{person_id} does not review", f"{person_id} 不是复核人员", location="person")
    task = locked(session, task_id)
    require_state(task, "assign")
    _refuse(_obstacle(session, task, person))
    return _give(session, actor, task, person.id, "review.assign", now)


def release(session: Session, actor: Actor, task_id: int) -> Task:
    """Give a task back, one's own or, for those who assign, anybody's.

    Raises:
        NotFoundError: There is none of that id.
        WorkConflictError: Nobody has it, or somebody else has.
    """
    task = locked(session, task_id)
    require_state(task, "release")
    _own(actor, task)
    task_repository.set_state(session, task.id, status="open", assignee=None, taken_at=None)
    record(session, actor, "review.release", "review_task", task.id)
    return get_task(session, actor, task.id)


def skip(session: Session, actor: Actor, task_id: int, reason: str, now: datetime | None = None) -> Task:
    """Close a task without a verdict.

    Raises:
        NotFoundError: There is none of that id.
        WorkConflictError: It is finished, or somebody else has it.
    """
    task = locked(session, task_id)
    require_state(task, "skip")
    _own(actor, task)
    values = {"status": "skipped", "skip_reason": reason, "done_at": now or datetime.now(UTC)}
    task_repository.set_state(session, task.id, **values)
    record(session, actor, "review.skip", "review_task", task.id)
    return get_task(session, actor, task.id)


def locked(session: Session, task_id: int) -> Task:
    """Return a task that nobody else changes until this transaction is over.

    Raises:
        NotFoundError: There is none of that id.
    """
    task = task_repository.lock(session, task_id) if task_id < 2**63 else None
    if task is None:
        raise _not_found(task_id)
    return task


def require_state(task: Task, action: str) -> None:
    """Let pass or refuse.

    Raises:
        WorkConflictError: In its status this cannot be done.
    """
    allowed, zh, en = _FROM[action]
    if task.status not in allowed:
        now_zh, now_en = _STATUS[task.status]
        raise WorkConflictError(
            f"task {task.id} is {now_en} and cannot be {en}",
            f"任务 {task.id} {now_zh}，不能{zh}",
            location=str(task.id),
        )


def require_person(actor: Actor) -> str:
    """Return the person's id: what is judged has to be somebody's.

    Raises:
        PersonNeededError: The key is a system's.
    """
    if actor.person_id is None:
        raise PersonNeededError(
            "this needs a key that belongs to a person",
            "此操作需要属于某个人员的密钥",
            hint="attune people add …, then attune keys create … --person ID",
        )
    return actor.person_id


def shown_to(session: Session, actor: Actor, tasks: Sequence[Task]) -> list[Task]:
    """Return the tasks without the assignee where the actor may come to judge the same score blind."""
    others = [task for task in tasks if task.assignee not in (None, actor.person_id)]
    if not others or not may_judge(actor):
        return list(tasks)
    families = task_repository.families(session, {task.root for task in others})
    appealed = appeal_repository.under_appeal(session, {task.score_id for task in others})
    hidden = {task.id for task in others if task.score_id in appealed or is_blind(families[task.root])}
    return [replace(task, assignee=None) if task.id in hidden else task for task in tasks]


def may_judge(actor: Actor) -> bool:
    """Tell whether the actor could be given reviews or appeals."""
    return actor.role != "cli" and (_may(actor, "reviews:write") or _may(actor, "appeals:decide"))


def is_blind(family: Sequence[Task]) -> bool:
    """Tell whether a pair has a side that is not finished, or waits for whoever decides between the two.

    That third person is shown both verdicts, but not whose they are.
    """
    return len(family) > 1 and any(task.status in UNFINISHED for task in family)


def _person(session: Session, actor: Actor) -> PersonInfo:
    return find_person(session, require_person(actor))


def _obstacle(session: Session, task: Task, person: PersonInfo) -> tuple[str, str] | None:
    if person.agent_id is not None and person.agent_id == task.agent_id:
        return f"{person.id} 不能复核自己的会话", f"{person.id} cannot review their own conversation"
    family = task_repository.family(session, task.root)
    if any(other.assignee == person.id for other in family if other.id != task.id):
        return (
            "同一会话的另一次复核由同一人负责，须由他人独立完成",
            "the other review of the same pair is theirs: it takes two people",
        )
    in_pair = len(family) > 1 and task.purpose != "adjudication"
    if in_pair and task_repository.has_seen(session, task.score_id, person.id):
        return (
            f"{person.id} 已看过他人的判定，不能再独立复核",
            f"{person.id} has seen the other verdict and cannot judge blind",
        )
    return None


def _refuse(obstacle: tuple[str, str] | None) -> None:
    if obstacle is not None:
        raise WorkConflictError(obstacle[1], obstacle[0])


def _may(actor: Actor, wanted: Permission) -> bool:
    try:
        require(actor, wanted)
    except ForbiddenError:
        return False
    return True


def _own(actor: Actor, task: Task) -> None:
    if task.assignee in (None, actor.person_id) or _may(actor, "reviews:assign"):
        return
    raise WorkConflictError(f"task {task.id} is not yours", f"任务 {task.id} 不由你负责", location=str(task.id))


def _give(session: Session, actor: Actor, task: Task, person: str, action: str, now: datetime | None) -> Task:
    taken_at = now or datetime.now(UTC)
    task_repository.set_state(session, task.id, status="taken", assignee=person, taken_at=taken_at)
    record(session, actor, action, "review_task", task.id)
    return get_task(session, actor, task.id)


def _not_found(task_id: int) -> NotFoundError:
    return NotFoundError(f"no review task {task_id}", f"没有复核任务 {task_id}", location=str(task_id))
