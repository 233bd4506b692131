"""Opens the database for a command and closes it after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.db.engine import Database


@contextmanager
def opened_database(*, migrated: bool = True) -> Iterator[Database]:
    """Yield the database of the settings.

    Args:
        migrated: Refuse one that has another schema than this version's.

    Raises:
        DatabaseUnavailableError: It cannot be reached or started.
        DatabaseNotMigratedError: It has another schema.
    """
    from service.core.logs import configure_logging
    from service.core.settings import load_settings
    from service.db import migrate
    from service.db.engine import open_database

    configure_logging("warning")
    database = open_database(load_settings().database)
    try:
        if migrated:
            migrate.require_current(database.engine)
        yield database
    finally:
        database.close()
