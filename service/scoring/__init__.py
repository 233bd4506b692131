"""Scoring stored conversations: the one door to the model engine, and the scores as rows."""
