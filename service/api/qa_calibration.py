"""Calibration sessions, agreement of people and machine, automation levels."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from models.domain.decision import DecidedVerdict
from models.statistics import Level, MachineAgreement
from service.accounts.actor import Actor
from service.api.dependencies import OpenDatabase, permission
from service.api.parameters import BigId, PageQuery, PeriodQuery, Text
from service.api.problems import problem_responses
from service.audit.log import record, record_read
from service.qa import automation, calibration
from service.qa.automation import CriterionStanding
from service.qa.calibration import MarkSheet, NewMark, SessionPage, SessionView
from service.qa.repository.calibration import CriterionLevel

router = APIRouter(prefix="/qa", tags=["qa"])

Manager = Annotated[Actor, permission("calibration:manage")]
Assigner = Annotated[Actor, permission("reviews:assign")]
Reviewer = Annotated[Actor, permission("reviews:write")]
Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
Words = Annotated[str, Field(min_length=1, max_length=4000, pattern=r"^[^\x00]+$")]
_READ = problem_responses(401, 403, 404, 422, 503)
_CHANGED = problem_responses(400, 401, 403, 404, 409, 413, 422, 503)


class NewSession(BaseModel):
    """A calibration session to be set up."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "title": "十月校准",
                    "criteria": ["script.greeting"],
                    "score_ids": [1, 2],
                    "reviewers": ["lin", "zhao"],
                }
            ]
        },
    )

    title: Text
    criteria: list[Text] = Field(min_length=1, max_length=100, description="Ids of criteria, as in the scores")
    score_ids: list[Id] = Field(min_length=1, max_length=500)
    reviewers: list[Text] = Field(min_length=2, max_length=50, description="Ids of people who review")
    decides: bool = Field(default=False, description="Whether the consensus counts in the effective scores")
    due_at: AwareDatetime | None = None


class MarkBody(BaseModel):
    """What is said of one criterion of one score."""

    model_config = ConfigDict(extra="forbid")

    score_id: Id
    criterion_id: Text
    verdict: DecidedVerdict
    comment: Annotated[str, Field(max_length=4000, pattern=r"^[^\x00]*$")] | None = None


class Marks(BaseModel):
    """Some marks."""

    model_config = ConfigDict(extra="forbid")

    marks: list[MarkBody] = Field(min_length=1, max_length=5000)


class AgreementReport(BaseModel):
    """Agreement of people and machine, by criterion."""

    criteria: dict[str, MachineAgreement]


class Standings(BaseModel):
    """Where the criteria stand, by key."""

    items: list[CriterionStanding]


class LevelList(BaseModel):
    """Automation levels."""

    items: list[CriterionLevel]


class NewLevel(BaseModel):
    """How far a criterion is to be left to the machine."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"criterion": "ecommerce-zh/greeting", "level": "auto", "reason": "连续两月一致率达标"}]
        },
    )

    criterion: Text = Field(description="Playbook and check, or rubric and criterion: `ecommerce-zh/greeting`")
    level: Literal["auto", "assist", "human"]
    reason: Words


class HistoryQuery(BaseModel):
    """Which criterion."""

    model_config = ConfigDict(extra="forbid")

    criterion: Text


@router.post("/calibrations", status_code=201, summary="Set up a calibration session", responses=_CHANGED)
def post_session(database: OpenDatabase, actor: Manager, wanted: NewSession) -> SessionView:
    """Let several reviewers mark the same scores without seeing each other."""
    with database.transaction() as session:
        return calibration.open_session(session, actor, **wanted.model_dump())


@router.get("/calibrations", summary="List calibration sessions", responses=problem_responses(401, 403, 422, 503))
def get_sessions(database: OpenDatabase, actor: Reviewer, query: Annotated[PageQuery, Query()]) -> SessionPage:
    """Return a page of sessions, oldest first."""
    with database.transaction() as session:
        page = calibration.list_sessions(session, actor, limit=query.limit, after=query.cursor)
        record_read(session, actor, "calibrations.list", "calibration_session", None, {"count": len(page.items)})
        return page


@router.get("/calibrations/{session_id}", summary="Get a calibration session", responses=_READ)
def get_session(database: OpenDatabase, actor: Reviewer, session_id: BigId) -> SessionView:
    """Return a session with one's own marks; once it is closed with the agreement per criterion."""
    with database.transaction() as session:
        found = calibration.get_session(session, actor, session_id)
        record_read(session, actor, "calibration.read", "calibration_session", session_id)
        return found


@router.get("/calibrations/{session_id}/scores/{score_id}", summary="Get a score to be marked", responses=_READ)
def get_sheet(
    database: OpenDatabase, actor: Reviewer, session_id: BigId, score_id: Annotated[int, Path(ge=1, le=2**63 - 1)]
) -> MarkSheet:
    """Return the conversation and the criteria to mark, and nothing of what the machine or anybody said."""
    with database.transaction() as session:
        return calibration.mark_sheet(session, actor, session_id, score_id)


@router.post("/calibrations/{session_id}/marks", summary="Mark scores", responses=_CHANGED)
def post_marks(database: OpenDatabase, actor: Reviewer, session_id: BigId, wanted: Marks) -> SessionView:
    """Store one's marks; the same again changes nothing, and none is ever replaced."""
    new = [NewMark(one.score_id, one.criterion_id, one.verdict, one.comment) for one in wanted.marks]
    with database.transaction() as session:
        return calibration.add_marks(session, actor, session_id, new)


@router.post("/calibrations/{session_id}/close", summary="Close a calibration session", responses=_CHANGED)
def post_close(database: OpenDatabase, actor: Manager, session_id: BigId) -> SessionView:
    """Tell how the reviewers agree: alpha, AC1 and percent with intervals, who stands apart, the consensus."""
    with database.transaction() as session:
        return calibration.close_session(session, actor, session_id)


@router.get(
    "/agreement",
    summary="Get the agreement of people and machine",
    responses=problem_responses(401, 403, 422, 503),
)
def get_agreement(database: OpenDatabase, actor: Assigner, query: Annotated[PeriodQuery, Query()]) -> AgreementReport:
    """Return agreement per criterion on the random sample, and the fail rate corrected for the machine's errors."""
    since, until = query.moments()
    with database.transaction() as session:
        report = automation.agreement_report(session, since, until)
        record_read(session, actor, "agreement.read", "figures", "agreement")
        return AgreementReport(criteria=report)


@router.get(
    "/automation",
    summary="Get automation levels",
    responses=problem_responses(401, 403, 422, 503),
)
def get_levels(database: OpenDatabase, actor: Assigner, query: Annotated[PeriodQuery, Query()]) -> Standings:
    """Return how far each criterion is left to the machine, and what the figures say of that."""
    since, until = query.moments()
    with database.transaction() as session:
        found = automation.standings(session, since, until)
        record_read(session, actor, "automation.read", "figures", "automation")
        return Standings(items=found)


@router.post("/automation", status_code=201, summary="Set an automation level", responses=_CHANGED)
def post_level(database: OpenDatabase, actor: Manager, wanted: NewLevel) -> CriterionLevel:
    """Let a person raise or lower how far a criterion is left to the machine; the system itself only lowers."""
    level: Level = wanted.level
    with database.transaction() as session:
        return automation.set_level(session, actor, wanted.criterion, level, wanted.reason)


@router.get(
    "/automation/history",
    summary="Get all levels of a criterion",
    responses=problem_responses(401, 403, 422, 503),
)
def get_level_history(database: OpenDatabase, actor: Assigner, query: Annotated[HistoryQuery, Query()]) -> LevelList:
    """Return every level a criterion ever had, newest first."""
    with database.transaction() as session:
        found = list(automation.level_history(session, query.criterion))
        record_read(session, actor, "automation.read", "criterion", query.criterion)
        return LevelList(items=found)


@router.post("/automation/lower", summary="Lower levels that are not earned", responses=_CHANGED)
def post_lower(database: OpenDatabase, actor: Manager) -> LevelList:
    """Lower every level that the figures do not support; never raises one. The service does so by itself every day."""
    with database.transaction() as session:
        since = datetime.now(UTC) - automation.LOOK_BACK
        fallen = automation.lower_levels(session, actor, since=since)
        record(session, actor, "automation.check", "criterion", None, {"lowered": len(fallen)})
        return LevelList(items=fallen)
