"""What became of scoring jobs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from service.accounts.actor import Actor
from service.api.dependencies import OpenDatabase, permission
from service.api.parameters import BigId
from service.api.problems import problem_responses
from service.audit.log import record_read
from service.jobs.status import JobStatus, job_status

router = APIRouter(tags=["jobs"])


@router.get(
    "/jobs/{job_id}",
    summary="Get a job",
    responses=problem_responses(401, 403, 404, 422, 503),
)
def get_job(database: OpenDatabase, actor: Annotated[Actor, permission("jobs:read")], job_id: BigId) -> JobStatus:
    """Return the state of a scoring job; finished ones are kept for some days."""
    with database.transaction() as session:
        found = job_status(session, job_id)
        record_read(session, actor, "job.read", "job", job_id)
        return found
