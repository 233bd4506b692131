"""Writes conversations back as the interchange format."""

from __future__ import annotations

from typing import Any

from models.domain.conversation import Conversation, Party, Turn


def conversation_to_json(conversation: Conversation) -> dict[str, Any]:
    """Return ``conversation`` as JSON-ready values; what is absent or empty is left out.

    ``parse_conversation`` of the result equals ``conversation``.
    """
    result: dict[str, Any] = {
        "id": conversation.id,
        "channel": conversation.channel,
        "queue": conversation.queue,
    }
    _put(result, "language", conversation.language)
    _put(result, "agent", _party(conversation.agent))
    _put(result, "customer", _party(conversation.customer))
    _put(result, "started_at", conversation.started_at and conversation.started_at.isoformat())
    _put(result, "ended_at", conversation.ended_at and conversation.ended_at.isoformat())
    result["turns"] = [_turn(turn) for turn in conversation.turns]
    _put(result, "facts", dict(conversation.facts))
    _put(result, "tags", list(conversation.tags))
    _put(result, "extra", dict(conversation.extra))
    return result


def _turn(turn: Turn) -> dict[str, Any]:
    result: dict[str, Any] = {}
    _put(result, "id", turn.id)
    result["role"] = turn.role
    _put(result, "at", turn.at and turn.at.isoformat())
    result["text"] = turn.text
    _put(result, "agent_id", turn.agent_id)
    _put(result, "extra", dict(turn.extra))
    return result


def _party(party: Party) -> dict[str, Any]:
    result: dict[str, Any] = {}
    _put(result, "id", party.id)
    _put(result, "name", party.name)
    _put(result, "extra", dict(party.extra))
    return result


def _put(result: dict[str, Any], key: str, value: Any) -> None:
    if value:
        result[key] = value
