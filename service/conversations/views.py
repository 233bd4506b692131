"""Conversations as they are given out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service.conversations.filters import ScoreState


@dataclass(frozen=True, slots=True)
class StoredConversation:
    """A conversation with its document and what was said of it last.

    Attributes:
        document: The newest revision in the interchange format, masked.
        state: ``pending`` while the current revision waits for its score.
        score_error: The code of what kept it from being scored, where ``state`` is ``failed``.
        score_id: Id of the current score.
        score: The current score bundle, as ``attune score`` writes it.
    """

    id: str
    revision: int
    content_hash: str
    document: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime
    state: ScoreState
    score_error: str | None
    score_id: int | None
    score: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class ConversationSummary:
    """A line of a list: attributes and the key figures of the current score, no text.

    The figures are the machine's; ``GET /v1/qa/scores/{score_id}`` has the score with people's decisions.
    """

    id: str
    revision: int
    channel: str
    queue: str
    language: str | None
    agent_id: str | None
    agent_name: str | None
    customer_id: str | None
    occurred_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    turn_count: int
    tags: Sequence[str]
    state: ScoreState
    score_id: int | None
    csat_mean: float | None
    csat_label: str | None
    shift: float | None
    direction: str | None
    compliance_score: float | None
    critical_fail: bool | None
    qa_score: float | None
    qa_passed: bool | None
