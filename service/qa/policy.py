"""The sampling policy: which scores a person looks at, as data."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.domain.conversation import Queue

Reason = Literal[
    "random", "low_confidence", "abstained", "critical", "survey_gap", "assist", "quota", "manual", "second", "differ"
]

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=100_000)]


class SamplingPolicy(BaseModel):
    """What is reviewed. Limits are per day of the period, so that work is spread over it; random draws have none.

    A limit on random draws would change their probability, and figures made of them would be biased.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: Annotated[str, Field(min_length=1, max_length=100)] = Field(
        description="Draws change with it, and only with it"
    )
    queues: tuple[Queue, ...] = Field(default=(), description="Only these; every queue where empty")
    random_share: Share = Field(default=0.02, description="Share drawn at random; unbiased figures rest on these alone")
    low_confidence: Share | None = Field(default=0.6, description="A check whose confidence is below this is reviewed")
    abstained: bool = Field(default=True, description="Whether a check without a verdict is reviewed")
    critical: bool = Field(default=True, description="Whether a failed critical check is reviewed")
    survey_gap: Annotated[float, Field(gt=0, le=4, allow_inf_nan=False)] | None = Field(
        default=1.5, description="Predicted and surveyed satisfaction at least so far apart (1–5) are reviewed"
    )
    assist_share: Share = Field(
        default=0.0, description="Share of the scores that fail a criterion at level assist which a person confirms"
    )
    per_day: Count | None = Field(
        default=50, description="Most tasks of each such reason a day; critical fails all the same"
    )
    per_agent: Count = Field(default=0, description="Least reviews of every agent in the period")
    second_share: Share = Field(default=0.1, description="Share of the tasks that somebody else reviews again, blind")

    @model_validator(mode="after")
    def _no_twice(self) -> SamplingPolicy:
        if len(set(self.queues)) < len(self.queues):
            raise ValueError("a queue is named twice")
        return self


def draw(seed: str, purpose: str, conversation_id: str) -> float:
    """Return the conversation's lot in [0, 1): always the same, uniform over conversations, independent by purpose."""
    digest = hashlib.sha256(f"{seed}\0{purpose}\0{conversation_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
