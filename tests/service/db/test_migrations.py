from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest
import sqlalchemy as sa
from procrastinate.schema import SchemaManager

from service.core.errors import DatabaseNotMigratedError
from service.db import migrate
from service.db.engine import Database


@pytest.fixture
def empty(empty_database_url: str):
    database = Database(sa.make_url(empty_database_url))
    yield database
    database.close()


def objects(database: Database) -> set[str]:
    with database.engine.connect() as connection:
        tables = sa.inspect(connection).get_table_names()
        routines = connection.execute(sa.text("SELECT proname FROM pg_proc WHERE proname LIKE 'procrastinate%'"))
        types = connection.execute(sa.text("SELECT typname FROM pg_type WHERE typname LIKE 'procrastinate%'"))
        return {*tables, *routines.scalars(), *types.scalars()} - {"alembic_version"}


def test_up_down_and_up_again(empty: Database) -> None:
    assert migrate.current(empty.engine) is None
    with pytest.raises(DatabaseNotMigratedError):
        migrate.require_current(empty.engine)

    migrate.upgrade(empty.engine)
    assert migrate.is_current(empty.engine)
    assert {"conversation", "conversation_revision", "score", "api_key", "procrastinate_jobs"} <= objects(empty)

    migrate.downgrade(empty.engine)
    assert objects(empty) == set()

    migrate.upgrade(empty.engine)
    migrate.require_current(empty.engine)


def test_the_tables_in_the_code_are_those_of_the_migrations(database: Database) -> None:
    assert migrate.check(database.engine) == []


def test_check_tells_what_differs(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE score DROP COLUMN shift"))
    [difference] = migrate.check(database.engine)
    assert "shift" in difference


def test_upgrading_twice_at_once_is_harmless(empty: Database) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: migrate.upgrade(empty.engine), range(4)))
    assert migrate.is_current(empty.engine)


def test_the_pinned_queue_schema_is_the_installed_librarys() -> None:
    pinned = resources.files("service.db") / "migrations" / "sql" / "procrastinate_3_10.sql"
    assert Path(str(pinned)).read_text() == SchemaManager.get_schema(), (
        "procrastinate changed its schema: add a migration with its SQL, and pin the new version"
    )
