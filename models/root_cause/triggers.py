"""Which conversations need a root cause: complaints and those that failed, as the taxonomy says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.domain.conversation import Conversation
from models.domain.scores import CsatLabel, Direction, ResolutionLabel
from models.qa.figures import Measured
from models.root_cause.taxonomy import Taxonomy, Trigger


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a conversation came out; ``None`` is not known, and no trigger asks for it in vain."""

    queue: str
    complaint: bool
    qa_passed: bool | None = None
    csat: CsatLabel | None = None
    survey: float | None = None
    resolution: ResolutionLabel | None = None
    direction: Direction | None = None


def outcome_of(conversation: Conversation, measured: Measured | None = None, qa_passed: bool | None = None) -> Outcome:
    """Return how a conversation came out.

    What the customer or another system said stands above what was predicted.

    Args:
        conversation: With its facts.
        measured: What the models said, if they did.
        qa_passed: Whether its QA score reaches the pass mark.
    """
    facts: Mapping[str, Any] = conversation.facts
    resolved = facts.get("resolved")
    predicted = measured.resolution.label if measured else None
    rating = facts.get("csat")
    return Outcome(
        queue=conversation.queue,
        complaint=bool(facts.get("complaint")),
        qa_passed=qa_passed,
        csat=measured.csat.label if measured and not measured.csat.abstain else None,
        survey=float(rating) if isinstance(rating, (int, float)) and not isinstance(rating, bool) else None,
        resolution=("yes" if resolved else "no") if isinstance(resolved, bool) else predicted,
        direction=measured.sentiment.direction if measured else None,
    )


def triggers_of(taxonomy: Taxonomy, outcome: Outcome) -> tuple[str, ...]:
    """Return the ids of the triggers that hold, in the taxonomy's order; none: no root cause is asked for."""
    return tuple(trigger.id for trigger in taxonomy.attribute_when if _pulled(trigger, outcome))


def _pulled(trigger: Trigger, outcome: Outcome) -> bool:
    asked = (
        (bool(trigger.queue), outcome.queue in trigger.queue),
        (trigger.complaint is not None, outcome.complaint == trigger.complaint),
        (trigger.qa_passed is not None, outcome.qa_passed is trigger.qa_passed),
        (bool(trigger.csat), outcome.csat in trigger.csat),
        (bool(trigger.resolution), outcome.resolution in trigger.resolution),
        (bool(trigger.direction), outcome.direction in trigger.direction),
        (
            trigger.survey_at_most is not None,
            outcome.survey is not None and outcome.survey <= (trigger.survey_at_most or 0),
        ),
    )
    return all(holds for wanted, holds in asked if wanted)
