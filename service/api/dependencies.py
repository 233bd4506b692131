"""What routes ask for: the database, the settings, and a caller who may."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from service.accounts.actor import NOBODY, Actor, require
from service.accounts.keys import enter, public_part
from service.accounts.roles import Permission
from service.audit.log import record
from service.audit.refusals import Refusals
from service.core.errors import ForbiddenError, UnauthenticatedError
from service.core.settings import Settings
from service.db.engine import Database
from service.scoring.on_demand import EngineOnDemand

_BEARER = HTTPBearer(auto_error=False, description="An API key", scheme_name="Bearer")
_HEADER = APIKeyHeader(name="X-API-Key", auto_error=False, description="An API key", scheme_name="ApiKey")


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def _engine(request: Request) -> EngineOnDemand:
    engine: EngineOnDemand = request.app.state.engine
    return engine


OpenDatabase = Annotated[Database, Depends(_database)]
AppSettings = Annotated[Settings, Depends(_settings)]
AppEngine = Annotated[EngineOnDemand, Depends(_engine)]


def permission(wanted: Permission) -> Any:
    """Return a dependency that lets only callers pass whose API key includes ``wanted``, and tells who they are.

    A route takes ``actor: Annotated[Actor, permission(…)]`` and records what the actor reads or changes.
    """

    def check(
        request: Request,
        database: OpenDatabase,
        bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)],
        header: Annotated[str | None, Security(_HEADER)],
    ) -> Actor:
        key = bearer.credentials if bearer else header
        refusals: Refusals = request.app.state.refusals
        request_id: str | None = getattr(request.state, "request_id", None)
        try:
            actor = _enter(database, key, request_id)
        except UnauthenticatedError:
            stranger = Actor(NOBODY.name, NOBODY.role, key_prefix=public_part(key), request_id=request_id)
            refusals.note(database, stranger, "invalid" if key else "missing")
            raise
        try:
            require(actor, wanted)
        except ForbiddenError:
            refusals.note(database, actor, "forbidden", wanted)
            raise
        return actor

    return Depends(check)


def _enter(database: Database, key: str | None, request_id: str | None) -> Actor:
    with database.transaction() as session:
        entry = enter(session, key)
        actor = entry.actor(request_id)
        if entry.first_today:
            record(session, actor, "key.use", "key", entry.info.id)
    return actor
