"""Parameters that several routes share: texts PostgreSQL can hold, days or moments, filters on conversations."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Path
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

from models.domain.conversation import Channel, Queue
from models.domain.scores import CsatLabel, Direction
from service.conversations.filters import ConversationFilter, ScoreState
from service.kpi.report import DEFAULT_TIMEZONE, end_of, start_of

Text = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
ConversationId = Annotated[
    str, Path(min_length=1, max_length=1000, pattern=r"^[^\x00]+$", examples=["c-20261012-0001"])
]
BigId = Annotated[int, Path(ge=1, le=2**63 - 1)]
Figure = Annotated[float, Field(allow_inf_nan=False)]


def _parse_moment(value: Any) -> date | datetime:
    if isinstance(value, (date, datetime)):
        return value
    if not isinstance(value, str):
        raise ValueError("write a day (2026-10-12) or a moment (2026-10-12T09:00:00+08:00)")
    text = value.strip().replace(" ", "+")  # a plus sign that was not escaped in the address arrives as a space
    try:
        found = date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
        begin = start_of(found, ZoneInfo(DEFAULT_TIMEZONE))
        assert begin is not None
        begin.astimezone(UTC)  # which the first and the last hours of all do not have
        return found
    except (ValueError, OverflowError):
        raise ValueError("write a day (2026-10-12) or a moment (2026-10-12T09:00:00+08:00)") from None


Moment = Annotated[
    date | datetime,
    BeforeValidator(_parse_moment),
    WithJsonSchema(
        {"type": "string", "anyOf": [{"format": "date"}, {"format": "date-time"}], "examples": ["2026-10-12"]}
    ),
]


class ConversationConditions(BaseModel):
    """Conditions on conversations; all must hold. Those on scores look at the current score only."""

    model_config = ConfigDict(extra="forbid")

    queue: Queue | None = None
    channel: Channel | None = None
    agent: Text | None = Field(default=None, description="Id of the agent")
    customer: Text | None = Field(default=None, description="Id of the customer")
    language: Text | None = Field(default=None, description="BCP 47 tag as sent")
    tag: Text | None = Field(default=None, description="One of its tags")
    since: Moment | None = Field(
        default=None, alias="from", description="A day, from its beginning in Asia/Shanghai, or a moment"
    )
    until: Moment | None = Field(
        default=None, alias="to", description="A day, included whole, or a moment, which is not included"
    )
    state: ScoreState | None = Field(default=None, description="Whether it has its score")
    csat_label: CsatLabel | None = Field(default=None, description="Predicted satisfaction")
    direction: Direction | None = Field(default=None, description="Where the customer's sentiment went")
    qa_passed: bool | None = Field(default=None, description="Whether it reached the pass mark")
    critical_fail: bool | None = Field(default=None, description="Whether a critical check failed")
    min_csat: Figure | None = Field(default=None, description="Least predicted CSAT, 1–5")
    max_csat: Figure | None = Field(default=None, description="Greatest predicted CSAT, 1–5")
    min_qa: Figure | None = Field(default=None, description="Least QA score, 0–100")
    max_qa: Figure | None = Field(default=None, description="Greatest QA score, 0–100")
    min_compliance: Figure | None = Field(default=None, description="Least compliance, 0–1")
    max_compliance: Figure | None = Field(default=None, description="Greatest compliance, 0–1")

    def as_filter(self) -> ConversationFilter:
        """Return the conditions with days made moments."""
        zone = ZoneInfo(DEFAULT_TIMEZONE)
        values = {name: getattr(self, name) for name in ConversationConditions.model_fields}
        values["since"] = start_of(self.since, zone)
        values["until"] = end_of(self.until, zone)
        return ConversationFilter(**values)


class ConversationSelection(ConversationConditions):
    """The same as a JSON body, where a number is a number and not a text."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"examples": [{"queue": "aftersale"}]})


class ConversationListQuery(ConversationConditions):
    """Conditions and the place in the list."""

    limit: int = Field(default=50, ge=1, le=200, description="Conversations a page")
    cursor: Annotated[str, StringConstraints(max_length=4000)] | None = Field(
        default=None, description="`next_cursor` of the page before"
    )


class PeriodQuery(BaseModel):
    """A period; open where an end is not given."""

    model_config = ConfigDict(extra="forbid")

    since: Moment | None = Field(
        default=None, alias="from", description="A day, from its beginning in Asia/Shanghai, or a moment"
    )
    until: Moment | None = Field(
        default=None, alias="to", description="A day, included whole, or a moment, which is not included"
    )

    def moments(self) -> tuple[datetime | None, datetime | None]:
        """Return both ends with days made moments."""
        zone = ZoneInfo(DEFAULT_TIMEZONE)
        return start_of(self.since, zone), end_of(self.until, zone)


class PageQuery(BaseModel):
    """The place in a list that goes by number."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=50, ge=1, le=200, description="Items a page")
    cursor: int | None = Field(default=None, ge=1, le=2**63 - 1, description="`next_cursor` of the page before")
