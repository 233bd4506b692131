"""Calibration: several reviewers mark the same scores without seeing each other; then it is told how they agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session

from models.domain.decision import DecidedVerdict
from models.statistics import Mark, agreement_by_criterion
from service.accounts.actor import Actor
from service.accounts.roles import allows
from service.audit.log import record, record_read
from service.core.errors import InvalidRequestError, NotFoundError, WorkConflictError
from service.people.persons import find_person
from service.qa.criteria import criteria_of
from service.qa.provenance import find_score
from service.qa.repository import calibration as repository
from service.qa.repository import decisions as decision_repository
from service.qa.repository import figures as figures_repository
from service.qa.repository.calibration import StoredMark, StoredSession
from service.qa.review import Judgement, new_decision
from service.qa.tasks import may_judge, require_person
from service.scoring import repository as scores


@dataclass(frozen=True, slots=True)
class SessionView:
    """A calibration session as it is given out.

    Attributes:
        id: Its number.
        title: For people to read.
        criteria: Ids of the criteria that are marked.
        score_ids: The scores that are marked.
        reviewers: Who marks them.
        decides: Whether the consensus counts in the effective scores.
        due_at: Until when.
        status: ``open`` or ``closed``.
        created_by: Who set it up.
        created_at: When.
        closed_at: When it was closed.
        expected: Marks that each reviewer is to give.
        given: Marks given so far, by reviewer.
        own: The actor's own marks.
        report: Agreement per criterion, once it is closed; without the consensus on scores under appeal or in a blind
            review, for those who might be asked to judge them.
    """

    id: int
    title: str
    criteria: Sequence[str]
    score_ids: Sequence[int]
    reviewers: Sequence[str]
    decides: bool
    due_at: datetime | None
    status: str
    created_by: str
    created_at: datetime
    closed_at: datetime | None
    expected: int
    given: Mapping[str, int]
    own: Sequence[StoredMark]
    report: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class NewMark:
    """What a reviewer says of one criterion of one score."""

    score_id: int
    criterion_id: str
    verdict: DecidedVerdict
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class MarkSheet:
    """One score to be marked: the conversation and what to mark, not what the machine or anybody said."""

    score_id: int
    conversation_id: str
    document: Mapping[str, Any]
    criteria: Sequence[str]


@dataclass(frozen=True, slots=True)
class SessionPage:
    """Some sessions, by id; ``next_cursor`` continues, and is ``None`` on the last page."""

    items: Sequence[SessionView]
    next_cursor: int | None


def open_session(
    session: Session,
    actor: Actor,
    *,
    title: str,
    criteria: Sequence[str],
    score_ids: Sequence[int],
    reviewers: Sequence[str],
    decides: bool = False,
    due_at: datetime | None = None,
    now: datetime | None = None,
) -> SessionView:
    """Set up a session.

    Raises:
        NotFoundError: There is no such score or person.
        InvalidRequestError: Fewer than two reviewers, somebody who does not review, or a criterion no score has.
    """
    people = list(dict.fromkeys(reviewers))
    if len(people) < 2:
        raise InvalidRequestError("a session needs two reviewers", "校准至少需要两名评审", location="reviewers")
    for name in people:
        found = find_person(session, name)
        if not found.active or not allows(found.role, "reviews:write"):
            raise InvalidRequestError(f"{name} does not review", f"{name} 不是复核人员", location="reviewers")
    known = {score_id: set(criteria_of(find_score(session, score_id).bundle)) for score_id in score_ids}
    for criterion in criteria:
        if not any(criterion in names for names in known.values()):
            raise InvalidRequestError(
                f"no score has the criterion {criterion!r}", f"没有评分含评分项 {criterion!r}", location="criteria"
            )
    session_id = repository.add_session(
        session,
        title=title.strip(),
        criteria=list(dict.fromkeys(criteria)),
        score_ids=list(known),
        reviewers=people,
        decides=decides,
        due_at=due_at,
        created_by=actor.label,
        created_at=now or datetime.now(UTC),
        status="open",
    )
    record(session, actor, "calibration.open", "calibration_session", session_id)
    return get_session(session, actor, session_id)


def list_sessions(session: Session, actor: Actor, *, limit: int = 50, after: int | None = None) -> SessionPage:
    """Return sessions, by id; the consensus of each stands in ``get_session`` for those who judge."""
    found = repository.sessions(session, limit, after)
    return SessionPage(
        [_view(session, actor, one, listed=True) for one in found], found[-1].id if len(found) == limit else None
    )


def get_session(session: Session, actor: Actor, session_id: int) -> SessionView:
    """Return a session; while it is open nobody sees marks but their own.

    Raises:
        NotFoundError: There is none of that id.
    """
    return _view(session, actor, _find(session, session_id))


def mark_sheet(session: Session, actor: Actor, session_id: int, score_id: int) -> MarkSheet:
    """Return what a reviewer marks.

    Raises:
        NotFoundError: There is no such session, or it does not have that score.
    """
    found = _find(session, session_id)
    if score_id not in found.score_ids:
        raise NotFoundError(
            f"session {session_id} has no score {score_id}",
            f"校准 {session_id} 不含评分 {score_id}",
            location=str(score_id),
        )
    score = find_score(session, score_id)
    record_read(session, actor, "calibration.read", "calibration_session", session_id, {"score": score_id})
    document = scores.document_of(session, score.conversation_id, score.revision) or {}
    names = criteria_of(score.bundle)
    return MarkSheet(score_id, score.conversation_id, document, [one for one in found.criteria if one in names])


def add_marks(
    session: Session, actor: Actor, session_id: int, new: Sequence[NewMark], now: datetime | None = None
) -> SessionView:
    """Store a reviewer's marks. The same mark again changes nothing; another one in its place is refused.

    Raises:
        NotFoundError: There is no such session.
        WorkConflictError: It is closed, the actor is not one of its reviewers, or has marked otherwise before.
        InvalidRequestError: A score or criterion is none of the session's.
    """
    person = require_person(actor)
    found = _find(session, session_id, lock=True)
    _require_open(found)
    if person not in found.reviewers:
        raise WorkConflictError("you are not one of its reviewers", "你不是本次校准的评审")
    expected = _expected(session, found)
    before = {(one.score_id, one.criterion_id): one for one in repository.marks(session, session_id, person)}
    fresh: dict[tuple[int, str], StoredMark] = {}
    for one in new:
        key = (one.score_id, one.criterion_id)
        if key not in expected:
            raise InvalidRequestError(
                f"{one.criterion_id!r} of score {one.score_id} is not marked here",
                f"本次校准不含评分 {one.score_id} 的 {one.criterion_id!r}",
                location="marks",
            )
        given = before.get(key) or fresh.get(key)
        if given is not None and given.verdict != one.verdict:
            raise WorkConflictError(
                f"you marked {one.criterion_id!r} of score {one.score_id} otherwise before",
                f"你已对评分 {one.score_id} 的 {one.criterion_id!r} 作出其他判定",
            )
        if given is None:
            fresh[key] = StoredMark(one.score_id, one.criterion_id, person, one.verdict, one.comment)
    repository.add_marks(session, session_id, list(fresh.values()), now or datetime.now(UTC))
    record(session, actor, "calibration.mark", "calibration_session", session_id, {"marks": len(fresh)})
    return get_session(session, actor, session_id)


def close_session(session: Session, actor: Actor, session_id: int, now: datetime | None = None) -> SessionView:
    """Close a session and tell how its reviewers agree; where it decides, the consensus becomes decisions.

    Raises:
        NotFoundError: There is no such session.
        WorkConflictError: It is closed already, or nobody has marked anything.
    """
    found = _find(session, session_id, lock=True)
    _require_open(found)
    moment = now or datetime.now(UTC)
    given = repository.marks(session, session_id)
    if not given:
        raise WorkConflictError(f"nobody has marked anything in session {session_id}", f"校准 {session_id} 尚无评分")
    marks = [Mark(str(one.score_id), one.reviewer, one.criterion_id, one.verdict) for one in given]
    agreement = agreement_by_criterion(marks)
    report = {name: {**asdict(one), "outliers": list(one.outliers)} for name, one in agreement.items()}
    repository.close(session, session_id, actor.label, moment, report)
    if found.decides:
        for criterion, one in agreement.items():
            for unit, verdict in one.consensus.items():
                if verdict is not None:
                    _decide(session, actor, found, int(unit), criterion, verdict, moment)
    record(session, actor, "calibration.close", "calibration_session", session_id)
    return get_session(session, actor, session_id)


def _decide(
    session: Session, actor: Actor, found: StoredSession, score_id: int, criterion: str, verdict: Any, now: datetime
) -> None:
    score = find_score(session, score_id)
    judgement = Judgement(criterion, verdict=verdict)
    machine = criteria_of(score.bundle)[criterion]
    decision = new_decision(score, machine, judgement, "consensus", actor.label, now, session_id=found.id)
    decision_repository.append(session, [decision])


def _expected(session: Session, found: StoredSession) -> set[tuple[int, str]]:
    return {
        (score_id, criterion)
        for score_id, names in repository.criteria_ids(session, found.score_ids).items()
        for criterion in names.intersection(found.criteria)
    }


def _view(session: Session, actor: Actor, found: StoredSession, *, listed: bool = False) -> SessionView:
    given = repository.marks(session, found.id)
    return SessionView(
        id=found.id,
        title=found.title,
        criteria=found.criteria,
        score_ids=found.score_ids,
        reviewers=found.reviewers,
        decides=found.decides,
        due_at=found.due_at,
        status=found.status,
        created_by=found.created_by,
        created_at=found.created_at,
        closed_at=found.closed_at,
        expected=len(_expected(session, found)),
        given={name: sum(one.reviewer == name for one in given) for name in found.reviewers},
        own=[one for one in given if one.reviewer == actor.person_id],
        report=_report(session, actor, found, listed=listed),
    )


def _report(session: Session, actor: Actor, found: StoredSession, *, listed: bool) -> Mapping[str, Any] | None:
    """Return the report without the consensus on scores that the actor may come to judge blind; in lists without any.

    Who is shown the consensus on a score is remembered, and never judges it blind.
    """
    if found.report is None or not may_judge(actor):
        return found.report
    waiting = found.score_ids if listed else figures_repository.undecided_of(session, found.score_ids)
    hidden = {str(score_id) for score_id in waiting}
    if actor.person_id is not None:
        seen = [score_id for score_id in found.score_ids if str(score_id) not in hidden]
        decision_repository.note_views(session, seen, actor.person_id, datetime.now(UTC))
    return {
        criterion: {
            **one,
            "consensus": {unit: said for unit, said in one["consensus"].items() if unit not in hidden},
        }
        for criterion, one in found.report.items()
    }


def _find(session: Session, session_id: int, *, lock: bool = False) -> StoredSession:
    found = repository.find_session(session, session_id, lock=lock) if session_id < 2**63 else None
    if found is None:
        raise NotFoundError(f"no calibration session {session_id}", f"没有校准 {session_id}", location=str(session_id))
    return found


def _require_open(found: StoredSession) -> None:
    if found.status != "open":
        raise WorkConflictError(f"session {found.id} is closed", f"校准 {found.id} 已结束", location=str(found.id))
