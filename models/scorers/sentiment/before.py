"""What the service said just before a customer's turn: "好的" after a refusal is not "好的" after a solution."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

REACH = 4  # turns to look back: beyond, a short reply no longer answers it
_SERVICE = ("agent", "bot")

Vector = NDArray[np.float32]


def service_before(turns: Sequence[tuple[str, Vector | None]]) -> Vector | None:
    """Return the vector of the latest turn of the service with text, among the last few; ``None`` if there is none.

    Args:
        turns: Role and vector of each turn before, oldest first.
    """
    for role, vector in reversed(turns[-REACH:]):
        if role in _SERVICE and vector is not None:
            return vector
    return None
