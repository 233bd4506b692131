"""The audit log, for administrators."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from service.accounts.actor import Actor
from service.api.dependencies import OpenDatabase, permission
from service.api.parameters import Moment, Text
from service.api.problems import problem_responses
from service.audit.log import EventFilter, EventPage, list_events, record_read
from service.kpi.report import DEFAULT_TIMEZONE, end_of, start_of

router = APIRouter(prefix="/audit", tags=["audit"])


class AuditQuery(BaseModel):
    """Conditions on events, which must all hold, and the place in the list."""

    model_config = ConfigDict(extra="forbid")

    since: Moment | None = Field(default=None, alias="from", description="A day, from its beginning, or a moment")
    until: Moment | None = Field(default=None, alias="to", description="A day, included whole, or a moment, excluded")
    actor: Text | None = Field(default=None, description="As it stands in events")
    action: Text | None = Field(default=None, description="`conversation.read`, or `conversation.*` for all of a kind")
    object_type: Text | None = None
    object_id: Text | None = None
    request_id: Text | None = None
    limit: int = Field(default=50, ge=1, le=200, description="Events a page")
    cursor: int | None = Field(default=None, ge=1, le=2**63 - 1, description="`next_cursor` of the page before")


@router.get("", summary="List audit events", responses=problem_responses(401, 403, 422, 503))
def get_audit(
    database: OpenDatabase, actor: Annotated[Actor, permission("audit:read")], query: Annotated[AuditQuery, Query()]
) -> EventPage:
    """Return a page of events, newest first. Reading them is an event, too, which the next reading shows."""
    zone = ZoneInfo(DEFAULT_TIMEZONE)
    wanted = EventFilter(
        since=start_of(query.since, zone),
        until=end_of(query.until, zone),
        actor=query.actor,
        action=query.action,
        object_type=query.object_type,
        object_id=query.object_id,
        request_id=query.request_id,
    )
    with database.transaction() as session:
        page = list_events(session, wanted, query.limit, query.cursor)
        conditions = sorted(query.model_fields_set - {"limit", "cursor"})
        record_read(session, actor, "audit.read", "audit", None, {"count": len(page.items), "conditions": conditions})
        return page
