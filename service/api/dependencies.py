"""What routes ask for: the database, the settings, and a caller who may."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from service.accounts.keys import KeyInfo, authenticate, require
from service.accounts.roles import Permission
from service.core.settings import Settings
from service.db.engine import Database
from service.scoring.coaching import Coach

_BEARER = HTTPBearer(auto_error=False, description="An API key", scheme_name="Bearer")
_HEADER = APIKeyHeader(name="X-API-Key", auto_error=False, description="An API key", scheme_name="ApiKey")


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def _coach(request: Request) -> Coach:
    coach: Coach = request.app.state.coach
    return coach


OpenDatabase = Annotated[Database, Depends(_database)]
AppSettings = Annotated[Settings, Depends(_settings)]
AppCoach = Annotated[Coach, Depends(_coach)]


def permission(wanted: Permission) -> Any:
    """Return a dependency that lets only callers pass whose API key includes ``wanted``."""

    def check(
        database: OpenDatabase,
        bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)],
        header: Annotated[str | None, Security(_HEADER)],
    ) -> KeyInfo:
        with database.transaction() as session:
            info = authenticate(session, bearer.credentials if bearer else header)
        require(info, wanted)
        return info

    return Depends(check)
