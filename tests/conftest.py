"""Fixtures for all tests. The database is the real thing: one embedded PostgreSQL a run, copied per test."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from pydantic import SecretStr
from sqlmodel import Session

from service.core.settings import DatabaseSettings, ScoringSettings, ServiceSettings, Settings
from service.db import migrate
from service.db.embedded import EmbeddedServer
from service.db.engine import Database

settings.register_profile(
    "attune",
    deadline=None,  # the machine is shared
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    derandomize=True,
)
settings.load_profile("attune")

_TEMPLATE = "attune_template"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[sa.URL]:
    """Start an embedded server with a migrated template database."""
    # Not under pytest's own directory: each run of pytest closes that to other users, and so, where tests run as root,
    # to the user the server runs as.
    directory = Path(tempfile.mkdtemp(prefix="attune-test-"))
    server = EmbeddedServer(directory / "pg")
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):  # nothing here has to survive a power cut
        _administrate(server.url, f"ALTER SYSTEM SET {setting} = off")
    _administrate(server.url, "SELECT pg_reload_conf()")
    _administrate(server.url, f"CREATE DATABASE {_TEMPLATE}")
    template = Database(server.url.set(database=_TEMPLATE))
    migrate.upgrade(template.engine)
    template.close()
    yield server.url
    server.close()
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def empty_database_url(postgres: sa.URL) -> Iterator[str]:
    """Give a database of its own without any table."""
    yield from _copy(postgres, "template1")


@pytest.fixture
def database_url(postgres: sa.URL) -> Iterator[str]:
    """Give a migrated database of its own, empty."""
    yield from _copy(postgres, _TEMPLATE)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Open a migrated database of its own."""
    opened = Database(sa.make_url(database_url))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def _shared(postgres: sa.URL) -> Iterator[Database]:
    for url in _copy(postgres, _TEMPLATE):
        opened = Database(sa.make_url(url))
        yield opened
        opened.close()


@pytest.fixture
def session(_shared: Database) -> Iterator[Session]:
    """Give a session whose changes are rolled back after the test: the fastest, where nothing has to be committed."""
    with _shared.engine.connect() as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as opened:
            yield opened
        outer.rollback()


@pytest.fixture
def app_settings(database_url: str, tmp_path: Path) -> Settings:
    """Return settings of a service on a database of its own, with the fake engine and no worker."""
    return Settings(
        database=DatabaseSettings(database_url=SecretStr(database_url), var=tmp_path, database_migrate="never"),
        service=ServiceSettings(start_worker=False),
        scoring=ScoringSettings(engine="fake"),
    )


def _copy(server: sa.URL, template: str) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    _administrate(server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    yield server.set(database=name).render_as_string(hide_password=False)
    _administrate(server, f"DROP DATABASE {name} WITH (FORCE)")


def _administrate(server: sa.URL, statement: str) -> None:
    engine = sa.create_engine(server.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(sa.text(statement))
    finally:
        engine.dispose()
