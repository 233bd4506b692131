"""Runs scorers' observations over a conversation as the pipeline does: turn by turn, on masked texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from models.domain.context import Context
from models.domain.conversation import Conversation
from models.text.grader import without_orders
from models.text.pii import mask
from models.text.sentences import spoken_sentences
from training.data.vectors import VectorStore

Observe = Callable[[Context], Any]


def replay(
    conversation: Conversation, observers: Mapping[str, Observe], vectors: VectorStore, turns: int | None = None
) -> Context:
    """Return the context after the first ``turns`` turns (all if ``None``) with the observers' signals in it.

    Args:
        conversation: Its facts and end are not shown to observers.
        observers: By component name, in the order they run.
        vectors: The encoder's part.
        turns: How many turns to play.
    """
    context = Context(head=replace(conversation, turns=(), facts={}, ended_at=None))
    for turn in conversation.turns[:turns]:
        heard = without_orders(turn.text)
        alone = [(said, vectors.vector(said)) for said in spoken_sentences(turn.role, mask(heard))]
        context = context.with_turn(turn, mask(turn.text)).with_signal("encoder", vectors.vector(heard))
        context = context.with_signal("sentences", tuple(alone))
        for name, observe in observers.items():
            context = context.with_signal(name, observe(context))
    return context
