"""What the service needs of a scoring engine, whichever it is."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import astuple
from typing import Any, Protocol

from models.domain.coaching import Coaching
from models.domain.conversation import Conversation
from models.domain.playbook import Playbook
from models.domain.rubric import Rubric
from models.domain.scores import ScoreBundle, Versions
from models.root_cause.head import Vector
from service.scoring.provenance import Provenance


class Engine(Protocol):
    """Scores conversations. One per process, opened once, passed on, closed at the end."""

    def warm_up(self) -> None:
        """Load what is needed, so that the first conversation does not wait."""
        ...

    def score(
        self, conversations: Sequence[Conversation], playbook: Playbook | None = None, rubric: Rubric | None = None
    ) -> list[ScoreBundle]:
        """Return one bundle per conversation, in order; by ``playbook`` and ``rubric``, else by the settings' own."""
        ...

    def compare(
        self, conversations: Sequence[Conversation], before: Playbook, after: Playbook
    ) -> list[tuple[ScoreBundle, ScoreBundle]]:
        """Return each conversation's score by two playbooks; what both share may be computed once."""
        ...

    def versions_for(
        self, conversation: Conversation, playbook: Playbook | None = None, rubric: Rubric | None = None
    ) -> Versions:
        """Return the versions a score of this conversation would carry, without scoring it."""
        ...

    def provenance(self, playbook: Playbook | None = None, rubric: Rubric | None = None) -> Provenance:
        """Return the hashes of all that a score is made with."""
        ...

    def coach(self, conversation: Conversation, playbook: Playbook | None = None) -> tuple[Coaching, ...]:
        """Return for every check that fails how it would not have failed."""
        ...

    def to_json(self, bundle: ScoreBundle) -> dict[str, Any]:
        """Return a bundle as the JSON values that ``attune score`` writes."""
        ...

    def encode(self, texts: Sequence[str]) -> tuple[str, Sequence[Vector]] | None:
        """Return the encoder's fingerprint and a vector a text, ``None`` where there is no encoder."""
        ...

    def close(self) -> None:
        """Give back threads and memory."""
        ...


def versions_hash(versions: Versions, made_with: Provenance) -> str:
    """Return the SHA-256 of all five versions: equal for equal scores, and in one column.

    A label such as ``shop@1+1a2b3c4d`` is that of a playbook or rubric which is not packaged. Two files that call
    themselves the same can share its eight digits, so there the whole hash counts, too.
    """
    own = ((versions.playbook, made_with.playbook), (versions.rubric, made_with.rubric))
    whole = (part.hash for label, part in own if "+" in label)
    return hashlib.sha256("\n".join((*astuple(versions), *whole)).encode()).hexdigest()
