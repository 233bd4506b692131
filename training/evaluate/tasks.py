"""``python -m training evaluate TASK``: a file of the task's format and an artifact in, one report out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from models.artifacts import Artifact
from models.encode.load import load_encoder
from models.errors import ArtifactError
from models.scorers.acts import ActsScorer
from models.scorers.compliance import ComplianceScorer, load_playbook
from models.scorers.csat import CsatScorer
from models.scorers.sentiment import SentimentScorer
from training.data.labels import read_labels
from training.data.privacy import read_privacy
from training.data.rated import surveys as ratings_of
from training.data.sentiment import read_every_line
from training.data.stc3 import read_dialogues
from training.data.uss import read_uss
from training.data.vectors import VectorStore
from training.evaluate import compliance, direction, privacy, sentiment, stc3, surveys, uss


@contextmanager
def opened_vectors(artifact: Artifact, cache: Path | None, encoder: str | None = None) -> Iterator[VectorStore]:
    """Open the artifact's encoder with its store of vectors.

    Args:
        artifact: Its heads must have been trained on the encoder.
        cache: Where encoded texts are kept between runs; ``None`` keeps them for this one only.
        encoder: Another place of the same encoder, see ``models.encode.load``; default the artifact's own.

    Raises:
        ArtifactError: The artifact was trained with another encoder.
    """
    opened = load_encoder(encoder or artifact.path / "encoder", cache=0)
    try:
        if opened.fingerprint != artifact.manifest.encoder:
            raise ArtifactError(
                f"the artifact {artifact.id} was trained with another encoder than {opened.name}",
                f"模型包 {artifact.id} 不是用编码器 {opened.name} 训练的",
                hint="Fit again with this encoder, or name the one it was trained with.",
            )
        with TemporaryDirectory() as scratch:
            yield VectorStore(opened, cache or Path(scratch))
    finally:
        opened.close()


def evaluate_stc3(path: Path, artifact: Artifact, cache: Path | None, encoder: str | None = None) -> dict[str, Any]:
    """Measure satisfaction and resolution on a file of annotated STC-3 dialogues."""
    dialogues = read_dialogues(path)
    if not dialogues:
        raise ValueError(f"{path}: no dialogues")
    with opened_vectors(artifact, cache, encoder) as vectors:
        return stc3.evaluate_stc3(dialogues, *_heads(artifact), vectors)


def evaluate_uss(path: Path, artifact: Artifact, cache: Path | None, encoder: str | None = None) -> dict[str, Any]:
    """Measure satisfaction on a file of USS dialogues."""
    with opened_vectors(artifact, cache, encoder) as vectors:
        return uss.evaluate_uss(read_uss(path), *_heads(artifact), vectors)


def evaluate_sentiment(
    path: Path, artifact: Artifact, cache: Path | None, encoder: str | None = None
) -> dict[str, Any]:
    """Measure the sentiment of single lines on a file of labelled lines."""
    lines = read_every_line(path, path.name)
    if not lines:
        raise ValueError(f"{path}: no labelled lines")
    with opened_vectors(artifact, cache, encoder) as vectors:
        return sentiment.evaluate_sentiment(lines, SentimentScorer.from_artifact(artifact), vectors)


def evaluate_compliance(
    path: Path,
    artifact: Artifact,
    cache: Path | None,
    encoder: str | None = None,
    playbook: str = compliance.DEFAULT_PLAYBOOK,
) -> dict[str, Any]:
    """Measure the verdicts of a playbook on a file of conversations with people's verdicts."""
    judged = compliance.read_verdicts(path)
    acts = ActsScorer.from_artifact(artifact)
    scorer = ComplianceScorer(load_playbook(playbook), acts=acts is not None)
    with opened_vectors(artifact, cache, encoder) as vectors:
        return compliance.evaluate_compliance(judged, scorer, SentimentScorer.from_artifact(artifact), vectors, acts)


def evaluate_privacy(path: Path, artifact: Artifact, cache: Path | None, encoder: str | None = None) -> dict[str, Any]:  # noqa: ARG001
    """Measure the privacy detectors on a file of labelled lines; they are rules, no part of the artifact."""
    return privacy.evaluate_privacy(read_privacy(path))


def evaluate_direction(
    path: Path, artifact: Artifact, cache: Path | None, encoder: str | None = None
) -> dict[str, Any]:
    """Measure the direction of sentiment on a file of conversations whose customer turns carry labels."""
    with opened_vectors(artifact, cache, encoder) as vectors:
        return direction.evaluate_direction(read_labels(path), SentimentScorer.from_artifact(artifact), vectors)


def evaluate_surveys(path: Path, artifact: Artifact, cache: Path | None, encoder: str | None = None) -> dict[str, Any]:
    """Measure satisfaction and resolution on a file of conversations with ``facts.csat`` or ``facts.resolved``."""
    rated = ratings_of(read_labels(path), path.name, 1.0)
    if not rated:
        raise ValueError(f"{path}: no conversation has facts.csat or facts.resolved")
    with opened_vectors(artifact, cache, encoder) as vectors:
        return surveys.evaluate_surveys(rated, *_heads(artifact), vectors)


TASKS: Mapping[str, Callable[..., dict[str, Any]]] = {
    "stc3": evaluate_stc3,
    "uss": evaluate_uss,
    "sentiment": evaluate_sentiment,
    "compliance": evaluate_compliance,
    "privacy": evaluate_privacy,
    "direction": evaluate_direction,
    "surveys": evaluate_surveys,
}


def _heads(artifact: Artifact) -> tuple[CsatScorer, SentimentScorer]:
    return CsatScorer.from_artifact(artifact), SentimentScorer.from_artifact(artifact)
