"""Over a real connection: an export that fails in the middle never looks like a whole one."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn

from service.accounts.keys import create_key
from service.app import create_app
from service.core.settings import Settings
from service.db.engine import Database
from service.exports import run
from service.exports.columns import Column, Words
from service.exports.dataset import Dataset


class _BrokenError(Exception):
    """The database went away."""


def _rows(*_: object) -> Iterator[dict[str, str]]:
    for _number in range(5000):
        yield {"a": "x" * 100}
    raise _BrokenError


@pytest.fixture
def port(app_settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Serve a dataset that breaks off."""
    columns = [Column("a", Words("a", "a"), lambda row: row["a"])]
    broken = Dataset("conversations", Words("测试", "Test"), "scores:read", columns, _rows)
    monkeypatch.setitem(run.DATASETS, "conversations", broken)  # type: ignore[arg-type]
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    config = uvicorn.Config(create_app(app_settings, database), log_config=None, access_log=False, lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield taken.getsockname()[1]
    server.should_exit = True
    thread.join()
    taken.close()


@pytest.mark.parametrize("form", ["csv", "json", "jsonl"])
def test_the_connection_breaks_off(port: int, database: Database, form: str) -> None:
    with database.transaction() as session:
        key = create_key(session, "test", "admin").key
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", f"/v1/exports/conversations.{form}", headers={"Authorization": f"Bearer {key}"})
    answer = connection.getresponse()
    assert (answer.status, answer.headers["transfer-encoding"]) == (200, "chunked")
    with pytest.raises(http.client.IncompleteRead):
        answer.read()
    connection.close()
