"""The scorers; they never import each other and meet only through ``Context``."""
