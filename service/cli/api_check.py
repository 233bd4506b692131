"""Starts the API for a moment and makes sure that it answers, as a client would see it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from typing import Any

from models.errors import AttuneError

_START_SECONDS = 60.0


class ApiCheckError(AttuneError):
    """The API did not start or did not answer as it should."""

    code = "api-not-answering"


def check_api(key: str) -> int:
    """Start the API in a process of its own on a free port, ask for conversations with ``key``, and stop it.

    Its settings are those of the environment, as ours are.

    Returns:
        How many conversations the first page lists.

    Raises:
        ApiCheckError: It does not come up, or its answer is wrong.
    """
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    command = [sys.executable, "-m", "service.cli", "serve", "--host", "127.0.0.1", "--port", str(port), "--no-worker"]
    with subprocess.Popen(command, env={**os.environ, "ATTUNE_LOG_LEVEL": "warning"}) as process:
        try:
            base = f"http://127.0.0.1:{port}"
            _wait(process, f"{base}/readyz")
            return len(_get(f"{base}/v1/conversations?limit=50", key)["items"])
        except (OSError, ValueError, KeyError) as error:
            raise _failure(f"{type(error).__name__}: {error}") from None
        finally:
            process.terminate()


def _wait(process: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise _failure(f"exit code {process.returncode}")
        try:
            _get(url)
            return
        except OSError:  # urllib's errors are OSErrors: refused while it starts, 503 while it is not ready
            time.sleep(0.2)
    raise _failure(f"not ready after {_START_SECONDS:.0f} s")


def _get(url: str, key: str | None = None) -> Any:
    request = urllib.request.Request(url, headers={"X-API-Key": key} if key else {})
    # No proxy: it is this machine that is asked.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as answer:
        return json.load(answer)


def _failure(reason: str) -> ApiCheckError:
    return ApiCheckError(f"the API does not answer: {reason}", f"API 没有正常响应:{reason}", hint="attune doctor")
