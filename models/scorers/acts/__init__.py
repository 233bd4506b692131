"""What one message does: greets, asks, apologises, insults, …; probabilities that playbooks may ask for."""

from models.scorers.acts.scorer import ActsScorer

__all__ = ["ActsScorer"]
