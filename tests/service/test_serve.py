"""The whole service as it is run: embedded database, API, and a worker at its side."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from service.accounts.keys import create_key
from service.core.settings import DatabaseSettings
from service.db.engine import open_database

_SERVE = "from service.app import serve; from service.core.settings import load_settings; serve(load_settings())"
_PATIENCE_S = 60


class Service:
    """A running service and a key to it."""

    def __init__(self, var: Path) -> None:
        database = open_database(DatabaseSettings(var=var))
        with database.transaction() as session:
            self._key = create_key(session, "test", "admin").key
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        environment = {
            **os.environ,
            "ATTUNE_VAR": str(var),
            "ATTUNE_PORT": str(self._port),
            "ATTUNE_ENGINE": "fake",
            "ATTUNE_LOG_LEVEL": "warning",
            "ATTUNE_LOG_FORMAT": "json",
        }
        self.begun = time.monotonic()
        self.process = subprocess.Popen([sys.executable, "-c", _SERVE], env=environment)
        # Closed only now, so that the embedded server goes from one process to the next without a restart.
        self.wait(lambda: self.get("/readyz"))
        self.started_s = time.monotonic() - self.begun
        database.close()

    def get(self, path: str, body: Any = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"http://127.0.0.1:{self._port}{path}", data, headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)
        except (urllib.error.URLError, ConnectionError):
            return None

    def wait(self, condition: Any) -> Any:
        deadline = time.monotonic() + _PATIENCE_S
        while not (result := condition()):
            assert time.monotonic() < deadline, "waited in vain"
            assert self.process.poll() is None, "the service ended"
            time.sleep(0.1)
        return result

    def workers(self) -> list[psutil.Process]:
        return [
            child
            for child in psutil.Process(self.process.pid).children(recursive=True)
            if "service.worker" in child.cmdline()
        ]


@pytest.fixture
def var() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="attune-serve-"))
    yield directory / "var"
    shutil.rmtree(directory, ignore_errors=True)


def test_from_post_to_score_through_kill_and_stop(var: Path, document) -> None:
    service = Service(var)
    try:
        assert service.get("/v1/conversations", document("first"))["accepted"] == 1
        service.wait(lambda: service.get("/v1/conversations/first")["state"] == "scored")

        [worker] = service.workers()
        worker.kill()
        assert service.get("/v1/conversations", document("second"))["accepted"] == 1
        service.wait(lambda: service.get("/v1/conversations/second")["state"] == "scored")

        [worker] = service.workers()
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(_PATIENCE_S) == 0
        assert not worker.is_running()
        assert not (var / "pg" / "postmaster.pid").exists(), "the embedded server still runs"
    finally:
        service.process.kill()
        service.process.wait()

    # Killed with -9: its worker goes, and the next one starts on what is left.
    service = Service(var)
    try:
        [worker] = service.wait(service.workers)
        service.process.kill()
        service.process.wait()
        worker.wait(_PATIENCE_S)
    finally:
        service.process.kill()
    service = Service(var)
    try:
        assert service.get("/v1/conversations/first")["state"] == "scored"
        service.process.send_signal(signal.SIGINT)
        assert service.process.wait(_PATIENCE_S) == 0
        assert not (var / "pg" / "postmaster.pid").exists()
    finally:
        service.process.kill()
        service.process.wait()
