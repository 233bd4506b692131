"""Rubrics: looked over, tried on history, published, put in force and taken out of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Body, Path, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from models.domain.conversation import Channel, Queue
from models.domain.playbook import Playbook
from models.domain.rubric import RubricScope
from models.qa import packaged_text, parse_rubric
from models.scorers.compliance import load_playbook
from models.scorers.compliance.lint import Finding
from service.accounts.actor import Actor
from service.api.dependencies import AppSettings, OpenDatabase, permission
from service.api.model_body import json_body, read_model
from service.api.parameters import ConversationSelection, Moment, Text
from service.api.problems import problem_responses
from service.audit.log import record
from service.core.errors import InvalidRequestError
from service.core.settings import ScoringSettings
from service.db.engine import Database
from service.kpi.report import DEFAULT_TIMEZONE, end_of, start_of
from service.playbooks import overview as playbooks
from service.qa.rubric_preview import RubricPreview, Shown, preview
from service.rubrics import activation
from service.rubrics.lint import lint_rubric
from service.rubrics.registry import find_published, find_rubric, publish_text
from service.rubrics.repository import ScopedActivation
from service.scoring import rubric_catalogue
from service.scoring.rubric_catalogue import RubricInfo

router = APIRouter(prefix="/rubrics", tags=["catalogue"])

Spec = Annotated[str, Path(max_length=200, pattern=r"^[^\x00]+$", description="`id` or `id@version`")]
Publisher = Annotated[Actor, permission("rubrics:publish")]
Trier = Annotated[Actor, permission("playbooks:try")]
Yaml = Annotated[str, StringConstraints(min_length=1)]


class RubricText(BaseModel):
    """A rubric as its author wrote it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    yaml: Yaml = Field(description="The YAML text")


class RubricList(BaseModel):
    """Rubrics, the default one first."""

    items: list[RubricInfo]


class RubricPublication(BaseModel):
    """A published version."""

    id: str
    version: int
    hash: str
    published_by: str
    published_at: datetime
    new: bool = Field(description="False where the same content was published before")
    goes_with: list[str] = Field(description="The playbooks that have all checks it names")


class RubricValidation(BaseModel):
    """What lint says."""

    valid: bool = Field(description="Whether it can be read; warnings do not keep it from being published")
    findings: list[Finding]


class ScopeBody(BaseModel):
    """Which conversations: for each attribute that is given, those with one of the values. Empty: all."""

    model_config = ConfigDict(extra="forbid")

    queue: list[Queue] = Field(default=[], max_length=20)
    channel: list[Channel] = Field(default=[], max_length=20)
    language: list[Literal["zh", "en"]] = Field(default=[], max_length=2)
    agent_group: list[Text] = Field(default=[], max_length=100)
    agent_role: list[Text] = Field(default=[], max_length=100)

    def as_scope(self) -> RubricScope:
        """Return the same."""
        return RubricScope(
            queue=tuple(self.queue),
            channel=tuple(self.channel),
            language=tuple(self.language),
            agent_group=tuple(self.agent_group),
            agent_role=tuple(self.agent_role),
        )


class RubricStart(BaseModel):
    """From when until when, and for which conversations."""

    model_config = ConfigDict(
        extra="forbid", populate_by_name=True, json_schema_extra={"examples": [{"scope": {"queue": ["aftersale"]}}]}
    )

    start: Moment | None = Field(default=None, alias="from", description="A day in Asia/Shanghai or a moment; else now")
    end: Moment | None = Field(
        default=None, alias="to", description="A day, included whole, or a moment, which is not; else open"
    )
    scope: ScopeBody = ScopeBody()


class RubricEnd(BaseModel):
    """When, and of which scope."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    end: Moment | None = Field(default=None, alias="from", description="A day in Asia/Shanghai or a moment; else now")
    scope: ScopeBody | None = Field(default=None, description="Only what is in force for this very scope")


class RubricActivationList(BaseModel):
    """Times for which versions were put in force."""

    items: list[ScopedActivation]


class PreviewRequest(ConversationSelection):
    """A rubric, what to compare it with, and on which conversations."""

    rubric: Text | None = Field(default=None, description="`id@version`, or `id` for its newest; or give `yaml`")
    yaml: Yaml | None = Field(default=None, description="A rubric that need not be published")
    against: Text | None = Field(
        default=None,
        description="The rubric to compare with; by default for each conversation the one in force at its time",
    )
    limit: int = Field(default=10_000, ge=1, le=200_000, description="At most so many conversations, newest first")
    show: Shown = Field(default="flips", description="`flips`: changed outcomes; `changes`: changed scores, too")
    page: int = Field(default=50, ge=1, le=200, description="Listed conversations a page")
    cursor: Annotated[str, StringConstraints(max_length=4000)] | None = Field(
        default=None, description="`next_cursor` of the page before; the summary is then left out"
    )


_TEXT_BODY = json_body(RubricText, {"yaml": "format: 2\nid: my-rubric\nversion: 1\n…"})
_PREVIEW_BODY = json_body(PreviewRequest, {"rubric": "aftersale@1", "queue": "aftersale", "from": "2026-10-01"})


@router.get(
    "",
    summary="List rubrics",
    dependencies=[permission("scores:read")],
    responses=problem_responses(401, 403, 503),
)
def get_rubrics(database: OpenDatabase, settings: AppSettings) -> RubricList:
    """Return packaged and published rubrics and when they are in force, for which conversations.

    A conversation is scored by the one in force at its start with the narrowest scope, else by the default.
    """
    with database.transaction() as session:
        return RubricList(items=rubric_catalogue.rubrics(session, settings.scoring))


@router.post(
    "",
    summary="Publish a rubric",
    response_model=RubricPublication,
    openapi_extra=_TEXT_BODY,
    responses={
        200: {"model": RubricPublication, "description": "The same was published before"},
        201: {"model": RubricPublication, "description": "Published; not in force yet"},
        **problem_responses(400, 401, 403, 409, 413, 422, 503),
    },
)
async def post_rubric(
    request: Request, database: OpenDatabase, settings: AppSettings, actor: Publisher
) -> JSONResponse:
    """Publish a version, which never changes afterwards; other content under the same id and version is refused.

    So is a rubric that names checks which no playbook here has all of.
    """
    text = (await read_model(request, RubricText)).yaml
    done = await run_in_threadpool(_publish, database, settings.scoring, text, actor)
    return JSONResponse(done.model_dump(mode="json"), 201 if done.new else 200)


@router.post(
    "/validate",
    summary="Look a rubric over",
    response_model=RubricValidation,
    dependencies=[permission("playbooks:try")],
    openapi_extra=_TEXT_BODY,
    responses=problem_responses(400, 401, 403, 413, 422, 503),
)
async def post_validate_rubric(request: Request, database: OpenDatabase, settings: AppSettings) -> JSONResponse:
    """Return mistakes with their lines, and warnings, as `attune rubric lint` does; nothing is stored."""
    text = (await read_model(request, RubricText)).yaml
    found = await run_in_threadpool(_validate, database, settings.scoring, text)
    return JSONResponse(found.model_dump(mode="json"))


@router.post(
    "/preview",
    summary="Try a rubric on history",
    response_model=RubricPreview,
    openapi_extra=_PREVIEW_BODY,
    responses=problem_responses(400, 401, 403, 404, 413, 422, 503),
)
async def post_preview(request: Request, database: OpenDatabase, settings: AppSettings, actor: Trier) -> JSONResponse:
    """Say what a rubric would change on stored scores: who passes, who fails, and which criteria make the difference.

    Every score is evaluated again by both rubrics from what was measured; no model runs and nothing is stored.
    """
    wanted = await read_model(request, PreviewRequest)
    found = await run_in_threadpool(_preview, database, settings.scoring, wanted, actor)
    return JSONResponse(TypeAdapter(RubricPreview).dump_python(found, mode="json"))


@router.get(
    "/{rubric_id}",
    summary="Get a rubric",
    dependencies=[permission("scores:read")],
    responses=problem_responses(401, 403, 404, 422, 503),
)
def get_rubric(database: OpenDatabase, settings: AppSettings, rubric_id: Spec) -> RubricInfo:
    """Return one rubric with its sections, criteria, conditions and variants."""
    with database.transaction() as session:
        return rubric_catalogue.rubric(session, settings.scoring, rubric_id)


@router.get(
    "/{rubric_id}/yaml",
    summary="Get a rubric as it was written",
    response_class=PlainTextResponse,
    dependencies=[permission("scores:read")],
    responses={
        200: {"content": {"application/yaml": {"schema": {"type": "string"}}}, "description": "YAML"},
        **problem_responses(401, 403, 404, 422, 503),
    },
)
def get_rubric_yaml(database: OpenDatabase, rubric_id: Spec) -> PlainTextResponse:
    """Return the YAML text of a packaged or published rubric."""
    text = packaged_text(rubric_id)
    if text is None:
        with database.transaction() as session:
            text = find_published(session, rubric_id).yaml
    return PlainTextResponse(text, media_type="application/yaml")


@router.post(
    "/{rubric_id}/activate",
    summary="Put a rubric in force",
    responses=problem_responses(400, 401, 403, 404, 409, 413, 422, 503),
)
def post_activate_rubric(
    database: OpenDatabase,
    settings: AppSettings,
    rubric_id: Spec,
    actor: Publisher,
    wanted: Annotated[RubricStart | None, Body()] = None,
) -> ScopedActivation:
    """Let a published or packaged version score the conversations of a scope that start from now, or the day given, on.

    What the same rubric has in force for the very same scope gives way. Refused where another rubric in force claims
    the same conversations and neither scope is narrower, and where a playbook of such conversations lacks a check that
    it names. Scores made before stay; `POST /v1/rescore` makes new ones.
    """
    asked, zone = wanted or RubricStart(), ZoneInfo(DEFAULT_TIMEZONE)
    default = load_playbook(settings.scoring.playbook)
    with database.transaction() as session:
        done = activation.activate(
            session,
            rubric_id,
            actor.label,
            default=default,
            scope=asked.scope.as_scope(),
            start=start_of(asked.start, zone),
            end=end_of(asked.end, zone),
        )
        detail = {"version": done.version, "scope": done.scope, "starts_at": done.starts_at, "ends_at": done.ends_at}
        record(session, actor, "rubric.activate", "rubric", done.rubric_id, detail)
        return done


@router.post(
    "/{rubric_id}/retire",
    summary="Take a rubric out of force",
    responses=problem_responses(400, 401, 403, 404, 409, 413, 422, 503),
)
def post_retire_rubric(
    database: OpenDatabase, actor: Publisher, rubric_id: Spec, wanted: Annotated[RubricEnd | None, Body()] = None
) -> RubricActivationList:
    """End the times in which a rubric, or one version of it, is in force, now or on the day given.

    A version that has not begun by then never does; the version that it was to follow goes on.
    """
    asked = wanted or RubricEnd()
    moment = start_of(asked.end, ZoneInfo(DEFAULT_TIMEZONE))
    scope = asked.scope.as_scope() if asked.scope else None
    with database.transaction() as session:
        ended = activation.retire(session, rubric_id, scope=scope, end=moment)
        detail = {"versions": [one.version for one in ended], "at": moment, "scope": [one.scope for one in ended]}
        record(session, actor, "rubric.retire", "rubric", ended[0].rubric_id, detail)
        return RubricActivationList(items=ended)


def _publish(database: Database, settings: ScoringSettings, text: str, actor: Actor) -> RubricPublication:
    with database.transaction() as session:
        done = publish_text(session, text, actor.label, _playbooks(session, settings))
        rubric = done.rubric
        if done.new:
            record(
                session, actor, "rubric.publish", "rubric", rubric.id, {"version": rubric.version, "hash": rubric.hash}
            )
    return RubricPublication(
        id=rubric.id,
        version=rubric.version,
        hash=rubric.hash,
        published_by=done.published_by,
        published_at=done.published_at,
        new=done.new,
        goes_with=list(done.goes_with),
    )


def _validate(database: Database, settings: ScoringSettings, text: str) -> RubricValidation:
    with database.transaction() as session:
        findings = lint_rubric(text, "rubric", _playbooks(session, settings))
    return RubricValidation(valid=all(finding.severity != "error" for finding in findings), findings=findings)


def _preview(database: Database, settings: ScoringSettings, wanted: PreviewRequest, actor: Actor) -> RubricPreview:
    if (wanted.rubric is None) == (wanted.yaml is None):
        raise InvalidRequestError("give a rubric or a yaml", "请给出 rubric 或 yaml 之一", location="body.rubric")
    with database.transaction() as session:
        own = settings.rubric
        new = parse_rubric(wanted.yaml, "rubric") if wanted.yaml else find_rubric(session, wanted.rubric or "", own)
        return preview(
            session,
            actor,
            new,
            settings,
            wanted.as_filter(),
            against=find_rubric(session, wanted.against, own) if wanted.against else None,
            limit=wanted.limit,
            show=wanted.show,
            page=wanted.page,
            cursor=wanted.cursor,
        )


def _playbooks(session: Session, settings: ScoringSettings) -> list[Playbook]:
    return [known.playbook for known in playbooks.all_known(session, settings.playbook, datetime.now(UTC))]
