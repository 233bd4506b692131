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
from training.data.privacy import read_privacy
from training.data.sentiment import read_every_line
from training.data.stc3 import read_dialogues
from training.data.uss import read_uss
from training.data.vectors import VectorStore
from training.evaluate import compliance, privacy, sentiment, stc3, uss

DEFAULT_PLAYBOOK = "ecommerce-zh"


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
    with opened_vectors(artifact, cache, encoder) as vectors:
        return stc3.evaluate_stc3(read_dialogues(path), *_heads(artifact), vectors)


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
    playbook: str = DEFAULT_PLAYBOOK,
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


TASKS: Mapping[str, Callable[..., dict[str, Any]]] = {
    "stc3": evaluate_stc3,
    "uss": evaluate_uss,
    "sentiment": evaluate_sentiment,
    "compliance": evaluate_compliance,
    "privacy": evaluate_privacy,
}


def _heads(artifact: Artifact) -> tuple[CsatScorer, SentimentScorer]:
    return CsatScorer.from_artifact(artifact), SentimentScorer.from_artifact(artifact)
