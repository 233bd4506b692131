"""Fixtures of review work, for exports too."""

from __future__ import annotations

from tests.service.qa.conftest import client_of, person, scored

__all__ = ["client_of", "person", "scored"]
