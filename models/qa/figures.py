"""The figures a rubric may build on, and how each is read; ``None`` means not known, which never costs points."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from models.domain.scores import ComplianceScore, CsatScore, ResolutionScore, SentimentScore


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything known of one conversation before the rubric is applied."""

    sentiment: SentimentScore
    csat: CsatScore
    resolution: ResolutionScore
    compliance: ComplianceScore
    timing: Mapping[str, float | None]


def _unless_abstained(read: Callable[[Measured], float | None]) -> Callable[[Measured], float | None]:
    return lambda measured: None if measured.csat.abstain else read(measured)


def _timing(name: str) -> Callable[[Measured], float | None]:
    return lambda measured: measured.timing.get(name)


FIGURES: Mapping[str, Callable[[Measured], float | None]] = MappingProxyType(
    {
        "csat.mean": _unless_abstained(lambda measured: measured.csat.mean),
        "csat.p_dissatisfied": _unless_abstained(lambda measured: measured.csat.p_dissatisfied),
        "resolution.p_resolved": _unless_abstained(lambda measured: measured.resolution.p_resolved),
        "sentiment.shift": lambda measured: measured.sentiment.shift,
        "sentiment.start": lambda measured: measured.sentiment.start,
        "sentiment.end": lambda measured: measured.sentiment.end,
        "sentiment.lowest": lambda measured: min((level.level for level in measured.sentiment.levels), default=None),
        "sentiment.volatility": lambda measured: measured.sentiment.volatility,
        "compliance.score": lambda measured: measured.compliance.score,
        "timing.first_response_s": _timing("first_response_s"),
        "timing.mean_response_s": _timing("mean_response_s"),
        "timing.longest_response_s": _timing("longest_response_s"),
        "timing.handle_s": _timing("handle_s"),
    }
)
