"""Fixtures of review work, for exports too."""

from __future__ import annotations

from tests.service.qa.conftest import client_of, person, rescored, scored

__all__ = ["client_of", "person", "rescored", "scored"]
