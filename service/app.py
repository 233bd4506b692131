"""The application: settings in, ASGI app out; and serving it with a worker at its side."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.concurrency import run_in_threadpool

from models import __version__
from service.api.body_limit import BodyLimit
from service.api.problems import install_handlers
from service.api.reference import build_reference
from service.api.request_log import RequestLog
from service.api.routes import router
from service.audit.refusals import Refusals
from service.core.logs import configure_logging
from service.core.settings import Settings, as_environment
from service.core.stopping import exit_on_sigterm
from service.db import migrate
from service.db.engine import Database, open_database
from service.jobs.supervisor import WorkerProcess
from service.scoring.on_demand import EngineOnDemand

_DESCRIPTION = """Attune (知音) scores customer-service conversations: sentiment shift, script compliance, predicted
satisfaction and an automatic QA score.

Every answer that is an error is `application/problem+json` with a stable `code`; `Accept-Language` chooses the language
of `detail` (Chinese by default). API keys go into `Authorization: Bearer` or `X-API-Key`."""

# Bodies that may be long; their routes keep limits of their own.
_STREAMED = frozenset(
    {
        "/v1/conversations",
        "/v1/playbooks",
        "/v1/playbooks/validate",
        "/v1/rubrics",
        "/v1/rubrics/validate",
        "/v1/rubrics/preview",
    }
)

_TAGS = [
    {"name": "conversations", "description": "Send conversations in, find them again"},
    {"name": "scores", "description": "What was said of them, and saying it anew"},
    {"name": "catalogue", "description": "Playbooks and rubrics"},
    {"name": "kpis", "description": "Figures over many conversations"},
    {"name": "exports", "description": "Everything as tables and JSON"},
    {"name": "qa", "description": "Samples, reviews, appeals, calibration and automation levels"},
    {"name": "jobs", "description": "Background work"},
    {"name": "people", "description": "Who works with Attune, for administrators"},
    {"name": "keys", "description": "API keys, for administrators"},
    {"name": "audit", "description": "Who read or changed what, for administrators"},
    {"name": "health", "description": "For whoever runs it"},
]


def create_app(settings: Settings, database: Database | None = None) -> FastAPI:
    """Return the application; the database is opened when it starts, and closed when it stops.

    Args:
        settings: Everything it needs to know.
        database: An open database to use instead of the settings' own; stays open.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        opened: Database = (
            database if database is not None else await run_in_threadpool(open_database, settings.database)
        )
        app.state.database = opened
        worker = _start_worker(settings, opened) if settings.service.start_worker else None
        try:
            yield
        finally:
            if worker is not None:
                await run_in_threadpool(worker.stop)
            await run_in_threadpool(app.state.engine.close)
            if database is None:
                await run_in_threadpool(opened.close)

    app = FastAPI(
        title="Attune",
        version=__version__,
        description=_DESCRIPTION,
        openapi_tags=_TAGS,
        openapi_url="/v1/openapi.json",
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.state.settings = settings
    app.state.engine = EngineOnDemand(settings.scoring)
    app.state.refusals = Refusals()
    app.include_router(router)
    install_handlers(app)
    app.add_middleware(BodyLimit, streamed=_STREAMED)
    app.add_middleware(RequestLog)
    setattr(app, "openapi", lambda: build_reference(app))  # noqa: B010  # FastAPI's own way to replace it
    return app


def openapi_document() -> dict[str, Any]:
    """Return the API's OpenAPI document; needs neither settings nor database."""
    return create_app(Settings()).openapi()


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or Ctrl-C, with a worker at its side unless the settings say otherwise.

    Raises:
        DatabaseUnavailableError: The database cannot be reached or started.
        DatabaseNotMigratedError: It has another schema.
    """
    configure_logging(settings.service.log_level, settings.service.log_format)
    exit_on_sigterm()
    database = open_database(settings.database)
    try:
        migrate.require_current(database.engine)
        uvicorn.run(
            create_app(settings, database),
            host=settings.service.host,
            port=settings.service.port,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=10,
        )
    finally:
        database.close()


def _start_worker(settings: Settings, database: Database) -> WorkerProcess:
    # The worker is given the address of the database that is open here, so it need not start or migrate one.
    own = settings.database.model_copy(update={"database_url": SecretStr(database.url), "database_migrate": "never"})
    worker = WorkerProcess(
        as_environment(dataclasses.replace(settings, database=own)), settings.service.shutdown_grace_s + 10
    )
    worker.start()
    return worker
