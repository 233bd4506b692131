"""The one door to ``models.pipeline``: opens the engine that the settings name."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from models.domain.coaching import Coaching
from models.domain.conversation import Conversation
from models.domain.playbook import Playbook
from models.domain.rubric import Rubric
from models.domain.scores import ComplianceScore, ScoreBundle, Versions
from models.pipeline import Pipeline, PipelineConfig, bundle_to_json, coach, load_pipeline
from models.qa import load_rubric
from models.root_cause.head import Vector
from service.core.settings import ScoringSettings
from service.scoring.engine import Engine
from service.scoring.fake import FakeEngine
from service.scoring.provenance import Part, Provenance, artifact_parts, code_part, part_of

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
        self._others: OrderedDict[tuple[str, str], Pipeline] = OrderedDict()
        self._parts: tuple[Part, str] | None = None

    def warm_up(self) -> None:
        """Load the weights."""
        self._loaded()

    def score(
        self, conversations: Sequence[Conversation], playbook: Playbook | None = None, rubric: Rubric | None = None
    ) -> list[ScoreBundle]:
        """Return one bundle per conversation, in order.

        Raises:
            InvalidRubricError: The rubric (that of the settings without one) names a check that ``playbook`` lacks.
        """
        return self._for(playbook, rubric).score(conversations)

    def compare(
        self, conversations: Sequence[Conversation], before: Playbook, after: Playbook
    ) -> list[tuple[ScoreBundle, ScoreBundle]]:
        """Return each conversation's score by two playbooks; everything that both share is computed once."""
        return self._for(before).compare(self._for(after), conversations)

    def versions_for(
        self, conversation: Conversation, playbook: Playbook | None = None, rubric: Rubric | None = None
    ) -> Versions:
        """Return the versions a score of this conversation would carry.

        Raises:
            InvalidRubricError: The rubric names a check that the playbook lacks.
        """
        return self._for(playbook, rubric).versions_for(conversation)

    def provenance(self, playbook: Playbook | None = None, rubric: Rubric | None = None) -> Provenance:
        """Return the hashes of all that a score is made with."""
        pipeline = self._for(playbook, rubric)
        artifact, thresholds = self._artifact()
        return Provenance(
            playbook=part_of(pipeline.playbook),
            rubric=part_of(pipeline.rubric),
            artifact=artifact,
            encoder=pipeline.encoder.fingerprint,
            thresholds=thresholds,
            code=code_part(),
        )

    def coach(self, conversation: Conversation, playbook: Playbook | None = None) -> tuple[Coaching, ...]:
        """Return for every check that fails how it would not have failed."""
        return coach(self._for(playbook), conversation)

    def to_json(self, bundle: ScoreBundle) -> dict[str, Any]:
        """Return a bundle as the JSON values that ``attune score`` writes."""
        return bundle_to_json(bundle)

    def encode(self, texts: Sequence[str]) -> tuple[str, Sequence[Vector]] | None:
        """Return the encoder's fingerprint and a vector a text; those of a conversation just scored are in memory."""
        encoder = self._loaded().encoder
        return encoder.fingerprint, list(encoder.encode(list(texts)))

    def close(self) -> None:
        """Give back threads and memory; the engine loads again when used again."""
        if self._pipeline is not None:
            self._others.clear()
            self._pipeline.close()
            self._pipeline = self._parts = None

    def _for(self, playbook: Playbook | None, rubric: Rubric | None = None) -> Pipeline:
        """Return the pipeline for a playbook and a rubric; those used last are kept.

        A playbook takes time to compile: pipelines of one share what was compiled.
        """
        if playbook is None and rubric is None:
            return self._loaded()
        base = self._loaded()
        playbook, rubric = playbook or base.playbook, rubric or base.rubric
        key = playbook.hash, rubric.hash
        if key not in self._others:
            same = (one for one in self._others.values() if one.playbook.hash == playbook.hash)
            self._others[key] = next(same, base).with_playbook(playbook, rubric)
        self._others.move_to_end(key)
        while len(self._others) > _MOST_PLAYBOOKS:
            self._others.popitem(last=False)
        return self._others[key]

    def _artifact(self) -> tuple[Part, str]:
        if self._parts is None:
            self._parts = artifact_parts(self._settings.artifact)
        return self._parts

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
