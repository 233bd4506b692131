"""Text as scorers read it: masked, normalised for matching, its language known."""
