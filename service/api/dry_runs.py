"""Playbooks tried on stored conversations before they are in force."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from models.documents import MAX_BYTES
from models.qa import load_rubric
from service.accounts.actor import Actor
from service.api.dependencies import AppSettings, OpenDatabase, permission
from service.api.parameters import BigId, ConversationSelection, PageQuery, Text
from service.api.problems import problem_responses
from service.audit.log import record_read
from service.conversations.filters import ConversationFilter
from service.core.settings import Settings
from service.db.engine import Database
from service.scoring import dry_runs
from service.scoring.dry_run import DryRun
from service.scoring.dry_runs import MOST, DryRunInfo

router = APIRouter(tags=["catalogue"])

Spec = Annotated[str, Path(max_length=200, pattern=r"^[^\x00]+$", description="`id` or `id@version`")]
Trier = Annotated[Actor, permission("playbooks:try")]


class DryRunWanted(BaseModel):
    """What to compare with, and on which conversations."""

    model_config = ConfigDict(extra="forbid", strict=True)

    against: Text | None = Field(
        default=None,
        description="`id` or `id@version` to compare with; else the version of the same playbook in force, or else the "
        "default playbook",
    )
    conversations: ConversationSelection = Field(
        default_factory=ConversationSelection, description="Conditions, as for `POST /v1/rescore`"
    )
    limit: int = Field(default=1000, ge=1, le=MOST, description="The newest so many of them")


class TextDryRunWanted(DryRunWanted):
    """The same for a playbook that nobody published."""

    yaml: Annotated[str, StringConstraints(min_length=1, max_length=MAX_BYTES)] = Field(
        description="The YAML text; may extend packaged and published playbooks"
    )


class DryRunWithResult(BaseModel):
    """A dry run with what it found so far."""

    run: DryRunInfo
    result: DryRun | None = Field(
        description="Counted over the conversations that are through; examples are in `/changes`. `null` before any"
    )


class DryRunPage(BaseModel):
    """Dry runs, newest first."""

    items: list[DryRunInfo]
    next_cursor: int | None


class QaChange(BaseModel):
    """The QA score by both."""

    before: float | None
    after: float | None
    passed_before: bool | None
    passed_after: bool | None


class VerdictChange(BaseModel):
    """A verdict that would change, with what decided it; `before` is empty for a new check, `after` for one removed."""

    check: str
    turn: int | None
    quote: str
    before: str | None
    after: str | None
    reason: str
    reason_en: str


class ConversationChange(BaseModel):
    """A conversation that would be judged otherwise."""

    id: str
    checks: list[VerdictChange]
    qa: QaChange


class ChangePage(BaseModel):
    """What would change, in the order of the run."""

    items: list[ConversationChange]
    next_cursor: int | None


class ChangeQuery(PageQuery):
    """Which changes, and the place in the list."""

    cursor: int | None = Field(default=None, ge=0, le=2**31 - 1, description="`next_cursor` of the page before")
    check: Text | None = Field(default=None, description="Only those whose verdict of this check changes")


@router.post(
    "/playbooks/dry-run",
    status_code=202,
    summary="Try an unpublished playbook on history",
    responses=problem_responses(400, 401, 403, 404, 413, 422, 503),
)
def post_text_dry_run(
    database: OpenDatabase, settings: AppSettings, actor: Trier, wanted: TextDryRunWanted
) -> DryRunInfo:
    """Queue a dry run of the playbook in the body, as for a published one; the playbook is kept with the run only."""
    return _request(database, settings, actor, wanted, text=wanted.yaml)


@router.post(
    "/playbooks/{playbook_id}/dry-run",
    status_code=202,
    summary="Try a playbook on history",
    responses=problem_responses(400, 401, 403, 404, 413, 422, 503),
)
def post_dry_run(
    database: OpenDatabase,
    settings: AppSettings,
    actor: Trier,
    playbook_id: Spec,
    wanted: Annotated[DryRunWanted | None, Body()] = None,
) -> DryRunInfo:
    """Queue a dry run: workers judge the newest conversations that fit by both playbooks, behind all scoring.

    No score is stored or changed. `GET /v1/dry-runs/{id}` tells how far it is and what changes.
    """
    return _request(database, settings, actor, wanted or DryRunWanted(), spec=playbook_id)


@router.get(
    "/dry-runs",
    summary="List dry runs",
    responses=problem_responses(401, 403, 422, 503),
)
def get_dry_runs(database: OpenDatabase, actor: Trier, query: Annotated[PageQuery, Query()]) -> DryRunPage:
    """Return dry runs, newest first."""
    with database.transaction() as session:
        items = dry_runs.list_dry_runs(session, query.limit + 1, query.cursor)
        record_read(session, actor, "playbook.dry_runs_list", "dry-run", None, {"count": len(items[: query.limit])})
    more = len(items) > query.limit
    items = items[: query.limit]
    return DryRunPage(items=items, next_cursor=items[-1].id if more else None)


@router.get(
    "/dry-runs/{dry_run_id}",
    summary="Get a dry run",
    responses=problem_responses(401, 403, 404, 422, 503),
)
def get_dry_run(database: OpenDatabase, actor: Trier, dry_run_id: BigId) -> DryRunWithResult:
    """Return how far a dry run is, and per check how many verdicts there were and would be."""
    with database.transaction() as session:
        run = dry_runs.get_dry_run(session, dry_run_id)
        record_read(session, actor, "playbook.dry_run_read", "dry-run", dry_run_id)
        return DryRunWithResult(run=run, result=dry_runs.dry_run_result(session, dry_run_id))


@router.get(
    "/dry-runs/{dry_run_id}/changes",
    summary="List what a dry run would change",
    responses=problem_responses(401, 403, 404, 422, 503),
)
def get_changes(
    database: OpenDatabase, actor: Trier, dry_run_id: BigId, query: Annotated[ChangeQuery, Query()]
) -> ChangePage:
    """Return the conversations whose verdicts or QA score would change, each verdict with its reason and quote."""
    with database.transaction() as session:
        found = dry_runs.dry_run_changes(session, dry_run_id, query.check, query.limit + 1, query.cursor)
        items = found[: query.limit]
        detail = {"check": query.check, "conversations": [one.conversation_id for one in items]}
        record_read(session, actor, "playbook.dry_run_read", "dry-run", dry_run_id, detail)
    return ChangePage(
        items=[_change(one.change) for one in items],
        next_cursor=items[-1].place if len(found) > query.limit else None,
    )


@router.post(
    "/dry-runs/{dry_run_id}/cancel",
    summary="Cancel a dry run",
    responses=problem_responses(401, 403, 404, 422, 503),
)
def post_cancel(database: OpenDatabase, actor: Trier, dry_run_id: BigId) -> DryRunInfo:
    """End a dry run where it is; what it found is kept. One that has ended stays as it is."""
    with database.transaction() as session:
        return dry_runs.cancel_dry_run(session, actor, dry_run_id)


def _request(
    database: Database,
    settings: Settings,
    actor: Actor,
    wanted: DryRunWanted,
    *,
    spec: str | None = None,
    text: str | None = None,
) -> DryRunInfo:
    rubric = load_rubric(settings.scoring.rubric)
    conditions: ConversationFilter = wanted.conversations.as_filter()
    with database.transaction() as session:
        return dry_runs.request_dry_run(
            session,
            actor,
            spec=spec,
            text=text,
            against=wanted.against,
            default=settings.scoring.playbook,
            rubric=rubric,
            wanted=conditions,
            limit=wanted.limit,
        )


def _change(stored: Mapping[str, Any]) -> ConversationChange:
    return ConversationChange.model_validate(dict(stored))
