"""Opening the database: the server of the settings, or the embedded one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import sqlalchemy as sa
from sqlmodel import Session

from service.core.errors import DatabaseUnavailableError
from service.core.settings import DatabaseSettings
from service.db import migrate, session
from service.db.embedded import EmbeddedServer


class Database:
    """An open database: hands out transactions, and is closed by whoever opened it."""

    def __init__(self, url: sa.URL, *, pool_size: int = 10, server: EmbeddedServer | None = None) -> None:
        """Prepare the pool; connects when first used."""
        self._url = url.set(drivername="postgresql")
        self._server = server
        self.engine = sa.create_engine(
            self._url.set(drivername="postgresql+psycopg"),
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=True,
            hide_parameters=True,  # they hold what customers wrote
            json_serializer=_dump_json,
            json_deserializer=orjson.loads,
            connect_args={"options": "-c timezone=UTC", "connect_timeout": 10},
        )

    @property
    def url(self) -> str:
        """The address in libpq's form, with the password: for other processes and for the queue, never for logs."""
        return self._url.render_as_string(hide_password=False)

    @property
    def embedded(self) -> bool:
        """Whether this is the embedded server."""
        return self._server is not None

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Give a session; commits at the end, rolls back on any error."""
        with session.transaction(self.engine) as opened:
            yield opened

    def ping(self) -> None:
        """Ask for one row.

        Raises:
            DatabaseUnavailableError: No answer.
        """
        try:
            with self.engine.connect() as connection:
                connection.execute(sa.text("SELECT 1"))
        except sa.exc.OperationalError as error:
            raise DatabaseUnavailableError(
                "the database cannot be reached",
                "无法连接数据库",
                hint="check ATTUNE_DATABASE_URL and that the server is running",
            ) from error

    def close(self) -> None:
        """Close the connections and leave the embedded server."""
        self.engine.dispose()
        if self._server is not None:
            self._server.close()


def open_database(settings: DatabaseSettings) -> Database:
    """Open the database of the settings and, where they say so, migrate it.

    Raises:
        DatabaseUnavailableError: It cannot be reached or started.
    """
    if settings.database_url is None:
        server = EmbeddedServer(settings.var / "pg")
        database = Database(server.url, pool_size=settings.database_pool_size, server=server)
    else:
        database = Database(_parse(settings.database_url.get_secret_value()), pool_size=settings.database_pool_size)
    try:
        database.ping()
        if settings.database_migrate == "always" or (settings.database_migrate == "auto" and database.embedded):
            migrate.upgrade(database.engine)
    except BaseException:
        database.close()
        raise
    return database


def _parse(text: str) -> sa.URL:
    try:
        return sa.make_url(text.replace("postgres://", "postgresql://", 1))
    except (sa.exc.ArgumentError, ValueError) as error:
        raise DatabaseUnavailableError(
            "ATTUNE_DATABASE_URL is not a valid address", "ATTUNE_DATABASE_URL 不是有效的地址"
        ) from error


def _dump_json(value: Any) -> str:
    return orjson.dumps(value).decode()
