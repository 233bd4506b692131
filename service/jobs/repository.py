"""Queries on the queue's own tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session


@dataclass(frozen=True, slots=True)
class JobRow:
    """A scoring job and when things happened to it."""

    id: int
    status: str
    attempts: int
    conversations: int
    queued_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None


_JOB = sa.text("""
    SELECT job.id, job.status::text, job.attempts,
           coalesce(jsonb_array_length(job.args -> 'conversation_ids'), 0) AS conversations,
           min(event.at) FILTER (WHERE event.type = 'deferred') AS queued_at,
           max(event.at) FILTER (WHERE event.type = 'started') AS started_at,
           max(event.at) FILTER (
               WHERE event.type IN ('succeeded', 'failed', 'cancelled', 'aborted')
               AND job.status IN ('succeeded', 'failed', 'cancelled', 'aborted')
           ) AS finished_at
    FROM procrastinate_jobs job LEFT JOIN procrastinate_events event ON event.job_id = job.id
    WHERE job.id = :id AND job.queue_name = :queue
    GROUP BY job.id
""")

_COUNTS = sa.text("""
    SELECT count(*) FILTER (WHERE status = 'todo') AS waiting,
           count(*) FILTER (WHERE status = 'doing') AS running,
           coalesce(sum(jsonb_array_length(args -> 'conversation_ids')), 0)::bigint AS conversations
    FROM procrastinate_jobs WHERE queue_name = :queue AND status IN ('todo', 'doing')
""")

_LIVE_WORKERS = sa.text("""
    SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => :seconds)
""")


def job(session: Session, job_id: int, queue: str) -> JobRow | None:
    """Return a job of that queue."""
    row = session.execute(_JOB, {"id": job_id, "queue": queue}).one_or_none()
    return None if row is None else JobRow(*row)


def counts(session: Session, queue: str) -> tuple[int, int, int]:
    """Return waiting jobs, running jobs, and the conversations in both."""
    row = session.execute(_COUNTS, {"queue": queue}).one()
    return row.waiting, row.running, row.conversations


def live_workers(session: Session, seconds: float) -> int:
    """Return how many workers showed a sign of life in the last seconds."""
    workers: int = session.execute(_LIVE_WORKERS, {"seconds": seconds}).scalar_one()
    return workers
