"""The sampling policy, and making review tasks by it."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from service.accounts.actor import Actor
from service.api.dependencies import OpenDatabase, permission
from service.api.parameters import Moment
from service.api.problems import problem_responses
from service.audit.log import record, record_read
from service.core.errors import InvalidRequestError
from service.kpi.report import DEFAULT_TIMEZONE, end_of, start_of
from service.qa.policy import SamplingPolicy
from service.qa.repository.sampling import StoredPolicy
from service.qa.sampling import SamplingRun, list_policies, publish_policy, run_sampling

router = APIRouter(prefix="/qa/sampling", tags=["qa"])

Manager = Annotated[Actor, permission("policies:manage")]


class PolicyList(BaseModel):
    """Policies, newest first."""

    items: list[StoredPolicy]


class NewPolicy(BaseModel):
    """A policy, and from when on it holds."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"policy": {"seed": "2026", "random_share": 0.02}}]}
    )

    policy: SamplingPolicy
    active_from: Moment | None = Field(default=None, description="A day in Asia/Shanghai or a moment; else now")


class Period(BaseModel):
    """When the conversations took place."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"from": "2026-10-12", "to": "2026-10-18"}]}
    )

    since: Moment = Field(alias="from", description="A day, from its beginning in Asia/Shanghai, or a moment")
    until: Moment = Field(alias="to", description="A day, included whole, or a moment, which is not included")


@router.get(
    "/policies",
    summary="List sampling policies",
    responses=problem_responses(401, 403, 503),
)
def get_policies(database: OpenDatabase, actor: Annotated[Actor, permission("reviews:assign")]) -> PolicyList:
    """Return all versions, newest first; the newest that is active by now holds."""
    with database.transaction() as session:
        found = list_policies(session)
        record_read(session, actor, "policies.list", "sampling_policy", None, {"count": len(found)})
        return PolicyList(items=found)


@router.post(
    "/policies",
    status_code=201,
    summary="Publish a sampling policy",
    responses=problem_responses(400, 401, 403, 413, 422, 503),
)
def post_policy(database: OpenDatabase, actor: Manager, wanted: NewPolicy) -> StoredPolicy:
    """Store a policy as the next version, which never changes afterwards."""
    active_from = start_of(wanted.active_from, ZoneInfo(DEFAULT_TIMEZONE))
    with database.transaction() as session:
        stored = publish_policy(session, actor, wanted.policy, active_from)
        record(session, actor, "sampling.publish", "sampling_policy", stored.version)
        return stored


@router.post("/run", summary="Make review tasks", responses=problem_responses(400, 401, 403, 404, 413, 422, 503))
def post_run(database: OpenDatabase, actor: Manager, wanted: Period) -> SamplingRun:
    """Make the review tasks of a period by the policy that holds now; running it again adds only what is new.

    The worker does so every night for the week before, without quotas.
    """
    zone = ZoneInfo(DEFAULT_TIMEZONE)
    since, until = start_of(wanted.since, zone), end_of(wanted.until, zone)
    if since is None or until is None:
        raise InvalidRequestError("the period has two ends", "时间范围须有起止", location="body.from")
    with database.transaction() as session:
        return run_sampling(session, actor, since, until)
