"""Scoring on demand: the only place where a process that is no worker opens an engine, and only when asked."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Any

from models.domain.coaching import Coaching
from models.domain.conversation import Conversation
from models.domain.playbook import Playbook
from models.domain.rubric import Rubric
from models.root_cause.head import Vector
from service.core.settings import ScoringSettings
from service.scoring.engine import Engine
from service.scoring.provenance import Provenance


class EngineOnDemand:
    """Opens the engine of the settings when first asked, which takes seconds; one question at a time."""

    def __init__(self, settings: ScoringSettings) -> None:
        """Remember the settings; nothing is loaded yet."""
        self.settings = settings
        self._lock = Lock()
        self._engine: Engine | None = None

    def coach(self, conversation: Conversation, playbook: Playbook | None = None) -> tuple[Coaching, ...]:
        """Return for every check that fails by ``playbook`` or what is active, how it would not have."""
        with self._lock:
            return self._opened().coach(conversation, playbook)

    def provenance(self) -> Provenance:
        """Return what scores are made with by the settings alone."""
        with self._lock:
            return self._opened().provenance()

    def score(
        self, conversation: Conversation, playbook: Playbook | None = None, rubric: Rubric | None = None
    ) -> dict[str, Any]:
        """Return the score bundle of one conversation, as JSON values; by the settings' own where none is given.

        Raises:
            InvalidRubricError: The rubric names a check that the playbook lacks.
        """
        with self._lock:
            engine = self._opened()
            [bundle] = engine.score([conversation], playbook, rubric)
            return engine.to_json(bundle)

    def encode(self, texts: Sequence[str]) -> tuple[str, Sequence[Vector]] | None:
        """Return the encoder's fingerprint and a vector a text, ``None`` where there is no encoder."""
        with self._lock:
            return self._opened().encode(texts)

    def close(self) -> None:
        """Give back threads and memory."""
        with self._lock:
            if self._engine is not None:
                self._engine.close()
                self._engine = None

    def _opened(self) -> Engine:
        if self._engine is None:
            from service.scoring.gateway import open_engine  # models.pipeline takes a second to import

            self._engine = open_engine(self.settings)
        return self._engine
