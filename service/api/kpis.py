"""Figures over conversations."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, field_validator

from models.domain.conversation import Queue
from service.accounts.actor import Actor
from service.api.dependencies import OpenDatabase, permission
from service.api.parameters import Moment, Text
from service.api.problems import problem_responses
from service.audit.log import record_read
from service.kpi.report import DEFAULT_TIMEZONE, KpiReport, kpi_report
from service.kpi.repository import Dimension

router = APIRouter(tags=["kpis"])


class KpiQuery(BaseModel):
    """Which conversations, and how they are grouped."""

    model_config = ConfigDict(extra="forbid")

    group_by: list[Dimension] = Field(default=[], max_length=3, description="Repeat or separate by commas to combine")
    since: Moment | None = Field(default=None, alias="from", description="A day, from its beginning, or a moment")
    until: Moment | None = Field(default=None, alias="to", description="A day, included whole, or a moment, excluded")
    queue: Queue | None = None
    agent: Text | None = Field(default=None, description="Id of the agent")
    timezone: Text = Field(default=DEFAULT_TIMEZONE, description="Where days begin, as an IANA name")

    @field_validator("group_by", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, list):
            return [part.strip() for item in value for part in str(item).split(",")]
        return value


@router.get(
    "/kpis",
    summary="Get figures",
    responses=problem_responses(401, 403, 422, 503),
)
def get_kpis(
    database: OpenDatabase, actor: Annotated[Actor, permission("kpis:read")], query: Annotated[KpiQuery, Query()]
) -> KpiReport:
    """Return the figures of a period, in total and by group, each with the number of conversations behind it.

    A figure with nothing behind it is null, with the note `not_enough_data`. What each one means is in `definitions`.
    """
    with database.transaction() as session:
        report = kpi_report(
            session,
            group_by=query.group_by,
            since=query.since,
            until=query.until,
            queue=query.queue,
            agent=query.agent,
            timezone=query.timezone,
        )
        detail = {"group_by": list(report.group_by), "queue": query.queue, "agent": query.agent}
        record_read(session, actor, "kpis.read", "figures", "kpis", detail)
        return report
