"""What a scorer may see: the turns so far. There is no field for the future."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from models.domain.conversation import Conversation, Turn


@dataclass(frozen=True, slots=True)
class Context:
    """The conversation up to now.

    Attributes:
        head: The conversation's attributes (id, channel, queue, language …). Its ``turns`` are empty, and so are its
            ``facts`` and ``ended_at``: they are known only afterwards.
        turns: The turns so far, in order, texts as the sender wrote them.
        texts: The same turns' texts with personal data masked, same length, so offsets fit both. Scorers read these.
        signals: Per component name, one value a turn: what the component observed when that turn was the newest.
            ``signals["encoder"][i]`` is turn i's vector, or ``None`` for a turn without text.
        scores: Per component name, its score over the turns so far, of the components that run before.
    """

    head: Conversation
    turns: tuple[Turn, ...] = ()
    texts: tuple[str, ...] = ()
    signals: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    scores: Mapping[str, Any] = field(default_factory=dict)

    def with_turn(self, turn: Turn, masked_text: str) -> Context:
        """Return the context one turn later; scores of the shorter context no longer hold and are dropped."""
        return replace(self, turns=(*self.turns, turn), texts=(*self.texts, masked_text), scores={})

    def with_signal(self, name: str, value: Any) -> Context:
        """Return the context with what component ``name`` observed in the newest turn."""
        return replace(self, signals={**self.signals, name: (*self.signals.get(name, ()), value)})

    def with_score(self, name: str, value: Any) -> Context:
        """Return the context with the score of component ``name`` over the turns so far."""
        return replace(self, scores={**self.scores, name: value})
