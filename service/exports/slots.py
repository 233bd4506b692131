"""How many exports may run at once in a process."""

from __future__ import annotations

from threading import BoundedSemaphore

from service.core.errors import TooManyExportsError

# Each holds a connection to the database while it runs; the other requests need some, too.
_SLOTS = BoundedSemaphore(4)


def take_slot() -> None:
    """Take a place, to be given back by ``free_slot``.

    Raises:
        TooManyExportsError: All are taken.
    """
    if not _SLOTS.acquire(blocking=False):
        raise TooManyExportsError(
            "too many exports are running", "同时进行的导出过多", hint="try again in a minute / 请稍后再试"
        )


def free_slot() -> None:
    """Give a place back."""
    _SLOTS.release()
