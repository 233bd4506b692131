"""Whether the service lives and works, and which version it is. No key needed, nothing confidential told."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from models import __version__
from service.api.dependencies import AppSettings, OpenDatabase
from service.api.problems import problem_responses
from service.db import migrate
from service.jobs.status import live_workers, pending_jobs

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class QueueState(BaseModel):
    """The scoring queue."""

    waiting: int = Field(description="Jobs that wait")
    running: int = Field(description="Jobs that run")
    conversations: int = Field(description="Conversations in both")
    workers: int = Field(description="Workers that showed a sign of life lately; with none, nothing is scored")


class Readiness(BaseModel):
    """The service can do its work."""

    status: Literal["ready"] = "ready"
    schema_revision: str
    queue: QueueState


class Version(BaseModel):
    """Which version runs."""

    name: Literal["attune"] = "attune"
    version: str
    api: Literal["v1"] = "v1"
    schema_revision: str = Field(description="The database schema this version works with")


@router.get("/healthz", summary="Does it live?")
def get_health() -> Health:
    """Answer."""
    return Health()


@router.get("/readyz", summary="Does it work?", responses=problem_responses(503))
def get_readiness(database: OpenDatabase, settings: AppSettings) -> Readiness:
    """Answer where the database does, has the right schema, and its queue can be read."""
    database.ping()
    migrate.require_current(database.engine)
    with database.transaction() as session:
        pending = pending_jobs(session)
        workers = live_workers(session, settings.service.stalled_after_s)
    return Readiness(
        schema_revision=migrate.head(),
        queue=QueueState(
            waiting=pending.waiting, running=pending.running, conversations=pending.conversations, workers=workers
        ),
    )


@router.get("/version", summary="Which version is it?")
def get_version() -> Version:
    """Return the version."""
    return Version(version=__version__, schema_revision=migrate.head())
