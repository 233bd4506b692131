"""The tasks on the queue. Each may run twice, after a worker died in the middle, and must not mind."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import cast

from procrastinate import App, BaseRetryStrategy, JobContext, PsycopgConnector, RetryDecision
from procrastinate.exceptions import JobAborted
from procrastinate.jobs import Job, Status

from service.accounts.actor import WORKER
from service.core.logs import get_logger
from service.core.settings import ServiceSettings
from service.db.engine import Database
from service.db.queue import DRY_RUN_QUEUE, DRY_RUN_TASK, SCORING_QUEUE, SCORING_TASK
from service.jobs.giving_up import give_up
from service.qa.appeals import expire_appeals
from service.qa.automation import LOOK_BACK, lower_levels
from service.qa.root_cause import attribute
from service.qa.sampling import sample_recent
from service.scoring.dry_runs import give_up_dry_run, run_part
from service.scoring.engine import Engine
from service.scoring.run import score_batch

MAINTENANCE_QUEUE = "maintenance"
MAX_ATTEMPTS = 5
_URGENT = 100  # it is due before any scoring, or a dead worker's jobs would wait behind the whole queue

_log = get_logger(__name__)


class _Retries(BaseRetryStrategy):
    """Tries again after 3, 9, 27 … seconds; a job that a stopping worker hands back is due at once, however often."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, JobAborted):
            return RetryDecision()
        return None if _was_last(job) else RetryDecision(retry_in={"seconds": 3 ** (job.attempts + 1)})


def _was_last(job: Job) -> bool:
    return job.attempts + 1 >= MAX_ATTEMPTS


def build_queue(
    database: Database, engine: Engine, settings: ServiceSettings, *, chunk: int, taxonomy: str = "ecommerce-zh"
) -> App:
    """Return the queue with its tasks, for a worker to run.

    Args:
        database: Where the work is.
        engine: What scores.
        settings: Heartbeats and how long to keep finished jobs.
        chunk: Conversations scored between two commits of a job.
        taxonomy: Id or file of the taxonomy that root causes are suggested by.
    """
    app = App(connector=PsycopgConnector(conninfo=database.url, min_size=1, max_size=4))

    @app.task(
        name=SCORING_TASK,
        queue=SCORING_QUEUE,
        pass_context=True,
        retry=_Retries(),
    )
    def score_conversations(context: JobContext, conversation_ids: list[str]) -> None:
        try:
            result = score_batch(database, engine, conversation_ids, chunk=chunk, should_stop=context.should_abort)
        except Exception:
            if _was_last(context.job):
                hand_on(conversation_ids, context.job.priority)
            raise
        _log.info("job done", job=context.job.id, scored=result.scored, known=result.known, failed=result.failed)
        if result.stopped:
            raise JobAborted
        attribute(database, engine, conversation_ids, taxonomy)

    @app.task(
        name=DRY_RUN_TASK,
        queue=DRY_RUN_QUEUE,
        pass_context=True,
        retry=_Retries(),
    )
    def try_playbook(context: JobContext, dry_run_id: int, begin: int) -> None:
        try:
            stopped = run_part(database, engine, dry_run_id, begin, chunk=chunk, should_stop=context.should_abort)
        except Exception:
            if _was_last(context.job):
                drop_dry_run(dry_run_id)
            raise
        if stopped:
            raise JobAborted

    def drop_dry_run(dry_run_id: int) -> None:
        with database.transaction() as session:
            give_up_dry_run(session, dry_run_id)

    def hand_on(conversation_ids: Sequence[str], priority: int) -> None:
        with database.transaction() as session:
            give_up(session, conversation_ids, priority)

    @app.periodic(cron=_every(settings.stalled_check_s))
    @app.task(name="retry_stalled_jobs", queue=MAINTENANCE_QUEUE, queueing_lock="retry_stalled_jobs", priority=_URGENT)
    async def retry_stalled_jobs(timestamp: int) -> None:
        del timestamp
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=settings.stalled_after_s):
            if job.id is None:
                continue
            periodic = job.queue == MAINTENANCE_QUEUE
            if periodic or _was_last(job):
                # A job whose workers die every time takes them all down in turn: enough is enough.
                _log.error("giving up a job whose worker died", job=job.id, attempts=job.attempts + 1)
                if job.queue == DRY_RUN_QUEUE:
                    await asyncio.to_thread(drop_dry_run, cast(int, job.task_kwargs["dry_run_id"]))
                elif not periodic:  # first, as it may be done twice but must not be left out
                    ids = cast(list[str], job.task_kwargs["conversation_ids"])
                    await asyncio.to_thread(hand_on, ids, job.priority)
                await app.job_manager.finish_job_by_id_async(job.id, Status.FAILED, delete_job=periodic)
            else:
                _log.warning("taking back the job of a worker that died", job=job.id, attempts=job.attempts + 1)
                await app.job_manager.retry_job(job)

    @app.periodic(cron="*/10 * * * *")
    @app.task(name="remove_old_jobs", queue=MAINTENANCE_QUEUE, queueing_lock="remove_old_jobs")
    async def remove_old_jobs(timestamp: int) -> None:
        del timestamp
        # The checks above leave thousands of rows a day, which nobody will ask about.
        await app.job_manager.delete_old_jobs(nb_hours=1, queue=MAINTENANCE_QUEUE, include_failed=True)
        await app.job_manager.delete_old_jobs(
            nb_hours=settings.keep_jobs_hours, include_failed=True, include_cancelled=True, include_aborted=True
        )

    @app.periodic(cron="7 * * * *")
    @app.task(name="close_late_appeals", queue=MAINTENANCE_QUEUE, queueing_lock="close_late_appeals")
    def close_late_appeals(timestamp: int) -> None:
        del timestamp
        with database.transaction() as session:
            late = expire_appeals(session, WORKER)
        if late:
            _log.warning("appeals were not decided in time", appeals=late)

    @app.periodic(cron="17 20 * * *")  # at night in China
    @app.task(name="sample_for_review", queue=MAINTENANCE_QUEUE, queueing_lock="sample_for_review")
    def sample_for_review(timestamp: int) -> None:
        del timestamp
        with database.transaction() as session:
            run = sample_recent(session, WORKER)
        if run is not None and run.created:
            _log.info("review tasks made", created=run.created, second=run.second)

    @app.periodic(cron="37 19 * * *")  # at night in China
    @app.task(name="lower_automation_levels", queue=MAINTENANCE_QUEUE, queueing_lock="lower_automation_levels")
    def lower_automation_levels(timestamp: int) -> None:
        del timestamp
        with database.transaction() as session:
            fallen = lower_levels(session, WORKER, since=datetime.now(UTC) - LOOK_BACK)
        if fallen:
            _log.warning("automation levels fell", criteria=[level.criterion for level in fallen])

    return app


def _every(seconds: int) -> str:
    return "* * * * *" if seconds == 60 else f"* * * * * */{seconds}"
