"""Measures of the shipped artifact on labelled files, and the baselines it must beat."""
