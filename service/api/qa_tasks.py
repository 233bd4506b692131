"""Review tasks: queues, taking and giving back, submitting; the reviewers' load; scores from both sides."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, ConfigDict, Field

from models.domain.conversation import Queue
from models.domain.decision import DecidedVerdict
from service.accounts.actor import Actor
from service.api.dependencies import AppSettings, OpenDatabase, permission
from service.api.parameters import BigId, PageQuery, PeriodQuery, Text
from service.api.problems import problem_responses
from service.audit.log import record_read
from service.qa import tasks
from service.qa.decisions import ScoreReview, review_of
from service.qa.figures import ReviewerLoad, reviewer_loads
from service.qa.policy import Reason
from service.qa.repository.tasks import Task, TaskFilter
from service.qa.review import Judgement, Worksheet, submit, worksheet
from service.qa.tasks import TaskPage

router = APIRouter(prefix="/qa", tags=["qa"])

Assigner = Annotated[Actor, permission("reviews:assign")]
Reviewer = Annotated[Actor, permission("reviews:write")]
Purpose = Literal["review", "second", "adjudication"]
Comment = Annotated[str, Field(max_length=4000, pattern=r"^[^\x00]*$")]
_CHANGED = problem_responses(400, 401, 403, 404, 409, 413, 422, 503)


class TaskQuery(PageQuery):
    """Conditions on tasks; all must hold."""

    status: Literal["open", "taken", "done", "skipped"] | None = None
    purpose: Purpose | None = None
    queue: Queue | None = None
    reason: Reason | None = None
    assignee: Text | None = Field(default=None, description="A person's id")


class ManualTask(BaseModel):
    """A conversation to be reviewed."""

    model_config = ConfigDict(extra="forbid")

    conversation_id: Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\x00]+$")]


class Wish(BaseModel):
    """Which task one would like."""

    model_config = ConfigDict(extra="forbid")

    queue: Queue | None = Field(default=None, description="Only of this queue; else of one's own queues")
    purpose: Purpose | None = None


class TakenTask(BaseModel):
    """The task taken, none where nothing is left that one may do."""

    task: Task | None


class Assignee(BaseModel):
    """Who is to do it."""

    model_config = ConfigDict(extra="forbid")

    person: Text = Field(description="A person's id")


class SkipReason(BaseModel):
    """Why it is passed over."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\x00]+$")]


class CriterionJudgement(BaseModel):
    """What is said of one criterion: a verdict or a value."""

    model_config = ConfigDict(extra="forbid")

    criterion_id: Text
    verdict: DecidedVerdict | None = None
    value: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = Field(
        default=None, description="What it earns, 0…1; for figures and manual questions"
    )
    reason: Comment | None = Field(default=None, description="Needed where the machine said otherwise")


class Submission(BaseModel):
    """A finished review."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "criteria": [
                        {"criterion_id": "script.greeting", "verdict": "pass"},
                        {"criterion_id": "script.closing", "verdict": "fail", "reason": "结尾未致谢"},
                    ]
                }
            ]
        },
    )

    criteria: list[CriterionJudgement] = Field(max_length=500)


class ReviewerList(BaseModel):
    """Reviewers, by id."""

    items: list[ReviewerLoad]


@router.get("/tasks", summary="List review tasks", responses=problem_responses(401, 403, 422, 503))
def get_tasks(database: OpenDatabase, actor: Assigner, query: Annotated[TaskQuery, Query()]) -> TaskPage:
    """Return a page of tasks, oldest first.

    Who works on the other side of an unfinished blind review or appeal is not told to those who judge.
    """
    wanted = TaskFilter(query.status, query.purpose, query.queue, query.assignee, query.reason)
    with database.transaction() as session:
        page = tasks.list_tasks(session, actor, wanted, limit=query.limit, after=query.cursor)
        record_read(session, actor, "tasks.list", "review_task", None, {"count": len(page.items)})
        return page


@router.post("/tasks", status_code=201, summary="Ask for a review", responses=_CHANGED)
def post_task(database: OpenDatabase, actor: Assigner, wanted: ManualTask) -> Task:
    """Make a review task by hand for the current score of a conversation."""
    with database.transaction() as session:
        return tasks.add_manual(session, actor, wanted.conversation_id)


@router.post("/tasks/take", summary="Take the next review task", responses=_CHANGED)
def post_take_next(database: OpenDatabase, actor: Reviewer, wish: Annotated[Wish | None, Body()] = None) -> TakenTask:
    """Take the next open task that one may do; no two reviewers get the same."""
    with database.transaction() as session:
        wanted = wish or Wish()
        return TakenTask(task=tasks.take_next(session, actor, queue=wanted.queue, purpose=wanted.purpose))


@router.get("/tasks/{task_id}", summary="Get a review task", responses=problem_responses(401, 403, 404, 422, 503))
def get_task(database: OpenDatabase, actor: Assigner, task_id: BigId) -> Worksheet:
    """Return a task with the conversation and what the machine said; of other reviews nothing.

    An adjudication shows what the two blind reviewers said, not who, to whoever has taken it.
    """
    with database.transaction() as session:
        return worksheet(session, actor, task_id)


@router.post("/tasks/{task_id}/take", summary="Take a review task", responses=_CHANGED)
def post_take(database: OpenDatabase, actor: Reviewer, task_id: BigId) -> Task:
    """Take one task."""
    with database.transaction() as session:
        return tasks.take(session, actor, task_id)


@router.post("/tasks/{task_id}/assign", summary="Assign a review task", responses=_CHANGED)
def post_assign(database: OpenDatabase, actor: Assigner, task_id: BigId, wanted: Assignee) -> Task:
    """Give a task to a person, also one that somebody else has taken."""
    with database.transaction() as session:
        return tasks.assign(session, actor, task_id, wanted.person)


@router.post("/tasks/{task_id}/release", summary="Give a review task back", responses=_CHANGED)
def post_release(database: OpenDatabase, actor: Assigner, task_id: BigId) -> Task:
    """Put a task back into the queue."""
    with database.transaction() as session:
        return tasks.release(session, actor, task_id)


@router.post("/tasks/{task_id}/skip", summary="Pass over a review task", responses=_CHANGED)
def post_skip(database: OpenDatabase, actor: Assigner, task_id: BigId, wanted: SkipReason) -> Task:
    """Close a task without a verdict."""
    with database.transaction() as session:
        return tasks.skip(session, actor, task_id, wanted.reason)


@router.post("/tasks/{task_id}/submit", summary="Submit a review", responses=_CHANGED)
def post_submit(
    database: OpenDatabase, settings: AppSettings, actor: Reviewer, task_id: BigId, wanted: Submission
) -> Task:
    """Confirm or override every criterion; an override needs a reason. The same again changes nothing.

    A manual question takes the answers that its rubric allows: a verdict, or with steps 0…n a value of k/n.
    """
    judgements = [Judgement(one.criterion_id, one.verdict, one.value, one.reason) for one in wanted.criteria]
    with database.transaction() as session:
        return submit(session, actor, task_id, judgements, own_rubric=settings.scoring.rubric)


@router.get(
    "/scores/{score_id}", summary="Get a score from both sides", responses=problem_responses(401, 403, 404, 422, 503)
)
def get_score_review(
    database: OpenDatabase,
    settings: AppSettings,
    actor: Annotated[Actor, permission("scores:read")],
    score_id: BigId,
) -> ScoreReview:
    """Return what the machine said, what people decided, and the effective score, side by side.

    While a blind review or an appeal is unfinished, those who could be asked to judge it see only their own decisions.
    """
    with database.transaction() as session:
        return review_of(session, actor, score_id, settings.scoring.rubric)


@router.get(
    "/reviewers",
    summary="Get the reviewers' load and speed",
    responses=problem_responses(401, 403, 422, 503),
)
def get_reviewers(database: OpenDatabase, actor: Assigner, query: Annotated[PeriodQuery, Query()]) -> ReviewerList:
    """Return what each reviewer has in hand, did in a period, how fast, and how often they overruled the machine."""
    since, until = query.moments()
    with database.transaction() as session:
        loads = reviewer_loads(session, since, until)
        record_read(session, actor, "reviewers.read", "figures", "reviewers")
        return ReviewerList(items=loads)
