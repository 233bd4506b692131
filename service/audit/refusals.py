"""Failed attempts to get in, noted without letting whoever tries often enough fill the log."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

from service.accounts.actor import Actor
from service.audit.log import record_read
from service.db.engine import Database


class Refusals:
    """Notes some attempts a minute; how many were left out is told with the next one that is noted."""

    def __init__(self, a_minute: int = 10, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with a whole minute's worth."""
        self._most = a_minute
        self._clock = clock
        self._lock = Lock()
        self._begun = clock()
        self._noted = 0
        self._left_out = 0

    def note(self, database: Database, who: Actor, reason: str, permission: str | None = None) -> None:
        """Note that somebody was refused, in a transaction of its own.

        Args:
            database: Where.
            who: As far as it is known.
            reason: ``missing`` or ``invalid`` key, or ``forbidden``.
            permission: What the role does not include.
        """
        left_out = self._turn()
        if left_out is None:
            return
        detail: dict[str, object] = {"reason": reason}
        if permission is not None:
            detail["permission"] = permission
        if left_out:
            detail["left_out_before"] = left_out
        with database.transaction() as session:
            record_read(session, who, "key.refuse", "key", who.key_prefix, detail)

    def _turn(self) -> int | None:
        """Return how many were left out since the last one, or ``None`` where this one is left out, too."""
        with self._lock:
            now = self._clock()
            if now - self._begun >= 60:
                self._begun, self._noted = now, 0
            if self._noted >= self._most:
                self._left_out += 1
                return None
            self._noted += 1
            left_out, self._left_out = self._left_out, 0
            return left_out
