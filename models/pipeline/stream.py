"""Scores a running conversation: the same steps as in a batch, one turn at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from models.domain.context import Context
from models.domain.conversation import Conversation, Turn
from models.domain.scores import ScoreBundle
from models.pipeline.run import open_context


class Session:
    """One running conversation. Not thread-safe: one session, one thread at a time."""

    def __init__(
        self,
        conversation: Conversation,
        take: Callable[[Context, Turn], Context],
        finish: Callable[[Conversation, Context, bool], ScoreBundle],
    ) -> None:
        """Start before the first turn; turns in ``conversation`` are not taken in."""
        self._head = replace(conversation, turns=())
        self._context = open_context(conversation)
        self._take = take
        self._finish = finish

    def add(self, turn: Turn, *, explain: bool = True) -> ScoreBundle:
        """Take in the next turn and return the scores over the turns so far, as a batch of these turns would.

        Args:
            turn: The next one.
            explain: As in ``Pipeline.score``; a live view is faster without, and wants it when somebody asks why.
        """
        self._context = self._take(self._context, turn)
        return self._finish(replace(self._head, turns=self._context.turns), self._context, explain)
