"""A conversation and its turns, as every stage sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Role = Literal["customer", "agent", "bot", "system"]
Channel = Literal["chat", "voice", "email", "social", "other"]
Queue = Literal["presale", "aftersale", "complaint", "other"]

ROLES: tuple[Role, ...] = ("customer", "agent", "bot", "system")
CHANNELS: tuple[Channel, ...] = ("chat", "voice", "email", "social", "other")
QUEUES: tuple[Queue, ...] = ("presale", "aftersale", "complaint", "other")


@dataclass(frozen=True, slots=True)
class Turn:
    """One message.

    Attributes:
        index: Zero-based position in the input; scores refer to it.
        role: Who wrote it.
        text: What was written; may be empty (a picture, a sticker), then it carries no text score.
        at: When it was sent (timezone-aware), or ``None``.
        id: The sender's own id for the turn, or ``None``.
        agent_id: Which agent wrote it, where several served, or ``None``.
        extra: Unknown fields of the input, kept.
    """

    index: int
    role: Role
    text: str
    at: datetime | None = None
    id: str | None = None
    agent_id: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Party:
    """An agent or a customer; everything is optional because exports often lack it."""

    id: str | None = None
    name: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Conversation:
    """One service conversation in time order; see ``docs/guides/conversation-format.md``."""

    id: str
    turns: tuple[Turn, ...]
    channel: Channel = "chat"
    queue: Queue = "other"
    language: str | None = None
    agent: Party = Party()
    customer: Party = Party()
    started_at: datetime | None = None
    ended_at: datetime | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
