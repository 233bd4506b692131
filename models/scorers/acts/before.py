"""What the other side said just before a message: "加" is an offence after one question and none after another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

REACH = 4  # turns to look back

Vector = NDArray[np.float32]


def other_side_before(role: str, turns: Sequence[tuple[str, Vector | None]]) -> Vector | None:
    """Return the vector of the latest turn that the other side wrote, among the last few; ``None`` if there is none.

    Args:
        role: Of the message: ``agent`` or ``customer``.
        turns: Role and vector of each turn before, oldest first.
    """
    others = ("customer",) if role == "agent" else ("agent", "bot")
    for other, vector in reversed(turns[-REACH:]):
        if other in others and vector is not None:
            return vector
    return None
