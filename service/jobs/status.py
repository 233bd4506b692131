"""What became of a job, and how much is still to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlmodel import Session

from service.core.errors import NotFoundError
from service.db.queue import SCORING_QUEUE
from service.jobs import repository

JobState = Literal["waiting", "running", "succeeded", "failed", "cancelled"]

_STATES: Mapping[str, JobState] = {
    "todo": "waiting",
    "doing": "running",
    "succeeded": "succeeded",
    "failed": "failed",
    "cancelled": "cancelled",
    "aborting": "running",
    "aborted": "cancelled",
}


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A scoring job; ``attempts`` counts the runs that ended, ``conversations`` those it covers."""

    id: int
    state: JobState
    attempts: int
    conversations: int
    queued_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class PendingJobs:
    """Scoring jobs not finished yet and the conversations in them."""

    waiting: int
    running: int
    conversations: int


def job_status(session: Session, job_id: int) -> JobStatus:
    """Return the state of a scoring job.

    Raises:
        NotFoundError: There is none of that id, or it ended too long ago.
    """
    row = repository.job(session, job_id, SCORING_QUEUE)
    if row is None:
        raise NotFoundError(f"no job {job_id}", f"没有任务 {job_id}", hint="finished jobs are kept for some days only")
    return JobStatus(
        row.id, _STATES[row.status], row.attempts, row.conversations, row.queued_at, row.started_at, row.finished_at
    )


def pending_jobs(session: Session) -> PendingJobs:
    """Return how much scoring is still to do."""
    return PendingJobs(*repository.counts(session, SCORING_QUEUE))


def live_workers(session: Session, within_s: float = 30.0) -> int:
    """Return how many workers showed a sign of life in the last ``within_s`` seconds."""
    return repository.live_workers(session, within_s)
