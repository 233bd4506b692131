"""Sentiment of the customer, turn by turn, and where it went."""

from models.scorers.sentiment.scorer import SentimentScorer

__all__ = ["SentimentScorer"]
