"""The engine: encoder, scorers, playbook and rubric loaded once, then any number of conversations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from threadpoolctl import threadpool_limits

from models import __version__
from models.artifacts import load_artifact
from models.domain.context import Context
from models.domain.conversation import Conversation, Turn
from models.domain.playbook import Playbook
from models.domain.rubric import Rubric
from models.domain.scores import ComplianceScore, ScoreBundle, Versions
from models.domain.timing import measure_timing
from models.encode.base import Encoder
from models.encode.load import load_encoder
from models.errors import ArtifactError
from models.interchange import content_hash
from models.pipeline.build import needed_for, order_components
from models.pipeline.config import PipelineConfig
from models.pipeline.run import (
    Vector,
    encodable,
    mask_turn,
    observe_again,
    open_context,
    score_context,
    take_turn,
)
from models.pipeline.stream import Session
from models.qa import evaluate_rubric, list_rubrics, load_rubric, require_checks, traits_of
from models.qa.figures import Measured
from models.scorers.acts import ActsScorer
from models.scorers.base import Component
from models.scorers.compliance import ComplianceScorer, list_playbooks, load_playbook
from models.scorers.csat import CsatOutcome, CsatScorer
from models.scorers.csat.explain import explain_csat
from models.scorers.sentiment import SentimentScorer
from models.text.sentences import spoken_sentences


class Pipeline:
    """Scores conversations; holds threads and memory, and numpy to one thread, until ``close``."""

    def __init__(
        self,
        encoder: Encoder,
        components: Sequence[Component],
        playbook: Playbook,
        rubric: Rubric,
        model: str,
    ) -> None:
        """Order the components and warm the encoder up.

        Args:
            encoder: Makes the vectors.
            components: The scorers, among them ``sentiment``, ``csat`` and ``compliance``.
            playbook: The one the compliance scorer was made with.
            rubric: Makes the auto-QA score.
            model: Identifies encoder and weights; goes into every score.

        Raises:
            PipelineError: The components do not fit together.
            InvalidRubricError: The rubric names a check that the playbook does not have.
        """
        self.encoder = encoder
        self.playbook = playbook
        self.rubric = rubric
        self.model = model
        self._playbook_label = _label(playbook, list_playbooks())
        self._rubric_label = _label(rubric, list_rubrics())
        require_checks(rubric, playbook)
        self._components = order_components(components)
        self._reads_sentences = any(component.name == ActsScorer.name for component in components)
        self._judging = needed_for(ComplianceScorer.name, self._components)
        self._csat = next(component for component in components if isinstance(component, CsatScorer))
        self._check_weights = {check.id: check.weight for check in playbook.checks}
        # The heads' products are small: numpy's own threads cost more than they bring, tenfold on a busy machine.
        self._single_threaded = threadpool_limits(limits=1, user_api="blas")
        self.encoder.encode(["你好"])

    def score(self, conversations: Sequence[Conversation], *, explain: bool = True) -> list[ScoreBundle]:
        """Return one bundle per conversation, in order.

        Args:
            conversations: Some hundreds, as all texts are encoded in one go.
            explain: Whether to name the turns that carried satisfaction and resolution, which takes some more
                milliseconds a conversation; nothing else depends on it.
        """
        contexts = self._take_all(conversations)
        return [
            self._finish(conversation, context, explain)
            for conversation, context in zip(conversations, contexts, strict=True)
        ]

    def with_playbook(self, playbook: Playbook, rubric: Rubric | None = None) -> Pipeline:
        """Return a pipeline that judges by another playbook or rubric; encoder, heads and threads are shared with it.

        It need not be closed, and must not be used once this one is.

        Raises:
            InvalidRubricError: The rubric (this pipeline's own by default) names a check that the playbook lacks.
        """
        if playbook.hash == self.playbook.hash:
            return Pipeline(self.encoder, self._components, self.playbook, rubric or self.rubric, self.model)
        shared = [component for component in self._components if component.name != ComplianceScorer.name]
        acts = any(component.name == ActsScorer.name for component in shared)
        judge = ComplianceScorer(playbook, acts=acts, encoder=self.encoder)
        return Pipeline(self.encoder, [*shared, judge], playbook, rubric or self.rubric, self.model)

    def compare(self, other: Pipeline, conversations: Sequence[Conversation]) -> list[tuple[ScoreBundle, ScoreBundle]]:
        """Return each conversation's score by this pipeline and by ``other``, one of ``with_playbook``.

        Everything but compliance and QA is computed once for both. Nothing is explained.
        """
        judge = next(component for component in other._components if component.name == ComplianceScorer.name)
        pairs = []
        for conversation, context in zip(conversations, self._take_all(conversations), strict=True):
            scored = score_context(context, self._components)
            again = replace(observe_again(context, judge), scores=dict(scored.scores))
            again = again.with_score(judge.name, judge.score(again))
            pairs.append(
                (self._bundle(conversation, scored, scored.scores), other._bundle(conversation, again, again.scores))
            )
        return pairs

    def stream(self, conversation: Conversation) -> Session:
        """Open a running conversation; its attributes are read, its turns are not."""
        return Session(conversation, self._take_and_encode, self._finish)

    def follow(self, context: Context, turns: Sequence[Turn]) -> Context:
        """Return the context after ``turns``, with only what compliance rests on observed; for :meth:`judge`."""
        for turn in turns:
            context = self._take_and_encode(context, turn, self._judging)
        return context

    def judge(self, context: Context) -> ComplianceScore:
        """Return the compliance alone, over the turns that :meth:`follow` took in: what ``score`` would say of them."""
        score: ComplianceScore = score_context(context, self._judging).scores[ComplianceScorer.name]
        return score

    def versions_for(self, conversation: Conversation) -> Versions:
        """Return what a score of this conversation is made of."""
        return Versions(
            input=content_hash(conversation),
            playbook=self._playbook_label,
            rubric=self._rubric_label,
            model=self.model,
            code=__version__,
        )

    def close(self) -> None:
        """Give back threads and memory."""
        self._single_threaded.restore_original_limits()
        self.encoder.close()

    def _take_all(self, conversations: Sequence[Conversation]) -> Iterator[Context]:
        masked = [[mask_turn(turn) for turn in conversation.turns] for conversation in conversations]
        spoken = [
            [self._said(turn, text) for turn, text in zip(conversation.turns, texts, strict=True)]
            for conversation, texts in zip(conversations, masked, strict=True)
        ]
        wanted = {said: None for turns in spoken for several in turns for said in several}
        vectors = dict(zip(wanted, self.encoder.encode(list(wanted)), strict=True))
        for conversation, texts, turns in zip(conversations, masked, spoken, strict=True):
            context = open_context(conversation)
            for turn, text, said in zip(conversation.turns, texts, turns, strict=True):
                context = self._take(context, turn, text, said, [vectors[one] for one in said], self._components)
            yield context

    def _take_and_encode(self, context: Context, turn: Turn, components: Sequence[Component] | None = None) -> Context:
        text = mask_turn(turn)
        said = self._said(turn, text)
        vectors = list(self.encoder.encode(said)) if said else []
        return self._take(context, turn, text, said, vectors, self._components if components is None else components)

    def _said(self, turn: Turn, text: str) -> list[str]:
        """Return what of a turn is encoded: the whole, then its sentences where a head reads them; maybe nothing."""
        heard = encodable(turn, text)
        return [heard, *(spoken_sentences(turn.role, heard) if self._reads_sentences else ())] if heard else []

    @staticmethod
    def _take(
        context: Context,
        turn: Turn,
        text: str,
        said: Sequence[str],
        vectors: Sequence[Vector],
        components: Sequence[Component],
    ) -> Context:
        sentences = list(zip(said[1:], vectors[1:], strict=True))
        return take_turn(context, turn, text, vectors[0] if vectors else None, components, sentences)

    def _finish(self, conversation: Conversation, context: Context, explain: bool) -> ScoreBundle:
        scores = dict(score_context(context, self._components).scores)
        if explain:
            scores[CsatScorer.name] = explain_csat(context, scores[CsatScorer.name], self._csat.score_many)
        return self._bundle(conversation, context, scores)

    def _bundle(self, conversation: Conversation, context: Context, scores: Mapping[str, Any]) -> ScoreBundle:
        outcome: CsatOutcome = scores[CsatScorer.name]
        measured = Measured(
            sentiment=scores["sentiment"],
            csat=outcome.csat,
            resolution=outcome.resolution,
            compliance=scores["compliance"],
            timing=measure_timing(conversation.turns),
        )
        return ScoreBundle(
            id=conversation.id,
            versions=self.versions_for(conversation),
            sentiment=measured.sentiment,
            csat=measured.csat,
            resolution=measured.resolution,
            compliance=measured.compliance,
            qa=evaluate_rubric(self.rubric, measured, self._check_weights, head=traits_of(conversation, context.texts)),
            timing=measured.timing,
        )


def load_pipeline(config: PipelineConfig) -> Pipeline:
    """Load everything the configuration names.

    Raises:
        AttuneError: A part is unknown, missing or broken; the error says which and where.
    """
    playbook = load_playbook(config.playbook)
    rubric = load_rubric(config.rubric)
    artifact = load_artifact(config.artifact)
    model = artifact.id
    encoder = load_encoder(config.encoder or artifact.path / "encoder", threads=config.threads, cache=config.cache)
    if encoder.fingerprint != artifact.manifest.encoder:
        if config.encoder is None:
            raise ArtifactError(
                f"The heads of {artifact.id} were trained on another encoder than the one beside them.",
                f"模型包 {artifact.id} 的打分头与其编码器不匹配。",
                hint="Fit them again: `python -m training fit` / 请重新训练",
                location=str(artifact.path / "encoder"),
            )
        model += f"/encoder+{encoder.fingerprint[:8]}"
    acts = ActsScorer.from_artifact(artifact)
    components: list[Component] = [
        *([acts] if acts else []),
        SentimentScorer.from_artifact(artifact),
        CsatScorer.from_artifact(artifact),
        ComplianceScorer(playbook, acts=acts is not None, encoder=encoder),
    ]
    return Pipeline(encoder, components, playbook, rubric, model)


def _label(policy: Playbook | Rubric, packaged: Sequence[Playbook | Rubric]) -> str:
    """Return ``id@version``; a user's own file adds eight digits of its hash: nobody else guards its version."""
    label = f"{policy.id}@{policy.version}"
    known = policy.hash in {other.hash for other in packaged}
    return label if known else f"{label}+{policy.hash.removeprefix('sha256:')[:8]}"
