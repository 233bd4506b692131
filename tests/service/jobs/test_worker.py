"""The worker as a process of its own: what is queued gets scored once, whatever happens to the workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa

from models.interchange import parse_conversation
from models.qa import load_rubric
from service.accounts.actor import Actor
from service.conversations.filters import ConversationFilter
from service.conversations.read import list_conversations
from service.conversations.store import store_conversations
from service.core.settings import ServiceSettings, Settings, as_environment
from service.db.engine import Database
from service.jobs.giving_up import give_up
from service.jobs.status import job_status, live_workers, pending_jobs
from service.jobs.supervisor import WorkerProcess
from service.jobs.tasks import MAX_ATTEMPTS
from service.scoring.dry_runs import dry_run_result, get_dry_run, request_dry_run
from service.worker import run_worker

_PATIENCE_S = 60.0
Start = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture
def settings(app_settings: Settings) -> Settings:
    quick = ServiceSettings(
        start_worker=False,
        heartbeat_s=0.5,
        stalled_after_s=3,
        stalled_check_s=1,
        shutdown_grace_s=1,
        log_level="warning",
    )
    return replace(app_settings, service=quick, scoring=app_settings.scoring.model_copy(update={"score_chunk": 5}))


@pytest.fixture
def start(settings: Settings) -> Iterator[Start]:
    """Return a function that starts a worker; those still running after the test are killed."""
    started: list[subprocess.Popen[bytes]] = []

    def begin() -> subprocess.Popen[bytes]:
        environment = {**os.environ, **as_environment(settings)}
        started.append(subprocess.Popen([sys.executable, "-m", "service.worker"], env=environment))
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.wait()


def store(database: Database, document, count: int, **fields: object) -> list[int]:
    conversations = [parse_conversation(document(f"c-{number:03}", **fields)) for number in range(count)]
    with database.transaction() as session:
        return sorted({outcome.job_id or 0 for outcome in store_conversations(session, conversations)})


def number(database: Database, query: str) -> int:
    with database.transaction() as session:
        return int(session.execute(sa.text(query)).scalar_one())


def scored(database: Database) -> int:
    return number(database, "SELECT count(*) FROM conversation WHERE current_score_id IS NOT NULL")


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def test_a_worker_killed_in_the_middle_loses_nothing(database: Database, document, start: Start) -> None:
    [job] = store(database, document, 60, extra={"fake": {"seconds": 0.05}})
    victim = start()
    wait_until(lambda: scored(database) >= 10)
    os.kill(victim.pid, signal.SIGKILL)
    victim.wait()
    before = scored(database)
    assert before < 60
    with database.transaction() as session:
        assert job_status(session, job).state == "running"

    start()
    wait_until(lambda: scored(database) == 60)
    assert number(database, "SELECT count(*) FROM score") == 60

    def finished() -> bool:
        with database.transaction() as session:
            return job_status(session, job).state == "succeeded"

    wait_until(finished)
    with database.transaction() as session:
        assert job_status(session, job).attempts == 2
        assert pending_jobs(session).conversations == 0


def test_a_worker_told_to_stop_gives_its_job_back(database: Database, document, start: Start) -> None:
    [job] = store(database, document, 100, extra={"fake": {"seconds": 0.1}})
    worker = start()
    wait_until(lambda: scored(database) >= 5)
    worker.terminate()
    assert worker.wait(_PATIENCE_S) == 0
    with database.transaction() as session:
        assert job_status(session, job).state == "waiting"
        assert live_workers(session) == 0
    assert 5 <= scored(database) < 100


def test_two_workers_share_the_work(database: Database, document, start: Start) -> None:
    for batch in range(4):
        conversations = [
            parse_conversation(document(f"c-{batch}-{each}", extra={"fake": {"seconds": 0.01}})) for each in range(20)
        ]
        with database.transaction() as session:
            store_conversations(session, conversations)
    start()
    start()
    wait_until(lambda: scored(database) == 80)
    assert number(database, "SELECT count(*) FROM score") == 80


def test_a_worker_works_off_the_queue_and_returns(database: Database, document, settings: Settings) -> None:
    store(database, document, 12)
    run_worker(settings, wait=False)
    assert scored(database) == 12


def test_one_that_cannot_be_scored_does_not_keep_the_others(database: Database, document, settings: Settings) -> None:
    store(database, document, 12)
    bad = parse_conversation(document("bad", extra={"fake": {"fails": True}}))
    with database.transaction() as session:
        store_conversations(session, [bad, parse_conversation(document("good"))])
    run_worker(settings, wait=False)
    assert scored(database) == 13
    assert number(database, "SELECT count(*) FROM conversation WHERE score_error = 'invalid-pipeline'") == 1


def test_a_job_handed_back_often_is_not_dropped(database: Database, document, settings: Settings, start: Start) -> None:
    [job] = store(database, document, 40, extra={"fake": {"seconds": 0.1}})
    with database.transaction() as session:
        session.execute(sa.text("UPDATE procrastinate_jobs SET attempts = 50"))
    worker = start()
    wait_until(lambda: scored(database) >= 5)
    worker.terminate()
    assert worker.wait(_PATIENCE_S) == 0
    with database.transaction() as session:
        assert job_status(session, job).state == "waiting"
    run_worker(settings, wait=False)  # due at once
    assert scored(database) == 40


def test_a_conversation_that_kills_its_workers_keeps_no_other_from_its_score(
    database: Database, document, settings: Settings
) -> None:
    [job] = store(database, document, 12)
    with database.transaction() as session:
        # As five dead workers leave it.
        session.execute(
            sa.text("UPDATE procrastinate_jobs SET status = 'doing', attempts = :attempts WHERE id = :job"),
            {"attempts": MAX_ATTEMPTS - 1, "job": job},
        )

    def split() -> bool:
        run_worker(settings, wait=False)
        return scored(database) == 12

    wait_until(split)
    with database.transaction() as session:
        assert job_status(session, job).state == "failed"


def test_one_that_is_alone_in_a_job_given_up_is_marked(database: Database, document) -> None:
    store(database, document, 1)
    with database.transaction() as session:
        give_up(session, ["c-000"], 0)
        [found] = list_conversations(session, ConversationFilter(state="failed")).items
        assert found.id == "c-000"


def test_a_document_that_cannot_be_read_does_not_keep_the_others(
    database: Database, document, settings: Settings
) -> None:
    store(database, document, 12)
    with database.transaction() as session:
        session.execute(
            sa.text("UPDATE conversation_revision SET document = document - 'turns' WHERE conversation_id = 'c-003'")
        )
    run_worker(settings, wait=False)
    assert scored(database) == 11
    assert number(database, "SELECT count(*) FROM conversation WHERE score_error = 'invalid-conversation'") == 1


def test_the_supervisor_starts_a_worker_again(database: Database, document, settings: Settings) -> None:
    worker = WorkerProcess(as_environment(settings), stop_timeout_s=20)
    worker.start()
    try:
        wait_until(lambda: worker.pid is not None)
        first = worker.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: worker.pid not in (None, first))
        store(database, document, 3)
        wait_until(lambda: scored(database) == 3)
    finally:
        worker.stop()
    assert worker.pid is None


def test_a_worker_ends_with_whoever_started_it(settings: Settings) -> None:
    program = (
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-m', 'service.worker', '--stop-with-parent'],"
        " stdin=subprocess.PIPE)\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    environment = {**os.environ, **as_environment(settings)}
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        time.sleep(1.5)
        parent.kill()
    wait_until(lambda: not alive(worker))


def test_a_worker_told_to_stop_ends_without_a_crash(database: Database, settings: Settings) -> None:
    def is_ready() -> bool:
        with database.transaction() as session:
            return live_workers(session) == 1

    environment = {**os.environ, **as_environment(settings)}
    command = [sys.executable, "-m", "service.worker", "--stop-with-parent"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as worker:
        wait_until(is_ready)
        worker.terminate()
        assert worker.stderr is not None
        said = worker.stderr.read()
        assert worker.wait(_PATIENCE_S) == 0, said
    assert b"Fatal" not in said


def alive(pid: int) -> bool:
    import psutil

    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_a_dry_run_survives_its_worker(database: Database, document, start: Start) -> None:
    store(database, document, 130, extra={"fake": {"seconds": 0.01}})
    with database.transaction() as session:
        run = request_dry_run(
            session,
            Actor("me", "admin"),
            spec="ecommerce-zh@1",
            text=None,
            against="ecommerce-zh@2",
            default="ecommerce-zh",
            rubric=load_rubric("default"),
            wanted=ConversationFilter(),
            limit=1000,
        ).id

    def state() -> tuple[str, int]:
        with database.transaction() as session:
            found = get_dry_run(session, run)
        return found.state, found.done

    victim = start()
    wait_until(lambda: state()[1] >= 100)
    os.kill(victim.pid, signal.SIGKILL)
    victim.wait()
    assert state() == ("running", 100)
    start()
    wait_until(lambda: state() == ("succeeded", 130))
    with database.transaction() as session:
        result = dry_run_result(session, run)
    assert result is not None
    assert result.conversations == 130
