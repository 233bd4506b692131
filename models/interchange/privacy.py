"""Masks the personal data of a whole conversation, before it is hashed or stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from models.domain.conversation import Conversation, Party
from models.text.masking import mask


def mask_conversation(conversation: Conversation) -> Conversation:
    """Return ``conversation`` without personal data: turn texts, the customer's name, and strings in facts and extras.

    Ids stay as they are, since everything else is joined by them, and so do agents' names. Doing it twice changes
    nothing more. Masked texts are as long as before, so offsets of evidence hold in both.
    """
    customer = conversation.customer
    return replace(
        conversation,
        turns=tuple(replace(turn, text=mask(turn.text), extra=_mask_values(turn.extra)) for turn in conversation.turns),
        agent=Party(conversation.agent.id, conversation.agent.name, _mask_values(conversation.agent.extra)),
        customer=Party(customer.id, customer.name and "*" * len(customer.name), _mask_values(customer.extra)),
        facts=_mask_values(conversation.facts),
        tags=tuple(mask(tag) for tag in conversation.tags),
        extra=_mask_values(conversation.extra),
    )


def _mask_values(value: Any) -> Any:
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, list):
        return [_mask_values(item) for item in value]
    if isinstance(value, Mapping):
        return {key: child if _is_reference(key, child) else _mask_values(child) for key, child in value.items()}
    return value


def _is_reference(key: str, value: Any) -> bool:
    return isinstance(value, str) and (key in ("id", "no") or key.endswith(("_id", "_no", "_at")))
