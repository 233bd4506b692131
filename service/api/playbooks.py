"""Playbooks: looked over, published, put in force and taken out of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Body, Path, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from models.qa import load_rubric
from models.scorers.compliance import load_playbook
from models.scorers.compliance.lint import Finding, lint_text
from service.accounts.actor import Actor
from service.api.dependencies import AppSettings, OpenDatabase, permission
from service.api.model_body import json_body, read_model
from service.api.parameters import Moment
from service.api.problems import problem_responses
from service.audit.log import record
from service.db.engine import Database
from service.kpi.report import DEFAULT_TIMEZONE, start_of
from service.playbooks import activation
from service.playbooks.ordinary import ordinary_lines
from service.playbooks.registry import find_published, finder, load_published, packaged_text, publish_text
from service.playbooks.repository import Activation
from service.rubrics.activation import require_rubrics_for
from service.scoring import catalogue
from service.scoring.catalogue import PlaybookInfo

router = APIRouter(prefix="/playbooks", tags=["catalogue"])

Spec = Annotated[str, Path(max_length=200, pattern=r"^[^\x00]+$", description="`id` or `id@version`")]
Publisher = Annotated[Actor, permission("playbooks:publish")]


class PlaybookText(BaseModel):
    """A playbook as its author wrote it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    yaml: str = Field(min_length=1, description="The YAML text; may extend packaged and published playbooks")


class PlaybookList(BaseModel):
    """Playbooks, the default one first."""

    items: list[PlaybookInfo]


class Publication(BaseModel):
    """A published version."""

    id: str
    version: int
    hash: str
    published_by: str
    published_at: datetime
    new: bool = Field(description="False where the same content was published before")


class Validation(BaseModel):
    """What lint says."""

    valid: bool = Field(description="Whether it could be published; warnings do not keep it from that")
    findings: list[Finding]


class Start(BaseModel):
    """From when on."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    start: Moment | None = Field(default=None, alias="from", description="A day in Asia/Shanghai or a moment; else now")


class Retired(BaseModel):
    """What a retirement changed."""

    items: list[Activation] = Field(description="What was in force, or would have been, after that moment")
    resumed: list[Activation] = Field(
        description="Versions that go on, because the one that was to take their place was retired before it began"
    )


_TEXT_BODY = json_body(PlaybookText, {"yaml": "id: my-shop\nversion: 1\n…"})


@router.get(
    "",
    summary="List playbooks",
    dependencies=[permission("scores:read")],
    responses=problem_responses(401, 403, 503),
)
def get_playbooks(database: OpenDatabase, settings: AppSettings) -> PlaybookList:
    """Return packaged and published playbooks and when they are in force.

    A conversation is judged by the one in force at its start with the narrowest scope, else by the default.
    """
    with database.transaction() as session:
        return PlaybookList(items=catalogue.playbooks(session, settings.scoring))


@router.post(
    "",
    summary="Publish a playbook",
    response_model=Publication,
    openapi_extra=_TEXT_BODY,
    responses={
        200: {"model": Publication, "description": "The same was published before"},
        201: {"model": Publication, "description": "Published; not in force yet"},
        **problem_responses(400, 401, 403, 409, 413, 422, 503),
    },
)
async def post_playbook(request: Request, database: OpenDatabase, actor: Publisher) -> JSONResponse:
    """Publish a version, which never changes afterwards; other content under the same id and version is refused."""
    text = (await read_model(request, PlaybookText)).yaml
    done = await run_in_threadpool(_publish, database, text, actor)
    return JSONResponse(done.model_dump(mode="json"), 201 if done.new else 200)


@router.post(
    "/validate",
    summary="Look a playbook over",
    response_model=Validation,
    dependencies=[permission("playbooks:try")],
    openapi_extra=_TEXT_BODY,
    responses=problem_responses(400, 401, 403, 413, 422, 503),
)
async def post_validate(request: Request, database: OpenDatabase) -> JSONResponse:
    """Return mistakes with their lines, and warnings, as `attune playbook lint` does; nothing is stored."""
    text = (await read_model(request, PlaybookText)).yaml
    found = await run_in_threadpool(_validate, database, text)
    return JSONResponse(found.model_dump(mode="json"))


@router.get(
    "/{playbook_id}",
    summary="Get a playbook",
    dependencies=[permission("scores:read")],
    responses=problem_responses(401, 403, 404, 422, 503),
)
def get_playbook(database: OpenDatabase, settings: AppSettings, playbook_id: Spec) -> PlaybookInfo:
    """Return one playbook with its checks."""
    with database.transaction() as session:
        return catalogue.playbook(session, settings.scoring, playbook_id)


@router.get(
    "/{playbook_id}/yaml",
    summary="Get a playbook as it was written",
    response_class=PlainTextResponse,
    dependencies=[permission("scores:read")],
    responses={
        200: {"content": {"application/yaml": {"schema": {"type": "string"}}}, "description": "YAML"},
        **problem_responses(401, 403, 404, 422, 503),
    },
)
def get_playbook_yaml(database: OpenDatabase, playbook_id: Spec) -> PlainTextResponse:
    """Return the YAML text of a packaged or published playbook."""
    text = packaged_text(playbook_id)
    if text is None:
        with database.transaction() as session:
            text = find_published(session, playbook_id).yaml
    return PlainTextResponse(text, media_type="application/yaml")


@router.post(
    "/{playbook_id}/activate",
    summary="Put a playbook in force",
    responses=problem_responses(400, 401, 403, 404, 409, 413, 422, 503),
)
def post_activate(
    database: OpenDatabase,
    settings: AppSettings,
    playbook_id: Spec,
    actor: Publisher,
    wanted: Annotated[Start | None, Body()] = None,
) -> Activation:
    """Let a published or packaged version judge conversations that start from now, or the day given, on.

    The version before it of the same playbook ends there. Refused where another playbook in force claims the same
    conversations and neither scope is narrower, and where it lacks a check that a rubric in force names. Scores made
    before stay; `POST /v1/rescore` makes new ones.
    """
    rubric = load_rubric(settings.scoring.rubric)
    with database.transaction() as session:
        done = activation.activate(session, playbook_id, actor.label, start=_moment(wanted), rubric=rubric)
        default = load_playbook(settings.scoring.playbook)
        require_rubrics_for(session, load_published(session, playbook_id), done.starts_at, default)
        detail = {"version": done.version, "starts_at": done.starts_at, "ends_at": done.ends_at}
        record(session, actor, "playbook.activate", "playbook", done.playbook_id, detail)
        return done


@router.post(
    "/{playbook_id}/retire",
    summary="Take a playbook out of force",
    responses=problem_responses(400, 401, 403, 404, 409, 413, 422, 503),
)
def post_retire(
    database: OpenDatabase, actor: Publisher, playbook_id: Spec, wanted: Annotated[Start | None, Body()] = None
) -> Retired:
    """End all times in which a playbook, or one version of it, is in force, now or on the day given.

    A version that has not begun by then never does; the version that it was to follow goes on.
    """
    with database.transaction() as session:
        done = activation.retire(session, playbook_id, end=_moment(wanted))
        record(
            session, actor, "playbook.retire", "playbook", done.ended[0].playbook_id, done.for_audit(_moment(wanted))
        )
        return Retired(items=done.ended, resumed=done.resumed)


def _publish(database: Database, text: str, actor: Actor) -> Publication:
    with database.transaction() as session:
        done = publish_text(session, text, actor.label)
        playbook = done.playbook
        if done.new:
            detail = {"version": playbook.version, "hash": playbook.hash}
            record(session, actor, "playbook.publish", "playbook", playbook.id, detail)
    return Publication(
        id=playbook.id,
        version=playbook.version,
        hash=playbook.hash,
        published_by=done.published_by,
        published_at=done.published_at,
        new=done.new,
    )


def _validate(database: Database, text: str) -> Validation:
    with database.transaction() as session:
        findings = lint_text(text, "playbook", finder(session), ordinary_lines())
    return Validation(valid=all(finding.severity != "error" for finding in findings), findings=findings)


def _moment(wanted: Start | None) -> datetime | None:
    return start_of(wanted.start, ZoneInfo(DEFAULT_TIMEZONE)) if wanted else None
