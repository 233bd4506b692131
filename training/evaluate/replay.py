"""Runs one scorer over a conversation as the pipeline does: turn by turn, on masked texts."""

from __future__ import annotations

from dataclasses import replace

from models.domain.context import Context
from models.domain.conversation import Conversation
from models.scorers.base import Component
from models.text.masking import mask
from training.data.vectors import VectorStore


def replay(conversation: Conversation, scorer: Component, vectors: VectorStore, turns: int | None = None) -> Context:
    """Return the context after the first ``turns`` turns (all if ``None``), with the scorer's signals in it."""
    context = Context(head=replace(conversation, turns=(), facts={}, ended_at=None))
    for turn in conversation.turns[:turns]:
        context = context.with_turn(turn, mask(turn.text)).with_signal("encoder", vectors.vector(turn.text))
        context = context.with_signal(scorer.name, scorer.observe(context))
    return context
