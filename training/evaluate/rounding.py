"""Four decimals are what the figures are good for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def rounded(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``figures`` with every float in them, however deep, rounded to four decimals."""
    return {name: _round(value) for name, value in figures.items()}


def _round(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, (list, tuple)):
        return [_round(item) for item in value]
    return rounded(value) if isinstance(value, Mapping) else value
