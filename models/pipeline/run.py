"""The two steps both ways of scoring share: take in one turn, and score the turns so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.domain.context import Context
from models.domain.conversation import Conversation, Turn
from models.pipeline.build import ENCODER, SENTENCES
from models.scorers.base import Component
from models.text.grader import without_orders
from models.text.pii import mask

Vector = NDArray[np.float32]


def open_context(conversation: Conversation) -> Context:
    """Return the context before the first turn: attributes only, nothing that is known only afterwards."""
    return Context(head=replace(conversation, turns=(), facts={}, ended_at=None))


def encodable(turn: Turn, text: str) -> str:
    """Return what of a turn's masked text is encoded: nothing of a system notice, no orders to the grader."""
    return "" if turn.role == "system" or not text.strip() else without_orders(text)


def mask_turn(turn: Turn) -> str:
    """Return the turn's text as scorers and encoder see it: masked, of the same length."""
    return mask(turn.text)


def take_turn(
    context: Context,
    turn: Turn,
    text: str,
    vector: Vector | None,
    components: Sequence[Component],
    sentences: Sequence[tuple[str, Vector]] = (),
) -> Context:
    """Return the context one turn later, with what each component observed in it.

    Args:
        context: So far.
        turn: The next one.
        text: Its masked text.
        vector: Of what is encoded of it, ``None`` where nothing is.
        components: In the order they run.
        sentences: Those of ``models.text.sentences.spoken_sentences`` with their vectors.
    """
    context = context.with_turn(turn, text).with_signal(ENCODER, vector).with_signal(SENTENCES, tuple(sentences))
    for component in components:
        if "signal" in component.provides:
            context = context.with_signal(component.name, component.observe(context))
    return context


def score_context(context: Context, components: Sequence[Component]) -> Context:
    """Return the context with each component's score over the turns so far."""
    for component in components:
        if "score" in component.provides:
            context = context.with_score(component.name, component.score(context))
    return context


def observe_again(context: Context, component: Component) -> Context:
    """Return the context with what ``component`` observes in every turn, in place of what stood there, and no scores.

    What other components observed stays: ``component`` may be another of the same name, with another playbook.
    """
    others = {name: observed for name, observed in context.signals.items() if name != component.name}
    observed: tuple[Any, ...] = ()
    for length in range(1, len(context.turns) + 1):
        so_far = replace(
            context,
            turns=context.turns[:length],
            texts=context.texts[:length],
            signals={**{name: values[:length] for name, values in others.items()}, component.name: observed},
            scores={},
        )
        observed = (*observed, component.observe(so_far))
    return replace(context, signals={**others, component.name: observed}, scores={})
