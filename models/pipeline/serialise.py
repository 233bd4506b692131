"""A score bundle as JSON values: one place decides names, order and precision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from models.domain.coaching import Coaching
from models.domain.scores import DECIMALS, ScoreBundle


def bundle_to_json(bundle: ScoreBundle) -> dict[str, Any]:
    """Return the bundle as JSON-ready values, keys in field order, floats rounded to ``DECIMALS``."""
    values: dict[str, Any] = _plain(bundle)
    return values


def coaching_to_json(coachings: Sequence[Coaching]) -> list[dict[str, Any]]:
    """Return coachings as JSON-ready values, keys in field order."""
    return [_plain(coaching) for coaching in coachings]


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: _plain(getattr(value, field.name))
            for field in fields(value)
            if not (field.metadata.get("unless_default") and getattr(value, field.name) == field.default)
        }
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return round(value, DECIMALS) + 0.0  # never -0.0
    return value
