"""The one protocol every scorer follows, for whole conversations and for one turn at a time.

Both uses run the same two pure functions: ``observe`` once per turn, ``score`` over the turns so far (at the end for a
finished conversation, after each turn for a running one). So the last live score equals the batch score.
Components keep no state about a conversation: they return values and the runner writes them into the ``Context``.
"""

from __future__ import annotations

from typing import Any, Protocol

from models.domain.context import Context


class Component(Protocol):
    """A scorer.

    Attributes:
        name: Its key in ``Context.signals`` and ``Context.scores``.
        requires: Names of components whose signals or scores it reads; they run before it.
        provides: What it adds: any of ``"signal"`` and ``"score"``.
        version: Identifies weights and code that its values depend on; part of a score's provenance.
    """

    name: str
    requires: frozenset[str]
    provides: frozenset[str]
    version: str

    def observe(self, context: Context) -> Any:
        """Return what the newest turn (``context.turns[-1]``) shows; called once per turn, in order."""
        ...

    def score(self, context: Context) -> Any:
        """Return the score over the turns so far; never mutates ``context``."""
        ...
