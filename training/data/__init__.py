"""Corpora as typed rows, grouped splits, and their vectors."""
