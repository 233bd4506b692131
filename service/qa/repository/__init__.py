"""Queries of review work: the only place in it that knows tables."""
