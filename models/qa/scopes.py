"""Which conversations a rubric in force is for."""

from __future__ import annotations

from models.domain.rubric import RubricScope, Traits, When
from models.qa.conditions import holds


def claims(scope: RubricScope, traits: Traits) -> bool:
    """Tell whether a scope is for such a conversation; what is not known of it is not in a scope that asks."""
    asked = When(
        queue=scope.queue,
        channel=scope.channel,
        language=scope.language,
        agent_group=scope.agent_group,
        agent_role=scope.agent_role,
    )
    return holds(asked, traits) is True
