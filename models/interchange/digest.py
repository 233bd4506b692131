"""The fingerprint of a conversation's content: equal content, equal hash, whoever wrote it down and how."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from models.domain.conversation import Conversation
from models.interchange.privacy import mask_conversation
from models.interchange.serialize import conversation_to_json


def content_hash(conversation: Conversation) -> str:
    """Return ``sha256:`` and the hex digest of the canonical masked conversation.

    Canonical: personal data masked, times in UTC, keys sorted, whole numbers without a fraction, absent as empty. So
    the conversation as sent, as stored and as exported again has one hash.
    """
    masked = mask_conversation(conversation)
    moved = replace(
        masked,
        started_at=_in_utc(masked.started_at),
        ended_at=_in_utc(masked.ended_at),
        turns=tuple(replace(turn, at=_in_utc(turn.at)) for turn in masked.turns),
    )
    text = json.dumps(
        _canonical(conversation_to_json(moved)),
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
        allow_nan=False,
    )
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _in_utc(time: datetime | None) -> datetime | None:
    return time and time.astimezone(UTC)


def _canonical(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    if isinstance(value, dict):
        return {key: _canonical(child) for key, child in value.items()}
    return value
