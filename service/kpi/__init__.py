"""Figures over many conversations. What a figure means is data (``definitions.yaml``); how it is asked for is here."""
