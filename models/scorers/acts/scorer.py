"""The acts component: per message of a person, how probable each act is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models.artifacts import Artifact
from models.domain.acts import BREACHES, acts_of
from models.domain.context import Context
from models.scorers.acts.before import REACH, other_side_before
from models.scorers.acts.head import ActsHead
from models.text.grader import without_orders

_DECIMALS = 6
SURE = 0.8  # a sentence out of its place is easily misread, and a false accusation costs somebody


class ActsScorer:
    """Reads each message of an agent or a customer after what the other side said before it.

    A breach that one sentence of a message commits is as probable as in that sentence alone: what is said around it
    takes nothing back. Its signal is a mapping from act to probability (those of the speaker's side only), or ``None``
    for a message without text and for bots and notices.
    """

    name = "acts"
    requires = frozenset({"encoder"})
    provides = frozenset({"signal"})

    def __init__(self, head: ActsHead, version: str) -> None:
        """Keep the trained head; ``version`` identifies it."""
        self.version = version
        self._head = head

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> ActsScorer | None:
        """Load the component from a verified artifact; ``None`` where the artifact was fitted without acts."""
        if cls.name not in artifact.manifest.components:
            return None
        version = artifact.component_version(cls.name)
        return cls.from_files(artifact.directory(cls.name), artifact.config(cls.name), version)

    @classmethod
    def from_files(cls, directory: Path, config: Mapping[str, Any], version: str) -> ActsScorer:
        """Load the component from its weights' directory and its configuration, before they are published."""
        return cls(ActsHead.load(directory, float(config["lexical_share"])), version)

    def observe(self, context: Context) -> dict[str, float] | None:
        """Return what the newest message does."""
        turn, text, vector = context.turns[-1], context.texts[-1], context.signals["encoder"][-1]
        if not acts_of(turn.role) or vector is None or not text.strip():
            return None
        latest = slice(-REACH - 1, -1)
        said = [
            (turn.role, vector)
            for turn, vector in zip(context.turns[latest], context.signals["encoder"][latest], strict=True)
        ]
        before = other_side_before(turn.role, said)
        found = self._head.probabilities(without_orders(text), turn.role, vector, before)
        for sentence, own in context.signals.get("sentences", ((),))[-1]:
            alone = self._head.probabilities(sentence, turn.role, own, before)
            found |= {act: alone[act] for act in BREACHES if alone[act] > max(found[act], SURE)}
        return {act: round(p, _DECIMALS) for act, p in found.items()}

    def score(self, context: Context) -> None:
        """Score nothing: playbooks ask for single messages' acts."""
