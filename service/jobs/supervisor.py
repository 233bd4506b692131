"""Keeps one worker process alive beside the API: starts it, starts it again when it dies, stops it at the end."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping

from service.core.logs import get_logger

_log = get_logger(__name__)
_FIRST_WAIT_S = 1.0
_LONGEST_WAIT_S = 30.0
_HEALTHY_AFTER_S = 60.0


class WorkerProcess:
    """A worker in a process of its own, so that a model never slows the API and may crash without taking it along."""

    def __init__(self, environment: Mapping[str, str], stop_timeout_s: float) -> None:
        """Prepare.

        Args:
            environment: The ``ATTUNE_*`` variables the worker reads its settings from.
            stop_timeout_s: Seconds it may take to stop before it is killed; no job is lost by that.
        """
        self._environment = {**os.environ, **environment}
        self._stop_timeout_s = stop_timeout_s
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._watch, name="worker supervisor", daemon=True)

    @property
    def pid(self) -> int | None:
        """The worker's process id, ``None`` between two lives."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> None:
        """Start the worker and watch over it."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the worker: politely, then by force."""
        self._stopping.set()
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(self._stop_timeout_s)
            except subprocess.TimeoutExpired:
                _log.warning("the worker does not stop, killing it", pid=process.pid)
                process.kill()
                process.wait()
        self._thread.join()

    def _watch(self) -> None:
        wait = _FIRST_WAIT_S
        while not self._stopping.is_set():
            begun = time.monotonic()
            code = self._run_once()
            if self._stopping.is_set():
                return
            wait = _FIRST_WAIT_S if time.monotonic() - begun > _HEALTHY_AFTER_S else wait
            _log.error("the worker ended by itself, starting another", exit_code=code, wait_s=wait)
            self._stopping.wait(wait)
            wait = min(wait * 2, _LONGEST_WAIT_S)

    def _run_once(self) -> int:
        # Its standard input stays open as long as this process lives; its end tells the worker to stop, however this
        # process ended.
        with subprocess.Popen(
            [sys.executable, "-m", "service.worker", "--stop-with-parent"],
            stdin=subprocess.PIPE,
            env=self._environment,
        ) as process:
            self._process = process
            if self._stopping.is_set():
                process.terminate()
            _log.info("worker started", pid=process.pid)
            return process.wait()
