"""An event, and its place in the chain of hashes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

START = "0" * 64  # what the first event follows
_EXACT = 2**53  # up to here every whole number is a float, too


@dataclass(frozen=True, slots=True)
class Event:
    """Who did what to what; names things by their ids, never by what customers or agents wrote.

    Attributes:
        seq: Its place, from 1, without gaps.
        at: When it was written.
        actor: Who: a person's id, the name and beginning of a system's key, ``cli:USER`` or ``worker``.
        actor_role: Their role then.
        action: What they did, e.g. ``conversation.read``.
        object_type: To what kind of thing.
        object_id: To which one, ``None`` where to several or to all.
        request_id: Of the API request, as in the logs and in ``X-Request-ID``.
        detail: Further facts: counts, conditions, versions.
    """

    seq: int
    at: datetime
    actor: str
    actor_role: str
    action: str
    object_type: str
    object_id: str | None
    request_id: str | None
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Link:
    """An event as stored: ``hash`` is made of its content and of ``prev_hash``, the hash of the event before it."""

    event: Event
    prev_hash: str
    hash: str


def link_hash(prev_hash: str, event: Event, seq: int | None = None) -> str:
    """Return the SHA-256, in hex, of the hash before and the canonical event.

    Args:
        prev_hash: Of the event before it, ``START`` for the first.
        event: What is hashed.
        seq: Another place than the event's own, to find out where it once stood.
    """
    values = {name: getattr(event, name) for name in Event.__slots__}
    if seq is not None:
        values["seq"] = seq
    return hashlib.sha256(prev_hash.encode() + canonical(values)).hexdigest()


def canonical(value: Any) -> bytes:
    """Return the one spelling of a JSON value: equal values give equal bytes, others give others.

    Keys are sorted, there are no blanks, moments are in UTC with six digits, whole numbers (below 2⁵³) have no
    fraction.

    Raises:
        ValueError: A number that is none, a moment without a zone, or a text that is no Unicode.
        TypeError: Something that JSON does not know.
    """
    text = json.dumps(_plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode()


def as_stored(detail: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``detail`` as it will be read again: moments as texts, whole numbers without a fraction."""
    stored: dict[str, Any] = _plain(detail)
    return stored


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a moment needs a zone")
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return int(value)
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("keys have to be texts")
        return {key: _plain(child) for key, child in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray)):
        return [_plain(child) for child in value]
    return value
