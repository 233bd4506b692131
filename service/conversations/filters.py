"""Which conversations are meant: one set of conditions for lists, export, figures and scoring again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from models.domain.conversation import Channel, Queue
from models.domain.scores import CsatLabel, Direction

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
