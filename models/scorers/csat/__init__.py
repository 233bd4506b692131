"""Predicted customer satisfaction, and whether the matter was resolved."""

from models.scorers.csat.decide import CsatOutcome
from models.scorers.csat.scorer import CsatScorer

__all__ = ["CsatOutcome", "CsatScorer"]
