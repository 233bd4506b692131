"""Putting work on the durable queue, in the same transaction as the data it is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from procrastinate import SyncPsycopgConnector
from procrastinate.jobs import Job
from procrastinate.manager import JobManager
from sqlmodel import Session

SCORING_QUEUE = "scoring"
SCORING_TASK = "score_conversations"
JOB_SIZE = 200
DRY_RUN_QUEUE = "dry-run"
DRY_RUN_TASK = "try_playbook"

# Somebody waits for a single conversation; an import may take its time; scoring again is never urgent.
PRIORITY_SINGLE = 10
PRIORITY_BULK = 0
PRIORITY_RESCORE = -10
PRIORITY_DRY_RUN = -20


def enqueue_scoring(
    session: Session, conversation_ids: Sequence[str], *, priority: int = PRIORITY_BULK
) -> list[tuple[list[str], int]]:
    """Queue the conversations for scoring, at most 200 a job; takes effect when the session's transaction commits.

    Returns:
        Per job the conversations it covers and its id.
    """
    batches = list(_batches(conversation_ids))
    arguments = [{"conversation_ids": batch} for batch in batches]
    jobs = _enqueue(session, SCORING_TASK, arguments, queue=SCORING_QUEUE, priority=priority)
    return list(zip(batches, jobs, strict=True))


def enqueue_dry_run(session: Session, dry_run_id: int, begin: int) -> int:
    """Queue the next part of a dry run, from conversation ``begin`` on, behind all scoring; return the job's id."""
    arguments = [{"dry_run_id": dry_run_id, "begin": begin}]
    [job] = _enqueue(session, DRY_RUN_TASK, arguments, queue=DRY_RUN_QUEUE, priority=PRIORITY_DRY_RUN)
    return job


def _enqueue(
    session: Session, task: str, arguments: Sequence[dict[str, Any]], *, queue: str, priority: int
) -> list[int]:
    if not arguments:
        return []
    jobs = [
        Job(queue=queue, priority=priority, lock=None, queueing_lock=None, task_name=task, task_kwargs=kwargs)
        for kwargs in arguments
    ]
    # The connector has no pool of its own: it only ever writes through the session's connection.
    manager = JobManager(SyncPsycopgConnector())
    deferred = manager.batch_defer_jobs(jobs, connection=session.connection().connection.driver_connection)
    return [job.id for job in deferred if job.id is not None]


def _batches(ids: Sequence[str]) -> Iterator[list[str]]:
    remaining = iter(ids)
    while batch := list(islice(remaining, JOB_SIZE)):
        yield batch
