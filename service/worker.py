"""The worker: takes scoring jobs off the queue, one at a time, until told to stop. Several may run at once."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading

from models.errors import AttuneError
from service.core.logs import configure_logging, get_logger
from service.core.settings import Settings, load_settings
from service.core.stopping import exit_on_sigterm
from service.db import migrate
from service.db.engine import open_database
from service.jobs.tasks import build_queue
from service.scoring.gateway import open_engine

_log = get_logger(__name__)


def run_worker(settings: Settings, *, wait: bool = True) -> None:
    """Run jobs until SIGTERM or Ctrl-C, or with ``wait=False`` until the queue is empty.

    A running batch may go on for ``shutdown_grace_s``, then it stops at the next commit and returns to the queue.

    Raises:
        DatabaseUnavailableError: The database cannot be reached.
        DatabaseNotMigratedError: It has another schema.
    """
    database = open_database(settings.database)
    engine = open_engine(settings.scoring)
    try:
        migrate.require_current(database.engine)
        engine.warm_up()
        queue = build_queue(
            database,
            engine,
            settings.service,
            chunk=settings.scoring.score_chunk,
            taxonomy=settings.scoring.taxonomy,
        )

        async def run() -> None:
            async with queue.open_async():
                _log.info("worker ready", pid=os.getpid())
                await queue.run_worker_async(
                    concurrency=1,
                    wait=wait,
                    install_signal_handlers=threading.current_thread() is threading.main_thread(),
                    fetch_job_polling_interval=5.0,
                    update_heartbeat_interval=settings.service.heartbeat_s,
                    stalled_worker_timeout=settings.service.stalled_after_s,
                    shutdown_graceful_timeout=settings.service.shutdown_grace_s,
                )

        asyncio.run(run())
    finally:
        engine.close()
        database.close()
        _log.info("worker stopped", pid=os.getpid())


def _stop_with_parent() -> None:
    """End this process when whoever holds the other end of its standard input is gone."""

    def watch() -> None:
        # Not through sys.stdin: the interpreter cannot end while a thread holds that one's lock, and aborts.
        while os.read(0, 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()


def main() -> None:
    """Run as ``python -m service.worker``, with the settings of the environment."""
    exit_on_sigterm()
    if "--stop-with-parent" in sys.argv[1:]:
        _stop_with_parent()
    try:
        settings = load_settings()
        configure_logging(settings.service.log_level, settings.service.log_format)
        run_worker(settings)
    except AttuneError as error:
        sys.exit(f"attune worker: {error.code}: {error.message_en}" + (f" ({error.hint})" if error.hint else ""))


if __name__ == "__main__":
    main()
