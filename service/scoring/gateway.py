"""The one door to ``models.pipeline``: opens the engine that the settings name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.domain.coaching import Coaching
from models.domain.conversation import Conversation
from models.domain.scores import ScoreBundle, Versions
from models.pipeline import Pipeline, PipelineConfig, bundle_to_json, coach, load_pipeline
from service.core.settings import ScoringSettings
from service.scoring.engine import Engine
from service.scoring.fake import FakeEngine


def open_engine(settings: ScoringSettings) -> Engine:
    """Return the engine of the settings; it loads its model when first used, or in ``warm_up``.

    The caller keeps it for the life of the process and closes it.
    """
    if settings.engine == "fake":
        return FakeEngine(settings.playbook, settings.rubric)
    return PipelineEngine(settings)


class PipelineEngine:
    """The real engine."""

    def __init__(self, settings: ScoringSettings) -> None:
        """Remember the settings; nothing is loaded yet."""
        self._settings = settings
        self._pipeline: Pipeline | None = None

    def warm_up(self) -> None:
        """Load the weights."""
        self._loaded()

    def score(self, conversations: Sequence[Conversation]) -> list[ScoreBundle]:
        """Return one bundle per conversation, in order."""
        return self._loaded().score(conversations)

    def versions_for(self, conversation: Conversation) -> Versions:
        """Return the versions a score of this conversation would carry."""
        return self._loaded().versions_for(conversation)

    def coach(self, conversation: Conversation) -> tuple[Coaching, ...]:
        """Return for every check that fails how it would not have failed."""
        return coach(self._loaded(), conversation)

    def to_json(self, bundle: ScoreBundle) -> dict[str, Any]:
        """Return a bundle as the JSON values that ``attune score`` writes."""
        return bundle_to_json(bundle)

    def close(self) -> None:
        """Give back threads and memory; the engine loads again when used again."""
        if self._pipeline is not None:
            self._pipeline.close()
            self._pipeline = None

    def _loaded(self) -> Pipeline:
        if self._pipeline is None:
            self._pipeline = load_pipeline(
                PipelineConfig(
                    artifact=self._settings.artifact,
                    playbook=self._settings.playbook,
                    rubric=self._settings.rubric,
                    encoder=self._settings.encoder,
                    threads=self._settings.threads,
                )
            )
        return self._pipeline
