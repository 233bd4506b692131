"""Reads what a stored bundle says, so that a rubric can be applied to it again; bundles of older versions, too."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from models.domain.scores import QaScore
from models.qa.figures import Measured


def measured_from_json(bundle: Mapping[str, Any]) -> Measured:
    """Return what was measured, from a bundle as JSON; fields that are missing have their defaults.

    Raises:
        ValueError: It is no bundle.
    """
    names = ("sentiment", "csat", "resolution", "compliance")
    return _measured().validate_python(
        {**{name: bundle.get(name) for name in names}, "timing": bundle.get("timing") or {}}
    )


def qa_from_json(qa: Mapping[str, Any]) -> QaScore:
    """Return the auto-QA score, from the ``qa`` of a bundle as JSON.

    Raises:
        ValueError: It is no such thing.
    """
    return _qa().validate_python(dict(qa))


@cache
def _measured() -> TypeAdapter[Measured]:
    return TypeAdapter(Measured)


@cache
def _qa() -> TypeAdapter[QaScore]:
    return TypeAdapter(QaScore)
