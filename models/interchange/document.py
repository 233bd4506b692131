"""The interchange format as typed documents: the one definition behind both the parser and the JSON Schema."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from models.domain.conversation import Channel, Queue, Role

MAX_TEXT = 20_000
MAX_TURNS = 10_000
MAX_ID = 200
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?(Z|z|[+-]\d\d(:?\d\d)?)?\Z")
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)
# "surrounding white space" and control characters, as a pattern that JSON Schema validators share.
_IDENTIFIER = r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$"


def _read_time(value: Any) -> datetime:
    if not isinstance(value, str):
        raise PydanticCustomError("time_type", "expected a time such as 2026-10-12T09:00:00+08:00")
    if not _TIME.match(value):
        raise PydanticCustomError("time_format", "not an ISO 8601 time such as 2026-10-12T09:00:00+08:00")
    try:
        time = datetime.fromisoformat(value.replace(",", ".").replace("z", "Z"))
    except ValueError:
        raise PydanticCustomError("time_impossible", "there is no such time") from None
    if time.tzinfo is None:
        raise PydanticCustomError("time_naive", "the time has no zone; add +08:00 or Z")
    if not _EARLIEST <= time < _LATEST:
        raise PydanticCustomError("time_range", "the time lies outside the years 1970 to 2999")
    return time


def _check_identifier(value: str) -> str:
    if not re.match(_IDENTIFIER, value) or value.endswith("\n"):
        raise PydanticCustomError("identifier", "blank at an end, or a control character")
    return value


Time = Annotated[
    datetime,
    BeforeValidator(_read_time),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-10-12T09:00:00+08:00"]}),
]
Identifier = Annotated[
    str,
    Field(min_length=1, max_length=MAX_ID, json_schema_extra={"pattern": _IDENTIFIER}),
    AfterValidator(_check_identifier),
]
Label = Annotated[str, Field(min_length=1, max_length=MAX_ID)]
Extra = Annotated[
    dict[str, Any] | None,
    Field(default=None, description="Unknown fields of this level are kept here; anything that is JSON."),
]


class _Document(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")


class PartyDocument(_Document):
    """An agent or a customer; every field is optional."""

    id: Identifier | None = Field(None, description="Your own id for the person.")
    name: Label | None = Field(None, description="A customer's name is masked before it is stored; an agent's is not.")
    extra: Extra


class TurnDocument(_Document):
    """One message."""

    role: Role = Field(description="Who wrote it.")
    text: str = Field(
        max_length=MAX_TEXT,
        description="What was written. May be empty (picture, sticker): then it carries no text score.",
    )
    at: Time | None = Field(None, description="When it was sent, with a time zone; not before the turn above it.")
    id: Identifier | None = Field(None, description="Your own id for the message.")
    agent_id: Identifier | None = Field(None, description="Which agent wrote it, where several served.")
    extra: Extra


class ComplaintDocument(_Document):
    """A complaint that the customer made about this service."""

    kind: Literal["service", "system"] | None = Field(
        None, description="`service` counts for the agent, `system` (rules, products) does not."
    )
    attitude: bool | None = Field(None, description="Whether it is about the agent's attitude.")
    escalated: bool | None = Field(None, description="Whether it reached a supervisor.")
    received_at: Time | None = Field(None, description="When it came in.")
    closed_at: Time | None = Field(None, description="When it was closed; not before `received_at`.")


class OrderDocument(_Document):
    """The order that followed or that the conversation is about."""

    placed_at: Time | None = Field(None, description="When it was placed.")
    amount: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = Field(
        None, description="In the shop's currency."
    )


class FactsDocument(_Document):
    """What is known from other systems; every key is optional, other keys are kept as they are."""

    csat: Annotated[int, Field(ge=1, le=5)] | None = Field(None, description="The customer's rating, 1–5.")
    nps: Annotated[int, Field(ge=0, le=10)] | None = Field(None, description="Would recommend, 0–10.")
    resolved: bool | None = Field(None, description="Whether the matter was resolved.")
    complaint: ComplaintDocument | None = Field(None, description="The complaint, if one was made.")
    order: OrderDocument | None = Field(None, description="The order, if there is one.")


class ConversationDocument(_Document):
    """One customer-service conversation: one line of a JSON Lines file."""

    id: Identifier = Field(description="Unique in a workspace.")
    channel: Channel | None = Field(None, description="Where it took place; chat where absent.")
    queue: Queue | None = Field(None, description="Chooses SLA, playbook and rubric; other where absent.")
    language: Annotated[str, Field(max_length=35, pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")] | None = Field(
        None, description="BCP 47 tag; detected where absent.", examples=["zh", "en", "zh-Hant"]
    )
    agent: PartyDocument | None = Field(None, description="Who served (first, where several did).")
    customer: PartyDocument | None = Field(None, description="Who was served.")
    started_at: Time | None = Field(None, description="When it began.")
    ended_at: Time | None = Field(None, description="When it ended; not before `started_at`.")
    turns: list[TurnDocument] = Field(
        min_length=1, max_length=MAX_TURNS, description="All messages in time order, at least one."
    )
    facts: FactsDocument | None = Field(None, description="What other systems know of it.")
    tags: Annotated[list[Label], Field(max_length=100)] | None = Field(None, description="Your own labels.")
    extra: Extra
