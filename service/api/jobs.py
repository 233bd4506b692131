"""What became of scoring jobs."""

from __future__ import annotations

from fastapi import APIRouter

from service.api.dependencies import OpenDatabase, permission
from service.api.parameters import BigId
from service.api.problems import problem_responses
from service.jobs.status import JobStatus, job_status

router = APIRouter(tags=["jobs"])


@router.get(
    "/jobs/{job_id}",
    summary="Get a job",
    dependencies=[permission("jobs:read")],
    responses=problem_responses(401, 403, 404, 422, 503),
)
def get_job(database: OpenDatabase, job_id: BigId) -> JobStatus:
    """Return the state of a scoring job; finished ones are kept for some days."""
    with database.transaction() as session:
        return job_status(session, job_id)
