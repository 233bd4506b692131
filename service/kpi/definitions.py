"""KPI definitions: data with an id and a version, read from ``definitions.yaml``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import resources
from typing import Literal

import yaml
from pydantic import TypeAdapter

Statistic = Literal["count", "mean", "median", "p90", "share", "share_equal"]
Unit = Literal["count", "share", "score_1_5", "shift", "points", "seconds"]
Direction = Literal["up", "down", "none"]
Field = Literal[
    "conversation",
    "score",
    "csat_mean",
    "csat_label",
    "p_resolved",
    "shift",
    "direction",
    "compliance_score",
    "critical_fail",
    "qa_score",
    "qa_passed",
    "first_response_s",
    "mean_response_s",
    "longest_response_s",
    "handle_s",
]


@dataclass(frozen=True, slots=True)
class KpiDefinition:
    """What a figure means.

    Attributes:
        id: Stable name.
        version: Counts up with each change of meaning.
        valid_from: The first day this version holds.
        label: Name in ``zh`` and ``en``.
        description: One sentence in ``zh`` and ``en``.
        statistic: How the values become one figure.
        field: The column whose values they are.
        unit: Its unit; a ``share`` is 0…1.
        direction: Which way is better.
        equals: For ``share_equal``: the value that counts.
    """

    id: str
    version: int
    valid_from: date
    label: Mapping[Literal["zh", "en"], str]
    description: Mapping[Literal["zh", "en"], str]
    statistic: Statistic
    field: Field
    unit: Unit
    direction: Direction
    equals: str | None = None


def load_definitions() -> Sequence[KpiDefinition]:
    """Return the shipped definitions, in the order they are shown."""
    text = (resources.files("service.kpi") / "definitions.yaml").read_text(encoding="utf-8")
    return TypeAdapter(list[KpiDefinition]).validate_python(yaml.safe_load(text))
