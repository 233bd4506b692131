"""The one door to ``models.pipeline``: opens the engine that the settings name."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from models.domain.coaching import Coaching
from models.domain.conversation import Conversation
from models.domain.playbook import Playbook
from models.domain.scores import ComplianceScore, ScoreBundle, Versions
from models.pipeline import Pipeline, PipelineConfig, bundle_to_json, coach, load_pipeline
from models.qa import load_rubric
from service.core.settings import ScoringSettings
from service.scoring.engine import Engine
from service.scoring.fake import FakeEngine

_MOST_PLAYBOOKS = 32

Comparison = Callable[[Sequence[Conversation]], list[tuple[ScoreBundle, ScoreBundle]]]


def open_engine(settings: ScoringSettings) -> Engine:
    """Return the engine of the settings; it loads its model when first used, or in ``warm_up``.

    The caller keeps it for the life of the process and closes it.
    """
    if settings.engine == "fake":
        return FakeEngine(settings.playbook, settings.rubric)
    return PipelineEngine(settings)


class Bench:
    """The real pipeline for playbooks that are only tried: loaded once, whichever of them judges."""

    def __init__(self, settings: ScoringSettings) -> None:
        """Load encoder and heads.

        Raises:
            AttuneError: A part of the settings is unknown, missing or broken.
        """
        self._rubric = load_rubric(settings.rubric)
        # Some playbook has to be there; the packaged ones go with the packaged rubric.
        self._pipeline = load_pipeline(
            PipelineConfig(artifact=settings.artifact, encoder=settings.encoder, threads=settings.threads)
        )

    def judge(self, playbook: Playbook) -> Callable[[Sequence[Conversation]], list[ComplianceScore]]:
        """Return what judges conversations by a playbook."""
        pipeline = self._pipeline.with_playbook(playbook)

        def judge(conversations: Sequence[Conversation]) -> list[ComplianceScore]:
            return [bundle.compliance for bundle in pipeline.score(conversations, explain=False)]

        return judge

    def comparison(self, before: Playbook, after: Playbook) -> Comparison:
        """Return what scores conversations by two playbooks at once; everything that both share is computed once.

        Raises:
            InvalidRubricError: The rubric of the settings names a check that one of them lacks.
        """
        old = self._pipeline.with_playbook(before, self._rubric)
        new = self._pipeline.with_playbook(after, self._rubric)
        return lambda conversations: old.compare(new, conversations)

    def close(self) -> None:
        """Give back threads and memory."""
        self._pipeline.close()


class PipelineEngine:
    """The real engine."""

    def __init__(self, settings: ScoringSettings) -> None:
        """Remember the settings; nothing is loaded yet."""
        self._settings = settings
        self._pipeline: Pipeline | None = None
        self._others: OrderedDict[str, Pipeline] = OrderedDict()

    def warm_up(self) -> None:
        """Load the weights."""
        self._loaded()

    def score(self, conversations: Sequence[Conversation], playbook: Playbook | None = None) -> list[ScoreBundle]:
        """Return one bundle per conversation, in order.

        Raises:
            InvalidRubricError: The rubric of the settings names a check that ``playbook`` lacks.
        """
        return self._for(playbook).score(conversations)

    def versions_for(self, conversation: Conversation, playbook: Playbook | None = None) -> Versions:
        """Return the versions a score of this conversation would carry."""
        return self._for(playbook).versions_for(conversation)

    def coach(self, conversation: Conversation, playbook: Playbook | None = None) -> tuple[Coaching, ...]:
        """Return for every check that fails how it would not have failed."""
        return coach(self._for(playbook), conversation)

    def to_json(self, bundle: ScoreBundle) -> dict[str, Any]:
        """Return a bundle as the JSON values that ``attune score`` writes."""
        return bundle_to_json(bundle)

    def close(self) -> None:
        """Give back threads and memory; the engine loads again when used again."""
        if self._pipeline is not None:
            self._others.clear()
            self._pipeline.close()
            self._pipeline = None

    def _for(self, playbook: Playbook | None) -> Pipeline:
        """Return the pipeline for a playbook; those used last are kept, for a playbook takes time to compile."""
        if playbook is None:
            return self._loaded()
        if playbook.hash not in self._others:
            self._others[playbook.hash] = self._loaded().with_playbook(playbook)
        self._others.move_to_end(playbook.hash)
        while len(self._others) > _MOST_PLAYBOOKS:
            self._others.popitem(last=False)
        return self._others[playbook.hash]

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
