"""Opaque cursors for keyset paging: the position after the last item seen, stable while new conversations come in."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import datetime

from service.core.errors import InvalidCursorError


def encode_cursor(occurred_at: datetime, conversation_id: str) -> str:
    """Return the cursor that continues after this conversation."""
    text = json.dumps([occurred_at.isoformat(), conversation_id], ensure_ascii=True, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[datetime, str]:
    """Return the position in ``cursor``.

    Raises:
        InvalidCursorError: It was not made by ``encode_cursor``.
    """
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        time, conversation_id = json.loads(raw)
        occurred_at = datetime.fromisoformat(time)
        if occurred_at.tzinfo is None or not isinstance(conversation_id, str) or "\0" in conversation_id:
            raise ValueError
        conversation_id.encode()
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise InvalidCursorError(
            "this cursor is not one of ours",
            "分页游标无效",
            hint="take `next_cursor` of the page before",
            location="cursor",
        ) from None
    return occurred_at, conversation_id
