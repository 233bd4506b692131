"""The work of quality assurance: whether scores can be made again, and what changed between two of them."""
