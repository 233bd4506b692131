"""Appeals: opened by agents, decided blind by somebody who has not judged before."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from models.domain.decision import DecidedVerdict
from service.accounts.actor import Actor
from service.api.dependencies import AppSettings, OpenDatabase, permission
from service.api.parameters import BigId, PageQuery, PeriodQuery, Text
from service.api.problems import problem_responses
from service.audit.log import record, record_read
from service.qa import appeal_decisions, appeals
from service.qa.appeal_decisions import AppealSheet
from service.qa.appeal_state import AppealView
from service.qa.appeals import AppealPage
from service.qa.figures import ReversalReport, reversal_report
from service.qa.review import Judgement

router = APIRouter(prefix="/qa/appeals", tags=["qa"])

Reader = Annotated[Actor, permission("scores:read")]
Opener = Annotated[Actor, permission("appeals:open")]
Decider = Annotated[Actor, permission("appeals:decide")]
Assigner = Annotated[Actor, permission("reviews:assign")]
Words = Annotated[str, Field(min_length=1, max_length=4000, pattern=r"^[^\x00]+$")]
_CHANGED = problem_responses(400, 401, 403, 404, 409, 413, 422, 503)


class NewAppeal(BaseModel):
    """What is contested, and why."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"score_id": 1, "criterion_id": "script.greeting", "comment": "第 2 句已问候", "quoted_turns": [1]}
            ]
        },
    )

    score_id: int = Field(ge=1, le=2**63 - 1)
    criterion_id: Text
    comment: Words
    quoted_turns: list[Annotated[int, Field(ge=0, le=1_000_000)]] = Field(
        default=[], max_length=100, description="Zero-based indexes of the turns that show it"
    )


class AppealQuery(PageQuery):
    """Conditions on appeals."""

    status: Literal["open", "assigned", "upheld", "partly", "rejected", "withdrawn", "expired"] | None = None


class Assignee(BaseModel):
    """Who is to decide."""

    model_config = ConfigDict(extra="forbid")

    person: Text = Field(description="A person's id")


class AppealJudgement(BaseModel):
    """The criterion, judged anew: a verdict or a value."""

    model_config = ConfigDict(extra="forbid")

    criterion_id: Text
    verdict: DecidedVerdict | None = None
    value: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = None
    reason: Words


class ExpiredAppeals(BaseModel):
    """Appeals closed because their deadline has passed."""

    items: list[int]


@router.post("", status_code=201, summary="Appeal against a criterion", responses=_CHANGED)
def post_appeal(database: OpenDatabase, settings: AppSettings, actor: Opener, wanted: NewAppeal) -> AppealView:
    """Contest what stands for one criterion of a score, within five working days of it (by default).

    It is decided within three working days (by default); mainland China's holidays and make-up days are known.
    """
    with database.transaction() as session:
        return appeals.open_appeal(
            session, actor, wanted.score_id, wanted.criterion_id, wanted.comment, wanted.quoted_turns, settings.qa
        )


@router.get("", summary="List appeals", responses=problem_responses(401, 403, 422, 503))
def get_appeals(database: OpenDatabase, actor: Reader, query: Annotated[AppealQuery, Query()]) -> AppealPage:
    """Return a page of appeals, oldest first; for agents those on their own conversations."""
    with database.transaction() as session:
        page = appeals.list_appeals(session, actor, status=query.status, limit=query.limit, after=query.cursor)
        record_read(session, actor, "appeals.list", "appeal", None, {"count": len(page.items)})
        return page


@router.get(
    "/reversals",
    summary="Get how often appeals succeed",
    responses=problem_responses(401, 403, 422, 503),
)
def get_reversals(database: OpenDatabase, actor: Assigner, query: Annotated[PeriodQuery, Query()]) -> ReversalReport:
    """Return the share of decided appeals that were upheld, by criterion and by whose verdict was contested."""
    since, until = query.moments()
    with database.transaction() as session:
        report = reversal_report(session, since, until)
        record_read(session, actor, "reversals.read", "figures", "reversals")
        return report


@router.post("/expire", summary="Close appeals that are too late", responses=_CHANGED)
def post_expire(database: OpenDatabase, actor: Assigner) -> ExpiredAppeals:
    """Close the appeals whose deadline has passed; what stood stays. The service does so by itself every hour."""
    with database.transaction() as session:
        expired = appeals.expire_appeals(session, actor)
        record(session, actor, "appeals.check", "appeal", None, {"expired": len(expired)})
        return ExpiredAppeals(items=expired)


@router.get("/{appeal_id}", summary="Get an appeal", responses=problem_responses(401, 403, 404, 422, 503))
def get_appeal(database: OpenDatabase, actor: Reader, appeal_id: BigId) -> AppealSheet:
    """Return an appeal with the conversation, and without what was said of the criterion before."""
    with database.transaction() as session:
        return appeal_decisions.appeal_sheet(session, actor, appeal_id)


@router.post("/{appeal_id}/take", summary="Take an appeal", responses=_CHANGED)
def post_take(database: OpenDatabase, actor: Decider, appeal_id: BigId) -> AppealView:
    """Take an appeal to decide it; refused to those who judged the score or saw what others decided of it."""
    with database.transaction() as session:
        return appeal_decisions.take_appeal(session, actor, appeal_id)


@router.post("/{appeal_id}/assign", summary="Assign an appeal", responses=_CHANGED)
def post_assign(database: OpenDatabase, actor: Assigner, appeal_id: BigId, wanted: Assignee) -> AppealView:
    """Give an appeal to a person."""
    with database.transaction() as session:
        return appeal_decisions.assign_appeal(session, actor, appeal_id, wanted.person)


@router.post("/{appeal_id}/release", summary="Give an appeal back", responses=_CHANGED)
def post_release(database: OpenDatabase, actor: Decider, appeal_id: BigId) -> AppealView:
    """Put one's appeal back into the queue."""
    with database.transaction() as session:
        return appeal_decisions.release_appeal(session, actor, appeal_id)


@router.post("/{appeal_id}/decide", summary="Decide an appeal", responses=_CHANGED)
def post_decide(
    database: OpenDatabase, settings: AppSettings, actor: Decider, appeal_id: BigId, wanted: AppealJudgement
) -> AppealView:
    """Judge the criterion anew; whether that upholds the appeal follows from what stood. Nobody loses by appealing."""
    judgement = Judgement(wanted.criterion_id, wanted.verdict, wanted.value, wanted.reason)
    with database.transaction() as session:
        return appeal_decisions.decide_appeal(session, actor, appeal_id, judgement, own_rubric=settings.scoring.rubric)


@router.post("/{appeal_id}/withdraw", summary="Withdraw an appeal", responses=_CHANGED)
def post_withdraw(database: OpenDatabase, actor: Opener, appeal_id: BigId) -> AppealView:
    """Take back one's own appeal."""
    with database.transaction() as session:
        return appeals.withdraw_appeal(session, actor, appeal_id)
