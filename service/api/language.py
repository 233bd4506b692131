"""Which language an answer is worded in."""

from __future__ import annotations

from typing import Literal

Language = Literal["zh", "en"]


def preferred_language(accept_language: str | None) -> Language:
    """Return what ``Accept-Language`` prefers of Chinese and English; Chinese where it says nothing of the two."""
    best: tuple[float, Language] = (0.0, "zh")
    for part in (accept_language or "").split(","):
        tag, _, parameters = part.strip().partition(";")
        language = tag.split("-")[0].strip().lower()
        quality = _quality(parameters)
        if quality > best[0] and language in ("zh", "en"):
            best = (quality, "zh" if language == "zh" else "en")
    return best[1]


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
