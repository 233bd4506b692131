"""Coaching on demand: the only place where a process that is no worker opens an engine, and only when asked."""

from __future__ import annotations

from threading import Lock

from models.domain.coaching import Coaching
from models.domain.conversation import Conversation
from models.domain.playbook import Playbook
from service.core.settings import ScoringSettings
from service.scoring.engine import Engine


class Coach:
    """Opens the engine of the settings when first asked, which takes seconds; one question at a time."""

    def __init__(self, settings: ScoringSettings) -> None:
        """Remember the settings; nothing is loaded yet."""
        self._settings = settings
        self._lock = Lock()
        self._engine: Engine | None = None

    def coach(self, conversation: Conversation, playbook: Playbook | None = None) -> tuple[Coaching, ...]:
        """Return for every check that fails by ``playbook`` or what is active, how it would not have."""
        with self._lock:
            if self._engine is None:
                from service.scoring.gateway import open_engine  # models.pipeline takes a second to import

                self._engine = open_engine(self._settings)
            return self._engine.coach(conversation, playbook)

    def close(self) -> None:
        """Give back threads and memory."""
        with self._lock:
            if self._engine is not None:
                self._engine.close()
                self._engine = None
