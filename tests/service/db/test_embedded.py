"""The embedded server against the accidents that happen on people's machines."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import sqlalchemy as sa

from service.core.errors import DatabaseUnavailableError
from service.core.settings import DatabaseSettings
from service.db import migrate
from service.db.embedded import EmbeddedServer
from service.db.engine import open_database

_OPEN = (
    "import sys\n"
    "from pathlib import Path\n"
    "from service.core.settings import DatabaseSettings\n"
    "from service.db.engine import open_database\n"
    "database = open_database(DatabaseSettings(var=Path(sys.argv[1])))\n"
    "print('open', flush=True)\n"
    "sys.stdin.read()\n"
    "database.close()\n"
)


@pytest.fixture
def var() -> Iterator[Path]:
    """A directory that the server's own user may enter, with Chinese in its name."""
    directory = Path(tempfile.mkdtemp(prefix="attune-embedded-"))
    path = directory / "我的数据100%"
    yield path
    pid = server_pid(path)
    if pid is not None and psutil.pid_exists(pid):
        os.kill(pid, signal.SIGQUIT)
    shutil.rmtree(directory, ignore_errors=True)


def server_pid(var: Path) -> int | None:
    try:
        return int((var / "pg" / "postmaster.pid").read_text().split("\n")[0])
    except (OSError, ValueError):
        return None


def other_process(var: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", _OPEN, str(var)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"open\n"
    return process


def end(process: subprocess.Popen[bytes]) -> None:
    process.communicate()
    assert process.returncode == 0


def works(var: Path) -> bool:
    database = open_database(DatabaseSettings(var=var))
    try:
        with database.transaction() as session:
            session.execute(sa.text("SELECT count(*) FROM conversation"))
        return database.embedded and migrate.is_current(database.engine)
    finally:
        database.close()


def test_a_life_with_accidents(var: Path) -> None:
    # From nothing, and stopped by its only user.
    assert works(var)
    assert server_pid(var) is None

    # Two processes at once: the last one to leave stops it.
    other = other_process(var)
    pid = server_pid(var)
    assert works(var)
    assert server_pid(var) == pid
    end(other)
    assert server_pid(var) is None

    # A user killed with -9 does not keep it running for ever.
    victim = other_process(var)
    victim.kill()
    victim.communicate()
    assert server_pid(var) is not None
    assert works(var)
    assert server_pid(var) is None

    # The server itself killed with -9: recovers.
    other = other_process(var)
    pid = server_pid(var)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert works(var)
    other.kill()
    other.communicate()
    assert works(var)
    assert server_pid(var) is None

    # Its pid belongs to another program by now (here: this one), as after a restart of a container.
    left_behind = f"{os.getpid()}\n{var / 'pg'}\n{int(time.time())}\n5432\n{var / 'pg'}\n\n  1  1\nready   \n"
    (var / "pg" / "postmaster.pid").write_text(left_behind)
    assert works(var)

    # A pid file that was cut off.
    (var / "pg" / "postmaster.pid").write_text("12")
    assert works(var)

    # Users that are gone.
    (var / "pg" / ".handle_pids.json").write_text(json.dumps([999_999_999]))
    assert works(var)
    assert server_pid(var) is None


def test_opened_twice_in_one_process(var: Path) -> None:
    first = open_database(DatabaseSettings(var=var))
    second = open_database(DatabaseSettings(var=var))
    second.close()
    first.ping()
    first.close()
    assert server_pid(var) is None


def test_a_directory_that_is_none(var: Path) -> None:
    var.mkdir(parents=True)
    (var / "pg").write_text("a file")
    with pytest.raises(DatabaseUnavailableError) as raised:
        EmbeddedServer(var / "pg")
    assert raised.value.hint
    assert "内置" in raised.value.message_zh


def test_a_path_that_a_shell_would_take_apart(var: Path) -> None:
    with pytest.raises(DatabaseUnavailableError, match="path"):
        EmbeddedServer(var / "my data" / "pg")
    assert not var.exists()


def test_data_of_another_postgresql_version(var: Path) -> None:
    (var / "pg").mkdir(parents=True)
    (var / "pg" / "PG_VERSION").write_text("9\n")
    with pytest.raises(DatabaseUnavailableError):
        EmbeddedServer(var / "pg")


@pytest.mark.parametrize(
    "url", ["postgresql://nobody@127.0.0.1:1/none", "postgresql://[::1", "postgres://x:y@nowhere.invalid/z"]
)
def test_a_server_that_does_not_answer(url: str) -> None:
    from pydantic import SecretStr

    with pytest.raises(DatabaseUnavailableError):
        open_database(DatabaseSettings(database_url=SecretStr(url)))
