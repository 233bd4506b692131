"""What a pipeline is made of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PipelineConfig:
    """Names the parts; none is loaded here.

    Attributes:
        artifact: Directory of a model artifact, or the name of one that ships with Attune: ``default`` (which ``None``
            means too) or ``fast``, see ``models.artifacts.artifact_directory``.
        playbook: Packaged id (``ecommerce-zh``, ``ecommerce-zh@1``) or a YAML file.
        rubric: Packaged id (``default``) or a YAML file.
        encoder: Replaces the artifact's encoder, see ``models.encode.load_encoder``; ``None`` keeps it.
        threads: Threads for encoding; ``None`` takes the free cores. Never changes a score.
        cache: How many vectors are kept in memory for texts that come again.
    """

    artifact: str | Path | None = None
    playbook: str = "ecommerce-zh"
    rubric: str = "default"
    encoder: str | None = None
    threads: int | None = None
    cache: int = 50_000
