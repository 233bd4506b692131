"""Which conversations are meant: one set of conditions for lists, export, figures and scoring again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from models.domain.conversation import Channel, Queue
from models.domain.scores import CsatLabel, Direction
from service.core.errors import ForbiddenError

ScoreState = Literal["scored", "pending", "failed"]


@dataclass(frozen=True, slots=True)
class ConversationFilter:
    """Conditions that must all hold; ``None`` is no condition. Those on scores look at the current score only.

    Attributes:
        since: Earliest time of the conversation, included.
        until: Latest time, excluded.
    """

    queue: Queue | None = None
    channel: Channel | None = None
    agent: str | None = None
    customer: str | None = None
    language: str | None = None
    tag: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    state: ScoreState | None = None
    csat_label: CsatLabel | None = None
    direction: Direction | None = None
    qa_passed: bool | None = None
    critical_fail: bool | None = None
    min_csat: float | None = None
    max_csat: float | None = None
    min_qa: float | None = None
    max_qa: float | None = None
    min_compliance: float | None = None
    max_compliance: float | None = None


# What somebody may have typed in: it can name a customer.
_WITHHELD = ("customer", "tag", "language")


def conditions_for_audit(wanted: ConversationFilter) -> dict[str, Any]:
    """Return the conditions that are set, with ``*`` in place of what could be personal data."""
    given = {name: value for name in ConversationFilter.__slots__ if (value := getattr(wanted, name)) is not None}
    return {name: "*" if name in _WITHHELD else value for name, value in given.items()}


def only_for(wanted: ConversationFilter, agent: str | None) -> ConversationFilter:
    """Return the filter for somebody who may see the conversations of one agent only; as it is for ``None``.

    Raises:
        ForbiddenError: It asks for those of another agent.
    """
    if agent is None:
        return wanted
    if wanted.agent not in (None, agent):
        raise ForbiddenError("agents see their own conversations only", "客服只能查看自己的会话", location="agent")
    return replace(wanted, agent=agent)
